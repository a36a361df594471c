"""From facts to a plan, without FFmpeg."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest

from matinee.media.aac import audio_init
from matinee.media.faults import MediaFault
from matinee.media.model import AAC_FRAME_SAMPLES, AudioRendition, Rate
from matinee.media.plan import make_plan
from matinee.media.probe import AudioFacts, Probe, VideoFacts
from matinee.media.stored_plans import decode_plan

VIDEO = VideoFacts(
    index=0,
    codec="h264",
    width=1280,
    height=720,
    sample_aspect=Fraction(1),
    rotation=0,
    mirrored=False,
    pixel_format="yuv420p",
    bit_depth=8,
    transfer="",
    matrix="",
    interlaced=False,
    average_rate=Fraction(25),
    nominal_rate=Fraction(25),
    start=Fraction(0),
    end=Fraction(60),
)
# What FFmpeg writes: 60 s, one frame of priming before 0, the last frame not full.
AUDIO = AudioFacts(
    index=1,
    codec="aac",
    profile="LC",
    sample_rate=48_000,
    channels=2,
    layout="stereo",
    bit_rate=128_000,
    frames=2814,
    duration_samples=2_880_000,
    language="eng",
    title="",
    first_packet=Fraction(-1024, 48_000),
    start=Fraction(0),
    end=Fraction(60),
    heard=Fraction(0),
)


def probe_of(video: VideoFacts | None = VIDEO, audio: AudioFacts | None = AUDIO, **changes: object) -> Probe:
    sounds = (audio,) if audio else ()
    probe = Probe(
        container="mov", start=Fraction(0), duration=Fraction(60), video=video, sounds=sounds, seekable=True
    )
    return msgspec.structs.replace(probe, **changes)


def video_with(**changes: object) -> VideoFacts:
    return msgspec.structs.replace(VIDEO, **changes)


def audio_with(**changes: object) -> AudioFacts:
    return msgspec.structs.replace(AUDIO, **changes)


class TestPlan:
    def test_it_survives_storage(self) -> None:
        """A plan read back from JSON is the plan."""
        plan = make_plan(probe_of())
        assert decode_plan(msgspec.json.encode(plan).decode()) == plan

    def test_a_plan_of_version_1_is_read(self) -> None:
        """Its one sound keeps its name, and what its init segment says, so that stored cells stay the right ones."""
        audio = AudioRendition("audio", "mp4a.40.2", 48_000, 2, 128_000, passthrough=False, language="eng")
        plan = make_plan(probe_of())
        old = msgspec.to_builtins(msgspec.structs.replace(plan, version=1))
        del old["sounds"]
        new_fields = ("stream", "title", "coded_language", "surround_of", "gain_db", "file")
        old["audio"] = {name: value for name, value in msgspec.to_builtins(audio).items() if name not in new_fields}
        read = decode_plan(msgspec.json.encode(old).decode())
        assert read.sounds == (msgspec.structs.replace(audio, stream=1, coded_language="eng"),)
        assert audio_init(read.sounds[0]) == audio_init(msgspec.structs.replace(audio, coded_language="eng"))
        assert read.video == plan.video

    def test_a_silent_plan_of_version_1_is_read(self) -> None:
        """It had `audio`, which was null."""
        old = msgspec.to_builtins(msgspec.structs.replace(make_plan(probe_of(audio=None)), version=1))
        del old["sounds"]
        assert decode_plan(msgspec.json.encode({**old, "audio": None}).decode()).sounds == ()

    def test_nothing_to_encode_is_a_fault(self) -> None:
        """No picture and no sound make no plan."""
        with pytest.raises(MediaFault) as fault:
            make_plan(probe_of(None, None))
        assert fault.value.code == "not_a_video"

    def test_chunks_hold_every_cell_once(self) -> None:
        """Chunks follow each other without a gap."""
        plan = make_plan(probe_of())
        cells = [cell for chunk in range(plan.chunks) for cell in plan.chunk_cells(chunk)]
        assert cells == list(range(plan.grid.cells))
        assert all(cell in plan.chunk_cells(plan.chunk_of(cell)) for cell in cells)

    def test_a_source_without_index_is_one_chunk(self) -> None:
        """It is encoded from front to back, and the plan says so."""
        plan = make_plan(probe_of(seekable=False))
        assert plan.chunks == 1
        assert "front to back" in plan.reasons[-1]

    def test_sound_before_the_picture_moves_second_0_by_whole_frames(self) -> None:
        """Source pictures stay on output frames."""
        plan = make_plan(probe_of(audio=audio_with(start=Fraction("-1.01"), first_packet=Fraction("-1.01"))))
        assert plan.source.start == -1
        assert plan.grid.frames == 61 * 25

    def test_priming_does_not_move_second_0(self) -> None:
        """Sound that starts less than a frame early is cut, not waited for."""
        assert make_plan(probe_of(audio=audio_with(start=Fraction(-1, 50)))).source.start == 0

    def test_much_longer_sound_extends_the_grid(self) -> None:
        """A little more sound than picture is cut, much more is kept."""
        assert make_plan(probe_of(audio=audio_with(end=Fraction("60.4")))).grid.duration == 60
        assert make_plan(probe_of(audio=audio_with(end=Fraction(90)))).grid.duration == 90

    def test_reasons_tell_what_was_done_to_the_picture(self) -> None:
        """HDR, interlacing, rotation and a changed rate are each told."""
        odd = video_with(
            transfer="smpte2084", interlaced=True, rotation=90, average_rate=Fraction(120), nominal_rate=Fraction(120)
        )
        plan = make_plan(probe_of(odd, None))
        told = " ".join(plan.reasons)
        assert all(word in told for word in ("HDR", "interlaced", "turned", "steady 60"))
        assert (plan.source.width, plan.source.height) == (720, 1280)
        assert plan.grid.rate == Rate(60, 1)


class TestAudio:
    def test_fit_aac_is_copied(self) -> None:
        """Frames of the source are used; its priming frame is skipped."""
        audio = make_plan(probe_of()).audio
        assert audio is not None
        assert (audio.passthrough, audio.first_sample, audio.skipped_frames) == (True, 0, 1)
        assert (audio.language, audio.coded_language, audio.stream) == ("en", "eng", 1)

    @pytest.mark.parametrize(
        "changes",
        [
            {"codec": "ac3"},
            {"profile": "HE-AAC"},
            {"channels": 6},
            {"sample_rate": 22_050},
            {"bit_rate": 256_000},
            {"bit_rate": 0},
            {"frames": 0},
            {"duration_samples": 2_890_000},
            {"frames": 2700, "duration_samples": 2700 * AAC_FRAME_SAMPLES - 1024},
            {"first_packet": Fraction(1), "start": Fraction(1)},
        ],
    )
    def test_unfit_sound_is_encoded(self, changes: dict[str, object]) -> None:
        """Another codec, layout or rate, too many bits, gaps, a late start or an early end rule copying out."""
        audio = make_plan(probe_of(audio=audio_with(**changes))).audio
        assert audio is not None
        assert not audio.passthrough
        assert audio.sample_rate == 48_000

    def test_only_an_index_proves_that_there_is_no_gap(self) -> None:
        """AAC in Matroska or a transport stream is encoded anew."""
        audio = make_plan(probe_of(container="matroska")).audio
        assert audio is not None
        assert not audio.passthrough

    def test_cells_hold_the_frames_that_start_in_them(self) -> None:
        """Audio cells follow each other without a gap, each within a frame of its video cell."""
        plan = make_plan(probe_of(audio=audio_with(sample_rate=44_100, codec="mp3")))
        end = 0
        for index in range(plan.grid.cells):
            frames = plan.audio_frames(index)
            assert frames.start == end
            end = frames.stop
            lag = plan.audio_cell_start(index) - plan.grid.cell_start(index)
            assert 0 <= lag < Fraction(AAC_FRAME_SAMPLES, 48_000)

    def test_every_sound_has_a_rendition(self) -> None:
        """The default one first, then in the order of the file, each with its own stream, language and title."""
        others = [
            audio_with(index=2, codec="ac3", language="ger", title="Kommentar"),
            audio_with(index=3, language=None),
        ]
        plan = make_plan(probe_of(sounds=(AUDIO, *others)))
        told = [(sound.name, sound.stream, sound.language, sound.title) for sound in plan.sounds]
        assert told == [("audio", 1, "en", ""), ("audio2", 2, "de", "Kommentar"), ("audio3", 3, None, "")]
        assert [sound.passthrough for sound in plan.sounds] == [True, False, True]
        assert plan.audio is plan.sounds[0]

    @pytest.mark.parametrize("layout", ["5.1", "5.1(side)", "7.1"])
    def test_surround_stands_beside_stereo(self, layout: str) -> None:
        """Six channels, also of eight; the stereo one is what a viewer finds in the menu."""
        channels = 8 if layout == "7.1" else 6
        plan = make_plan(probe_of(audio=audio_with(channels=channels, layout=layout)))
        assert [(sound.name, sound.channels) for sound in plan.sounds] == [("audio", 2), ("audio-surround", 6)]
        assert plan.surround("audio") is plan.sounds[1]
        assert plan.tracks == plan.sounds[:1]
        assert any("5.1" in reason for reason in plan.reasons)

    def test_four_channels_are_no_surround(self) -> None:
        """Nothing is made up: quadraphonic sound is mixed down and that is all."""
        assert len(make_plan(probe_of(audio=audio_with(channels=4, layout="quad"))).sounds) == 1

    def test_what_cannot_be_decoded_is_told(self) -> None:
        """It is left out, whether there is other sound or not."""
        assert "The sound is coded as 'ac4'" in make_plan(probe_of(audio=None, unheard=("ac4",))).reasons[-1]
        assert "Another sound is coded as 'ac4'" in make_plan(probe_of(unheard=("ac4",))).reasons[-1]

    def test_sound_alone_has_a_plan(self) -> None:
        """No picture, a grid of 25 frames a second, and a reason."""
        plan = make_plan(probe_of(None, AUDIO))
        assert plan.video == ()
        assert plan.grid.rate == Rate(25, 1)
        assert plan.audio is not None
        assert "no picture" in plan.reasons[0]


class TestTheEncoder:
    def test_makes_all_but_the_lowest_rung_and_is_part_of_the_recipe(self) -> None:
        """Any worker can make a video playable; and cells of two encoders are never mixed."""
        usual = make_plan(probe_of())
        made = make_plan(probe_of(), encoder="h264_vaapi")
        assert {rung.encoder for rung in usual.video} == {"libx264"}
        assert [rung.encoder for rung in made.video] == ["libx264"] + ["h264_vaapi"] * (len(usual.video) - 1)
        assert made.recipe == f"{usual.recipe}-h264_vaapi"

    def test_of_a_stored_plan_that_names_none_is_x264(self) -> None:
        """Plans of before there was a choice."""
        text = msgspec.json.encode(make_plan(probe_of())).decode()
        older = text.replace(',"encoder":"libx264"', "")
        assert older != text
        assert decode_plan(older) == decode_plan(text)
