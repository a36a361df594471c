"""Which track a transcript is made of, and what playlists say of a machine's."""

from typing import Literal
from uuid import uuid4

import pytest
from tests.unit.media.plans import plan, sound

from matinee.media.captions.listing import ListedTrack, choose_track
from matinee.media.hls import master_playlist


def listed(
    language: str,
    kind: Literal["subtitles", "captions"] = "subtitles",
    *,
    default: bool = False,
    forced: bool = False,
    machine_made: bool = False,
) -> ListedTrack:
    return ListedTrack(uuid4(), kind, language, "", default=default, forced=forced, machine_made=machine_made)


class TestChoose:
    def test_the_language_itself_before_its_varieties(self) -> None:
        """And those before nothing; another language is not read."""
        general, brazil = listed("pt"), listed("pt-BR")
        assert choose_track([brazil, general], "pt") is general
        assert choose_track([general, brazil], "pt-BR") is brazil
        assert choose_track([brazil], "pt-PT") is brazil
        assert choose_track([brazil], "en") is None

    def test_without_a_language_the_default(self) -> None:
        """Else the first."""
        first, default = listed("en"), listed("de", default=True)
        assert choose_track([first, default], None) is default
        assert choose_track([first, listed("de")], None) is first
        assert choose_track([], None) is None

    def test_what_people_wrote_before_what_a_machine_heard(self) -> None:
        """And a few forced words last of all."""
        machine, human, forced = listed("en", machine_made=True), listed("en"), listed("en", forced=True)
        assert choose_track([machine, forced, human], "en") is human
        assert choose_track([forced, machine], None) is machine


class TestPlaylist:
    @pytest.mark.parametrize("kind", ["subtitles", "captions"])
    def test_a_machines_track_says_so(self, kind: Literal["subtitles", "captions"]) -> None:
        """Beside what else it is; Apple's players show it in their menu."""
        made = plan(60, audio=sound())
        told = master_playlist(made, {}, [listed("en", kind, machine_made=True)])
        (line,) = [row for row in told.splitlines() if "TYPE=SUBTITLES" in row]
        characteristics = line.split('CHARACTERISTICS="')[1].split('"')[0].split(",")
        assert characteristics[-1] == "public.machine-generated"
        assert len(characteristics) == (3 if kind == "captions" else 1)
        assert "public.machine-generated" not in master_playlist(made, {}, [listed("en", kind)])
