"""What downloads are called."""

import pytest
from tests.unit.media.plans import plan, sound

from matinee.media.alternatives import offered
from matinee.modules.downloads.rules import disposition, file_name


class TestFileName:
    @pytest.mark.parametrize(
        ("title", "expected"),
        [
            ("A walk by the sea", "A walk by the sea 360p.mp4"),
            ("../../etc/passwd", "etc passwd 360p.mp4"),
            ('a/b\\c:d*e?f"g<h>i|j', "a b c d e f g h i j 360p.mp4"),
            ("...", "video 360p.mp4"),
            ("ü" * 120, "ü" * 100 + " 360p.mp4"),
        ],
    )
    def test_is_the_title_without_what_systems_refuse(self, title: str, expected: str) -> None:
        """No path, no reserved character, not too long."""
        made = plan(audio=sound())
        lowest = made.video[0].name
        assert file_name(title, made, lowest).replace(f"{made.video[0].height}p", "360p") == expected
        assert file_name(title, made, "audio").endswith(".m4a")


class TestDisposition:
    def test_other_codecs_are_told_apart(self) -> None:
        """The same size in H.264 keeps the plain name."""
        made = offered(plan(size=(426, 240)), ["av1"])
        assert [file_name("Sea", made, rung.name) for rung in made.pictures] == ["Sea 240p.mp4", "Sea 240p AV1.mp4"]

    def test_no_title_ends_the_header(self) -> None:
        """Quotes and letters beyond ASCII are carried by the encoded form."""
        header = disposition('Grüße "x"\u202e.mp4')
        assert header == (
            "attachment; filename=\"Gr__e _x__.mp4\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%22x%22%E2%80%AE.mp4"
        )
        assert header.isascii()
