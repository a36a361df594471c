"""What caches in front ask: it is about a whole video."""

from typing import Any, cast
from uuid import uuid4

import pytest

from matinee.common.http.viewer import Grant, PlaybackTokenRefused, Viewer
from matinee.modules.playback.playlists import Playlists


@pytest.mark.parametrize("part", [{"start": 4.0}, {"end": 30.0}, {"max_height": 480}])
async def test_who_may_play_a_part_is_not_let_into_the_cache(part: dict[str, Any]) -> None:
    """It would hand him the rest as well."""
    nothing = cast("Any", None)
    playlists = Playlists(nothing, nothing, nothing)
    video_id = uuid4()
    viewer = Viewer(grant=Grant(video_id=video_id, kinds=frozenset({"video"}), **part))
    with pytest.raises(PlaybackTokenRefused):
        await playlists.permission(viewer, video_id)
