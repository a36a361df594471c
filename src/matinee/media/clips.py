"""A clip is a part of a film as a film of its own, made from the same source. Pure.

Its cells end where the film's do, so that every cell but the first and the last shows the same frames as one of the
film. Such a cell is the film's to the byte, apart from its number and its time: it is copied and these are written
anew. What cannot be copied is encoded from the source, and comes out the same.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from fractions import Fraction

import msgspec

from .aac import audio_fragment, audio_init
from .boxes import BadFragment, Fragment
from .cells import Cell
from .ladder import with_replaced
from .model import AAC_FRAME_SAMPLES, AudioRendition, Grid, Plan
from .plan import CELLS_PER_CHUNK, encoded_anew

_BOX_HEADER_BYTES = 8

_CLIP = "It is a clip: what it shares with the film is copied."
_TRIMMED = "It is trimmed: the file has more than is shown."
_NOT_COPIED = "{} need not begin at a keyframe: its largest quality is encoded."


def cut(film: Plan, frames: range) -> Plan:
    """The plan of a clip that shows these frames of a film, which may be a clip itself."""
    # a sound that was added has a file that goes with the film
    sounds = tuple(_cut_sound(film, sound, frames) for sound in film.sounds if sound.file is None)
    copied = (_NOT_COPIED.format("A clip"),) if film.copied is not None else ()
    clip = _cut_picture(film, frames)
    return msgspec.structs.replace(clip, sounds=sounds, trimmed=False, reasons=(*film.reasons, _CLIP, *copied))


def trim(film: Plan, frames: range) -> Plan:
    """The plan of a film of which nothing but these frames is left."""
    trimmed = _cut_picture(film, frames)
    start = frames.start / film.grid.rate.fraction
    sounds = tuple(
        _cut_sound(film, sound, frames) if sound.file is None else fit_sound(sound, film.grid, trimmed.grid, start)
        for sound in film.sounds
    )
    copied = (_NOT_COPIED.format("What is trimmed"),) if film.copied is not None else ()
    reasons = (*(reason for reason in film.reasons if reason != _TRIMMED), _TRIMMED, *copied)
    return msgspec.structs.replace(trimmed, sounds=sounds, trimmed=True, reasons=reasons)


def fit_sound(sound: AudioRendition, old: Grid, new: Grid, start: Fraction = Fraction(0)) -> AudioRendition:
    """A sound that was added to a film, for another grid, which begins at `start` of the old one.

    Where it was copied and might not reach to the end any more, or would begin between two of its frames, it is
    encoded: then silence follows it.
    """
    assert sound.file is not None, "a sound of the film's own file is planned with it"
    moved = (Fraction(*sound.file.start_time) + start).as_integer_ratio()
    file = msgspec.structs.replace(sound.file, start_time=moved)
    if sound.passthrough and (start or new.duration > old.duration):
        sound = encoded_anew(sound)
    return msgspec.structs.replace(sound, file=file)


def _cut_picture(film: Plan, frames: range) -> Plan:
    if not 0 <= frames.start < frames.stop <= film.grid.frames:
        raise ValueError(f"{frames} are not frames of a film that has {film.grid.frames}")
    grid = msgspec.structs.replace(
        film.grid, frames=len(frames), skipped_frames=film.grid.skipped_frames + frames.start
    )
    video = with_replaced(film)
    return msgspec.structs.replace(
        film,
        grid=grid,
        video=video,
        spare=(),
        copied=None,
        opens_copied=False,
        replaced=None,
        cells_per_chunk=CELLS_PER_CHUNK if film.source.seekable else grid.cells,
    )


def _cut_sound(film: Plan, audio: AudioRendition, frames: range) -> AudioRendition:
    """The film's AAC frames from the first that starts within the clip: less than 22 ms of silence, and no seam."""
    start = frames.start / film.grid.rate.fraction
    skipped = audio.first_frame_at(start)
    late = audio.first_sample + skipped * AAC_FRAME_SAMPLES - start * audio.sample_rate
    return msgspec.structs.replace(
        audio,
        first_sample=-(-late.numerator // late.denominator),  # up, or there might be a frame more than the film has
        skipped_frames=audio.skipped_frames + skipped,
        track_frames=audio.track_frames or audio.first_frame_at(film.grid.duration),
    )


def film_cell(film: Plan, clip: Plan, rendition: str, index: int) -> int | None:
    """The cell of the film that has the same frames as one of a clip's; None where there is none.

    A source that cannot be entered is encoded in one go, so that its cells depend on where that began.
    """
    rung = next((rung for rung in film.pictures if rung.name == rendition), None)
    if rung is None or rung not in clip.pictures or not _share(film, clip) or not clip.source.seekable:
        return None
    if film.watermark != clip.watermark:  # sounds are shared all the same
        return None
    wanted = clip.grid.source_frames(range(index, index + 1))
    place = _cell_of(film.grid, wanted.start - film.grid.skipped_frames)
    return place if film.grid.source_frames(range(place, place + 1)) == wanted else None


def moved_cell(clip: Plan, rendition: str, index: int, init: bytes, data: bytes) -> Cell:
    """A film's cell as the clip's cell `index`. Raises BadFragment where it is none."""
    fragment, media = _opened(data)
    if fragment.samples != clip.grid.cell_frames(index):
        raise BadFragment(f"a cell with {fragment.samples} frames instead of {clip.grid.cell_frames(index)}")
    moof = fragment.place(index + 1, clip.grid.first_frame(index) * clip.grid.frame_ticks)
    return Cell(
        rendition=rendition,
        index=index,
        init=init,
        data=moof + media,
        keyframe_bytes=len(moof) + _BOX_HEADER_BYTES + fragment.first_size,
        samples=fragment.samples,
    )


def film_sound_cells(film: Plan, clip: Plan, sound: AudioRendition, index: int) -> range:
    """The cells of the film that hold cell `index` of a sound of the clip; none where it has to be made anew."""
    theirs = next((other for other in film.sounds if other.name == sound.name), None)
    if theirs is None or not _share(film, clip) or not _is_same(theirs, sound):
        return range(0)
    wanted = _film_frames(theirs, clip, sound, index)
    if wanted.start < 0 or wanted.stop > theirs.first_frame_at(film.grid.duration):
        return range(0)
    first, last = (_cell_of_sound(film, theirs, frame) for frame in (wanted.start, wanted.stop - 1))
    return range(first, last + 1)


def moved_sound(film: Plan, clip: Plan, sound: AudioRendition, index: int, cells: Mapping[int, bytes]) -> Cell:
    """Cell `index` of a sound of the clip, out of the film's `film_sound_cells`. Raises BadFragment."""
    theirs = film.sound(sound.name)
    wanted = _film_frames(theirs, clip, sound, index)
    frames: list[bytes] = []
    for place, data in sorted(cells.items()):
        there = film.audio_frames(place, theirs)
        found = _aac_frames(data)
        if len(found) != len(there):
            raise BadFragment(f"an audio cell with {len(found)} frames instead of {len(there)}")
        frames += found[max(0, wanted.start - there.start) : max(0, wanted.stop - there.start)]
    if len(frames) != len(wanted):
        raise BadFragment(f"the film has {len(frames)} of {len(wanted)} audio frames")
    first = clip.audio_frames(index, sound).start
    return Cell(
        rendition=sound.name,
        index=index,
        init=audio_init(sound),
        data=audio_fragment(sound, index, first, frames),
        keyframe_bytes=0,
        samples=len(frames),
    )


def _share(film: Plan, clip: Plan) -> bool:
    """Whether both are cut from one source by one rule; that it is the same object is for the caller to know."""
    return (
        film.source == clip.source
        and film.recipe == clip.recipe
        and (film.grid.rate, film.grid.frames_per_cell) == (clip.grid.rate, clip.grid.frames_per_cell)
    )


def _is_same(film: AudioRendition, clip: AudioRendition) -> bool:
    places = {name: getattr(clip, name) for name in ("first_sample", "skipped_frames", "track_frames")}
    return msgspec.structs.replace(film, **places) == clip


def _film_frames(film: AudioRendition, clip: Plan, sound: AudioRendition, index: int) -> range:
    shift = sound.skipped_frames - film.skipped_frames
    frames = clip.audio_frames(index, sound)
    return range(frames.start + shift, frames.stop + shift)


def _cell_of(grid: Grid, frame: int) -> int:
    return grid.cell_at(frame / grid.rate.fraction)


def _cell_of_sound(film: Plan, audio: AudioRendition, frame: int) -> int:
    return film.grid.cell_at(Fraction(audio.first_sample + frame * AAC_FRAME_SAMPLES, audio.sample_rate))


def _opened(data: bytes) -> tuple[Fragment, bytes]:
    """A cell's description, and the media behind it."""
    size = struct.unpack_from(">I", data)[0] if len(data) >= _BOX_HEADER_BYTES else 0
    if not 0 < size < len(data) or data[4:8] != b"moof":
        raise BadFragment("not a cell")
    return Fragment(data[:size]), data[size:]


def _aac_frames(data: bytes) -> list[bytes]:
    fragment, media = _opened(data)
    frames, at = [], _BOX_HEADER_BYTES
    for sample in fragment.list_samples():
        frames.append(media[at : at + sample.size])
        at += sample.size
    if at != len(media):
        raise BadFragment("an audio cell is cut off")
    return frames
