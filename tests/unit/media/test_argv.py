"""Commands are built from the plan alone."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest
from tests.unit.media.plans import even_grid

from matinee.media.audio_argv import audio_argv
from matinee.media.ladder import ladder
from matinee.media.model import AudioRendition, Plan, Rate, SoundFile, Source, VideoRendition
from matinee.media.picture_argv import poster_size
from matinee.media.poster_choice import poster_entries
from matinee.media.source_access import confinement, input_guards, input_name
from matinee.media.video_argv import cells_argv, entry_points, runs

AUDIO = AudioRendition("audio", "mp4a.40.2", 48_000, 2, 128_000, passthrough=False, stream=1)
SOURCE = Source(
    container="mov",
    start_time=(7, 5),
    duration=(30, 1),
    video_stream=0,
    audio_stream=1,
    width=1280,
    height=720,
    video_end=(30, 1),
)
RATE = Rate(25, 1)
PLAN = Plan(
    version=1,
    recipe="r1",
    grid=even_grid(RATE, Fraction(30)),
    video=ladder(1280, 720, RATE),
    sounds=(AUDIO,),
    source=SOURCE,
    cells_per_chunk=3,
)


def source_with(**changes: object) -> Plan:
    return msgspec.structs.replace(PLAN, source=msgspec.structs.replace(SOURCE, **changes))


def command(plan: Plan = PLAN, chunk: int = 1, entry: Fraction | None = Fraction(12)) -> list[str]:
    outputs = [f"pipe:{10 + place}" for place in range(len(plan.video))]
    return cells_argv(
        "ffmpeg", "/film.mp4", plan, plan.chunk_cells(chunk), plan.video, outputs, entry=entry, max_pixels=10**7
    )


def value(argv: list[str], flag: str) -> str:
    return argv[argv.index(flag) + 1]


class TestInput:
    def test_only_what_the_source_needs_is_allowed(self) -> None:
        """A file by the file protocol, an address by http, and one demuxer."""
        assert value(command(), "-protocol_whitelist") == "file"
        assert value(command(), "-format_whitelist") == "mov"
        guards = input_guards("http://127.0.0.1:8000/x", ("matroska",), 100)
        assert value(guards, "-protocol_whitelist") == "http,tcp"

    def test_a_path_is_never_taken_for_a_protocol(self) -> None:
        """A colon in a name stays a name."""
        assert input_name("/films/concat:a|b.mp4") == "file:/films/concat:a|b.mp4"

    def test_confinement_follows_the_source(self) -> None:
        """A file may be read, or a port connected to; never both."""
        file, address = confinement("p", "/film.mp4"), confinement("p", "http://127.0.0.1:81/x")
        assert (file.read, file.connect_port) == (("/film.mp4",), None)
        assert (address.read, address.connect_port) == ((), 81)

    @pytest.mark.parametrize("address", ["https://127.0.0.1:1/x", "http://localhost:1/x", "http://127.0.0.1/x"])
    def test_other_addresses_are_refused(self, address: str) -> None:
        """Only the loopback range server is a source."""
        with pytest.raises(ValueError, match=r"127\.0\.0\.1"):
            confinement("p", address)


class TestEntry:
    def test_the_beginning_is_not_sought(self) -> None:
        """The first chunk and sources without an index start from the first byte."""
        assert entry_points(PLAN, 0) == [None]
        assert entry_points(source_with(seekable=False), 3) == [None]

    def test_an_index_is_trusted_first(self) -> None:
        """Then earlier and earlier places are tried, last the beginning."""
        assert entry_points(PLAN, 3) == [12, 10, None]
        assert entry_points(source_with(container="mpegts"), 6) == [22, 12, None]

    def test_behind_the_last_picture_it_is_sought_before(self) -> None:
        """A chunk of held pictures enters where there still are some."""
        assert entry_points(source_with(video_end=(5, 1)), 3) == [4, 2, None]

    def test_timestamps_are_those_of_the_source(self) -> None:
        """The entry is on the source's clock, whose second 0 is moved to the grid's."""
        assert value(command(), "-ss") == "13.400000"
        assert value(command(), "-itsoffset") == "-1.400000"


class TestRuns:
    def test_a_cell_is_made_by_a_process_of_its_own(self) -> None:
        """So that its bytes depend on nothing beside it."""
        assert runs(PLAN, range(3, 5)) == [range(3, 4), range(4, 5)]

    def test_a_source_that_cannot_be_entered_is_made_at_once(self) -> None:
        """From front to back, whatever is asked for."""
        assert runs(source_with(seekable=False), range(3, 5)) == [range(PLAN.grid.cells)]

    def test_the_encoder_has_one_thread(self) -> None:
        """With more it would not repeat its bytes; the decoder may have two."""
        argv = command()
        assert [argv[place + 1] for place, part in enumerate(argv) if part == "-threads"] == ["2", "1", "1", "1", "1"]


class TestEncoderSettings:
    def test_a_rung_is_encoded_as_its_plan_says(self) -> None:
        """Preset and parameters are data of the rung, beside those that make bytes repeat."""
        rung = msgspec.structs.replace(PLAN.video[0], crf=25, preset="slow", params="trellis=1:rc-lookahead=30")
        argv = command(msgspec.structs.replace(PLAN, video=(rung,)))
        assert (value(argv, "-preset"), value(argv, "-crf")) == ("slow", "25")
        assert value(argv, "-x264-params") == "cpu-independent=1:trellis=1:rc-lookahead=30"

    def test_a_rung_of_an_old_plan_is_encoded_as_ever(self) -> None:
        """Plans of recipe r2 name neither preset nor parameters, and their cells must not change."""
        stored = msgspec.json.decode(msgspec.json.encode(PLAN.video[0]))
        for field in ("preset", "params"):
            del stored[field]
        old = msgspec.convert(stored, VideoRendition)
        argv = command(msgspec.structs.replace(PLAN, video=(old,)))
        assert value(argv, "-preset") == "veryfast"
        assert value(argv, "-x264-params") == "cpu-independent=1"


class TestCells:
    def test_frames_are_picked_by_number(self) -> None:
        """The chunk's frames, no other, once, for all rungs."""
        graph = value(command(), "-filter_complex")
        assert "trim=start_pts=300:end_pts=600" in graph
        assert graph.count("fps=") == 1
        assert f"split={len(PLAN.video)}" in graph

    def test_a_rung_is_made_the_same_alone(self) -> None:
        """What happens to a rung's pictures does not depend on the other rungs."""
        alone = cells_argv(
            "ffmpeg", "/f", PLAN, range(3, 6), PLAN.video[:1], ["pipe:9"], entry=Fraction(12), max_pixels=10**7
        )
        own = value(alone, "-filter_complex").split(f"setpts=PTS-{300},")[1].removesuffix("[v0]")
        assert f"[s0]{own}[v0]" in value(command(), "-filter_complex")

    def test_only_the_last_chunk_may_hold_its_last_picture(self) -> None:
        """Pictures missing in the middle have to show as a fault."""
        assert "tpad" not in value(command(chunk=1), "-filter_complex")
        assert "tpad=stop_mode=clone:stop=25" in value(command(chunk=2), "-filter_complex")

    def test_the_source_decides_about_fields_and_brightness(self) -> None:
        """Interlaced and HDR sources get their filters, others do not."""
        odd = value(command(source_with(interlaced=True, hdr=True)), "-filter_complex")
        assert "bwdif" in odd
        assert odd.count("tonemap=hable") == len(PLAN.video)
        plain = value(command(), "-filter_complex")
        assert "bwdif" not in plain
        assert "tonemap" not in plain

    def test_every_rung_has_its_pipe(self) -> None:
        """Outputs are pipes, one a rung, in order."""
        assert [part for part in command() if part.startswith("pipe:")] == [
            "pipe:10",
            "pipe:11",
            "pipe:12",
            "pipe:13",
        ]


class TestAudio:
    def test_samples_are_counted_to_the_frame(self) -> None:
        """Padding and cutting give whole AAC frames that cover the grid."""
        filters = value(audio_argv("ffmpeg", "/f", PLAN, AUDIO, "pipe:9", max_pixels=1), "-af")
        samples = -(-30 * 48_000 // 1024) * 1024
        assert f"apad=whole_len={samples}" in filters
        assert f"atrim=end_sample={samples}" in filters

    def test_copied_sound_is_not_filtered(self) -> None:
        """Passthrough copies packets, priming included."""
        copied = msgspec.structs.replace(AUDIO, passthrough=True)
        argv = audio_argv("ffmpeg", "/f", PLAN, copied, "pipe:9", max_pixels=1)
        assert value(argv, "-c:a") == "copy"
        assert "-af" not in argv

    def test_each_sound_is_its_own_stream_and_layout(self) -> None:
        """The stream and the channels are those of the rendition."""
        surround = msgspec.structs.replace(AUDIO, stream=3, channels=6)
        argv = audio_argv("ffmpeg", "/f", PLAN, surround, "pipe:9", max_pixels=1)
        assert value(argv, "-map") == "0:3"
        assert "ochl=5.1:" in value(argv, "-af")

    def test_a_sound_that_was_added_is_opened_as_what_it_is(self) -> None:
        """By the demuxer of its own file, whose beginning is second 0."""
        added = msgspec.structs.replace(AUDIO, stream=0, file=SoundFile("mp3", (1, 40)))
        argv = audio_argv("ffmpeg", "/f", PLAN, added, "pipe:9", max_pixels=1)
        assert value(argv, "-format_whitelist") == "mp3"
        assert value(argv, "-itsoffset") == "-0.025000"

    def test_only_a_sound_that_is_made_louder_is_limited(self) -> None:
        """Gain is applied in floating point; a softer sound cannot clip, and one that stays is left alone."""
        filters = {}
        for gain in (-3.5, 0.0, 3.5):
            sound = msgspec.structs.replace(AUDIO, gain_db=gain)
            filters[gain] = value(audio_argv("ffmpeg", "/f", PLAN, sound, "pipe:9", max_pixels=1), "-af")
        assert "aformat=sample_fmts=fltp,volume=3.5dB,alimiter=limit=-1.0dB" in filters[3.5]
        assert "volume=-3.5dB" in filters[-3.5]
        assert "alimiter" not in filters[-3.5]
        assert "volume" not in filters[0.0]


class TestPoster:
    def test_it_is_looked_for_in_the_whole_picture(self) -> None:
        """Past the title and before the credits; only at the beginning of what is short or cannot be entered."""
        assert poster_entries(PLAN) == [3, 9, 15, 21]
        assert poster_entries(source_with(seekable=False)) == [None]
        assert poster_entries(source_with(video_end=(1, 1))) == [None]

    def test_it_is_no_larger_than_a_page_needs(self) -> None:
        """The longer side is at most 1280 pixels, and never enlarged."""
        assert poster_size(3840, 2160) == (1280, 720)
        assert poster_size(320, 180) == (320, 180)
