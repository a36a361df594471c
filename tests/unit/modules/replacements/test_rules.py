"""What is shown in the place of what a video showed before."""

from fractions import Fraction

import msgspec
import pytest
from tests.unit.media.plans import plan, sound

from matinee.media.clips import trim
from matinee.media.model import AudioRendition, Plan, SoundFile, Watermark
from matinee.media.watermark import marked
from matinee.modules.replacements.rules import frames_left, lasting, successor, wanted_watermark

MARK = Watermark("a" * 32, 100, 50, "top", opacity=0.5, scale=0.2, margin=0.0)
BASE = plan(60).recipe


def added(name: str = "audio-x", *, passthrough: bool = False, start: Fraction = Fraction(0)) -> AudioRendition:
    file = SoundFile("mp3", start.as_integer_ratio())
    return msgspec.structs.replace(sound(), name=name, file=file, passthrough=passthrough)


def with_sounds(film: Plan, *sounds: AudioRendition) -> Plan:
    return msgspec.structs.replace(film, sounds=sounds)


def start_of(rendition: AudioRendition) -> Fraction:
    assert rendition.file is not None
    return Fraction(*rendition.file.start_time)


class TestAnotherFile:
    def test_added_sounds_follow_those_of_the_file(self) -> None:
        """As they are, and under their own names; those of the former file are gone."""
        film = with_sounds(plan(60), sound(), msgspec.structs.replace(sound(), name="audio2"), added())
        made = plan(30, audio=sound(44_100))
        new = successor(film, made, 2, derived=False, same_file=False)
        assert new.sounds == (made.sounds[0], added())
        assert new.recipe == f"{BASE}-2"

    def test_one_that_was_the_default_stays_it(self) -> None:
        """It is what plays unless another is chosen; where the new file has no sound, there is no other."""
        film = with_sounds(plan(60), added(), sound(), added("audio-y"))
        new = successor(film, plan(30, audio=sound()), 2, derived=False, same_file=False)
        assert new.sounds == (added(), sound(), added("audio-y"))
        silent = successor(with_sounds(plan(60), sound(), added()), plan(30), 2, derived=False, same_file=False)
        assert silent.audio == added()

    @pytest.mark.parametrize(("seconds", "is_copied"), [(30, True), (60, True), (61, False)])
    def test_what_was_copied_is_encoded_where_it_might_end_too_early(self, seconds: int, is_copied: bool) -> None:
        """Then silence follows it; copied frames cannot be followed by any."""
        film = with_sounds(plan(60), sound(), added(passthrough=True))
        new = successor(film, plan(seconds, audio=sound()), 2, derived=False, same_file=False)
        assert new.sounds[1].passthrough is is_copied


class TestSameFile:
    def test_of_a_part_sounds_begin_with_the_part(self) -> None:
        """Also one that was added while the part was made, and none that was taken away meanwhile."""
        film = with_sounds(plan(60), sound(), added(), added("audio-gone", passthrough=True))
        made = trim(film, range(300, 900))
        now = with_sounds(film, sound(), added(passthrough=True), added("audio-new"))
        new = successor(now, made, 2, derived=True, same_file=True)
        assert [rendition.name for rendition in new.sounds] == ["audio", "audio-x", "audio-new"]
        assert [start_of(rendition) for rendition in new.sounds[1:]] == [10, 10]
        assert not new.sounds[1].passthrough
        assert frames_left(film, made) == range(300, 900)

    def test_whole_again_they_are_where_they_were(self) -> None:
        """Those that were added to the part begin where it began."""
        film = with_sounds(plan(60), sound(), added())
        part = trim(film, range(300, 900))
        part = with_sounds(part, *part.sounds, added("audio-new"))
        new = successor(part, plan(60, audio=sound()), 3, derived=False, same_file=True)
        assert [start_of(rendition) for rendition in new.sounds[1:]] == [0, -10]
        assert not new.trimmed

    def test_with_a_watermark_they_stay_to_the_byte(self) -> None:
        """Nothing of them depends on the picture."""
        film = with_sounds(plan(60), sound(first_sample=-500), added(passthrough=True))
        new = successor(film, marked(film, MARK), 2, derived=True, same_file=True)
        assert new.sounds == film.sounds

    def test_numbers_do_not_pile_up(self) -> None:
        """Each edition has one of its own."""
        film = successor(plan(60), plan(60), 2, derived=True, same_file=True)
        assert successor(film, marked(film, MARK), 3, derived=True, same_file=True).recipe == f"{BASE}-3"

    def test_the_encoder_stays_in_the_name(self) -> None:
        """Cells of two encoders are never mixed."""
        film = msgspec.structs.replace(plan(60), recipe="r3-h264_vaapi")
        second = successor(film, marked(film, MARK), 2, derived=True, same_file=True)
        assert second.recipe == "r3-h264_vaapi-2"
        assert successor(second, marked(second, None), 3, derived=True, same_file=True).recipe == "r3-h264_vaapi-3"


class TestLasting:
    def test_what_a_sound_is_called_does_not_matter(self) -> None:
        """Its cells are the same; those of another loudness are not, nor are those of one that is gone."""
        made = with_sounds(plan(60), sound(), added(), added("audio-gone"))
        now = with_sounds(
            plan(60),
            msgspec.structs.replace(sound(), language="fr", title="Français"),
            msgspec.structs.replace(added(), gain_db=3.0),
        )
        assert lasting(made, now, ["v240", "audio", "audio-x", "audio-gone"]) == ["v240", "audio"]


class TestWanted:
    def test_a_choice_counts_also_that_of_none(self) -> None:
        """Who chose nothing keeps what the server gave."""
        film = marked(plan(60), MARK)
        assert wanted_watermark(None, film) == MARK
        assert wanted_watermark("null", film) is None
        assert wanted_watermark(msgspec.json.encode(MARK).decode(), plan(60)) == MARK
