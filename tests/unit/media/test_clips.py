"""A clip's plan, and which of its cells are its film's."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.media.aac import audio_fragment
from matinee.media.boxes import BadFragment
from matinee.media.clips import cut, film_cell, film_sound_cells, moved_cell, moved_sound
from matinee.media.grid import STANDARD_RATES
from matinee.media.hls import media_playlist
from matinee.media.model import AAC_FRAME_SAMPLES, CopiedRendition, Grid, Plan, Rate
from matinee.media.timeline import timeline
from matinee.media.video_argv import cells_argv, entry_points

from .plans import NTSC, opened, plan, sound

rates = st.sampled_from(STANDARD_RATES)
openings = st.sampled_from((0, 1))  # seconds that the film's first cell lasts; 0: as long as any


@st.composite
def cut_films(draw: st.DrawFn) -> tuple[Plan, Plan]:
    """A film with sound, and a clip of it of half a second or more."""
    film = plan(draw(st.fractions(1, 60)), rate=draw(rates), audio=sound(draw(st.sampled_from((44_100, 48_000)))))
    film = opened(film) if draw(st.booleans()) else film
    least = -(-film.grid.rate.num // (2 * film.grid.rate.den))
    start = draw(st.integers(0, film.grid.frames - least))
    return film, cut(film, range(start, draw(st.integers(start + least, film.grid.frames))))


class TestGrid:
    @given(rates, st.integers(0, 5_000), st.integers(1, 5_000), openings)
    def test_cells_hold_every_frame_once(self, rate: Rate, skipped: int, frames: int, opening: int) -> None:
        """Wherever a clip begins, its cells add up to it, and each moment belongs to the cell that shows it."""
        grid = Grid(rate, round(4 * rate.fraction), frames, skipped, round(opening * rate.fraction))
        bounds = grid.first_frames()
        assert bounds == [grid.first_frame(index) for index in range(grid.cells + 1)]
        assert (bounds[0], bounds[-1]) == (0, frames)
        assert all(grid.cell_frames(index) > 0 for index in range(grid.cells))
        assert all(grid.cell_at(grid.cell_start(index)) == index for index in range(grid.cells))
        assert all(
            grid.cell_at((grid.first_frame(index + 1) - 1) / rate.fraction) == index for index in range(grid.cells)
        )

    @given(rates, st.integers(0, 5_000), st.fractions(Fraction(1, 2), 100), openings)
    def test_no_cell_is_too_short_for_sound(self, rate: Rate, skipped: int, seconds: Fraction, opening: int) -> None:
        """At both ends a remainder under half a second joins the cell beside it."""
        frames = max(1, -(-seconds * rate.num // rate.den))
        grid = Grid(rate, round(4 * rate.fraction), frames, skipped, round(opening * rate.fraction))
        lengths = [grid.cell_duration(index) for index in range(grid.cells)]
        assert min(lengths) >= Fraction(1, 2)
        assert max(lengths) < 5 + 1 / rate.fraction

    @given(rates, st.integers(0, 5_000), st.integers(1, 5_000), openings)
    def test_bounds_within_are_those_of_the_film(self, rate: Rate, skipped: int, frames: int, opening: int) -> None:
        """So that what lies between them need not be encoded again."""
        first = round(opening * rate.fraction)
        grid = Grid(rate, round(4 * rate.fraction), frames, skipped, first)
        assert all((skipped + bound - first) % grid.frames_per_cell == 0 for bound in grid.first_frames()[1:-1])

    def test_a_grid_that_was_stored_before_there_were_clips_is_what_it_was(self) -> None:
        """Nothing is skipped, and the first cell is as long as the others."""
        grid = msgspec.json.decode(b'{"rate":{"num":25,"den":1},"frames_per_cell":100,"frames":405}', type=Grid)
        assert grid.first_frames() == [0, 100, 200, 300, 405]


class TestCut:
    @given(cut_films())
    def test_sound_is_the_films_at_the_films_time(self, cut_film: tuple[Plan, Plan]) -> None:
        """Every AAC frame plays within a sample of when it plays in the film; none begins before the clip."""
        film, clip = cut_film
        assert film.audio
        assert clip.audio
        shift = clip.audio.skipped_frames - film.audio.skipped_frames
        in_film = Fraction(film.audio.first_sample + shift * AAC_FRAME_SAMPLES, film.audio.sample_rate)
        in_clip = Fraction(clip.audio.first_sample, clip.audio.sample_rate)
        cut_at = (clip.grid.skipped_frames - film.grid.skipped_frames) / clip.grid.rate.fraction
        assert 0 <= in_clip - (in_film - cut_at) < Fraction(1, clip.audio.sample_rate)
        assert clip.audio.first_sample <= AAC_FRAME_SAMPLES

    @given(cut_films())
    def test_every_cell_of_sound_is_in_the_film(self, cut_film: tuple[Plan, Plan]) -> None:
        """The cells named hold all the frames that are wanted."""
        film, clip = cut_film
        assert film.audio
        assert clip.audio
        shift = clip.audio.skipped_frames - film.audio.skipped_frames
        for index in range(clip.grid.cells):
            wanted = {frame + shift for frame in clip.audio_frames(index)}
            places = film_sound_cells(film, clip, clip.audio, index)
            held = {frame for place in places for frame in film.audio_frames(place)}
            assert wanted
            assert wanted <= held

    def test_a_clip_of_a_clip_is_cut_from_the_film(self) -> None:
        """Where it begins adds up, in pictures and in sound."""
        film = plan(60, rate=NTSC, audio=sound())
        twice = cut(cut(film, range(100, 1500)), range(50, 700))
        once = cut(film, range(150, 800))
        assert twice.grid == once.grid
        assert twice.audio
        assert once.audio
        assert twice.audio.skipped_frames - once.audio.skipped_frames in (0, 1)  # each start is rounded up

    @pytest.mark.parametrize("frames", [range(0), range(5, 5), range(-1, 5), range(1799, 1801)])
    def test_what_is_not_in_the_film_cannot_be_cut(self, frames: range) -> None:
        """Nothing, and what lies outside."""
        with pytest.raises(ValueError, match="not frames of a film"):
            cut(plan(60), frames)

    def test_a_copied_picture_gives_its_place_to_a_rung(self) -> None:
        """The source's own keyframes are not where a clip begins."""
        film = plan(60)
        top = film.video[-1]
        copied = CopiedRendition(
            f"{top.name}-source",
            top.width,
            top.height,
            "avc1.640028",
            9_000_000,
            8_000_000,
            30_000,
            15,
            1000,
            b"x" * 15,
        )
        conforming = msgspec.structs.replace(film, video=film.video[:-2], copied=copied)
        clip = cut(conforming, range(30, 900))
        assert (clip.copied, clip.video) == (None, (*film.video[:-2], top))
        fitted = msgspec.structs.replace(top, crf=top.crf + 1)
        clip = cut(msgspec.structs.replace(conforming, replaced=fitted), range(30, 900))
        assert (clip.replaced, clip.video[-1]) == (None, fitted)

    def test_playlists_tell_the_short_first_cell(self) -> None:
        """Its length and that of the others."""
        clip = cut(plan(60), range(45, 400))
        lengths = [line for line in media_playlist(clip, "v240").splitlines() if line.startswith("#EXTINF")]
        assert lengths == [f"#EXTINF:{length}," for length in ("2.500000", "4.000000", "4.000000", "1.333333")]
        assert timeline(clip, clip.video[0]).bounds[1] == 75 * clip.grid.frame_ticks


class TestSharedCells:
    def test_whole_cells_are_the_films(self) -> None:
        """All but the first and the last; the first, too, where the clip begins with a cell."""
        film = plan(60)
        clip = cut(film, range(45, 400))
        assert [film_cell(film, clip, "v240", index) for index in range(4)] == [None, 1, 2, None]
        clip = cut(film, range(120, 360))
        assert [film_cell(film, clip, "v240", index) for index in range(2)] == [1, 2]

    def test_a_short_beginning_joins_the_cell_behind_it(self) -> None:
        """Then that one is made anew."""
        film = plan(60)
        clip = cut(film, range(110, 480))
        assert clip.grid.first_frames() == [0, 130, 250, 370]
        assert [film_cell(film, clip, "v240", index) for index in range(3)] == [None, 2, 3]

    @pytest.mark.parametrize("change", [{"recipe": "r0"}, {"video": ()}])
    def test_of_another_recipe_nothing_is_shared(self, change: dict[str, object]) -> None:
        """The film's plan may have changed since."""
        film = plan(60)
        clip = cut(film, range(45, 400))
        assert film_cell(msgspec.structs.replace(film, **change), clip, "v240", 1) is None

    def test_a_source_that_cannot_be_entered_shares_nothing(self) -> None:
        """Its cells are made in one go, and depend on where that began."""
        film = plan(60)
        film = msgspec.structs.replace(film, source=msgspec.structs.replace(film.source, seekable=False))
        clip = cut(film, range(120, 360))
        assert film_cell(film, clip, "v240", 0) is None
        assert clip.chunks == 1

    @given(cut_films())
    def test_a_shared_cell_is_made_by_the_same_command(self, cut_film: tuple[Plan, Plan]) -> None:
        """Entry, frames and keyframes: so its bytes are the same, copied or made."""
        film, clip = cut_film
        for index in range(clip.grid.cells):
            place = film_cell(film, clip, "v240", index)
            if place is not None:
                commands = [
                    (entry_points(made, cell), _command(made, cell)) for made, cell in ((film, place), (clip, index))
                ]
                assert commands[0] == commands[1]


class TestMovedCells:
    def test_sound_is_cut_at_frames(self) -> None:
        """Frames of two of the film's cells make one of the clip's."""
        film = plan(12, audio=sound())
        clip = cut(film, range(45, 300))
        assert film.audio
        assert clip.audio
        cells = {
            place: audio_fragment(
                film.audio, place, film.audio_frames(place).start, [b"frame %d" % n for n in film.audio_frames(place)]
            )
            for place in range(3)
        }
        wanted = film_sound_cells(film, clip, clip.audio, 1)
        moved = moved_sound(film, clip, clip.audio, 1, {place: cells[place] for place in wanted})
        shift = clip.audio.skipped_frames
        frames = [b"frame %d" % (n + shift) for n in clip.audio_frames(1)]
        assert moved.data == audio_fragment(clip.audio, 1, clip.audio_frames(1).start, frames)

    @pytest.mark.parametrize("data", [b"", b"\0\0\0\x08moof", b"garbage that is no cell", bytes(100)])
    def test_what_is_no_cell_is_refused(self, data: bytes) -> None:
        """A damaged object is not passed on."""
        film = plan(12, audio=sound())
        clip = cut(film, range(45, 300))
        assert clip.audio
        with pytest.raises(BadFragment):
            moved_cell(clip, "v240", 1, b"init", data)
        with pytest.raises(BadFragment):
            moved_sound(film, clip, clip.audio, 1, {1: data, 2: data})


def _command(made: Plan, cell: int) -> list[str]:
    return cells_argv(
        "ffmpeg", "/film.mp4", made, range(cell, cell + 1), made.video, ["pipe:3"] * len(made.video),
        entry=entry_points(made, cell)[0], max_pixels=10**7,
    )  # fmt: skip
