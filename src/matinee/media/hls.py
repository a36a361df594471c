"""HLS playlists (RFC 8216bis) from the plan: complete from the first moment, whatever is encoded by then."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

from .bandwidth import NOTHING, Measured, average_bits, keyframe_peak_bits, peak_bits
from .captions.listing import ListedTrack, menu_names
from .captions.model import SEGMENT_SECONDS
from .model import AudioRendition, CopiedRendition, Plan, VideoRendition
from .sounds import SoundGroup, sound_groups, sound_names, surround_rungs
from .timeline import MICROSECONDS, WHOLE, Timeline, Window, cells_in, longest_cell, segments_of_text, timeline

CONTENT_TYPE = "application/vnd.apple.mpegurl"

_VERSION = 7  # EXT-X-MAP outside I-frame playlists needs 6, CMAF players expect 7
_TEXT_GROUP = "text"
_FOR_THE_DEAF = "public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound"
_BY_MACHINE = "public.machine-generated"  # Apple's players say so in their menu
_START_BITS = 2_500_000
"""Players begin with the variant that stands first, before they know the network: about 480p. Higher: a sharper
first picture, and a longer wait for it on a slow line."""


def master_playlist(
    plan: Plan, measured: Mapping[str, Measured], texts: Sequence[ListedTrack] = (), *, keyframes: bool = True
) -> str:
    """The variants, the sound and the text; URIs are relative to the master. `measured` is by rendition name.

    First stands the best variant that starts at once (its first cell is stored) and is bearable on a common line;
    the others follow from the lowest up, and behind them the large ones once more, with more channels.
    """
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{_VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    groups = sound_groups(plan)
    lines += [_words(track, name) for track, name in zip(texts, menu_names(texts), strict=True)]
    subtitles = [f'SUBTITLES="{_TEXT_GROUP}"'] if texts else []
    if plan.video or len(plan.sounds) > 1:
        lines += [line for group in groups for line in _sounds(plan, group)]
    if not plan.video:
        assert groups, "a plan has a picture or sound"
        for each in groups:
            chosen = _chosen_by(each) if len(plan.sounds) > 1 else []
            lines += _variant(plan, None, each, measured, [*chosen, *subtitles])
        return _text(lines)
    stereo = groups[0] if groups else None
    offered: list[tuple[VideoRendition | CopiedRendition, SoundGroup | None]] = [
        (rung, stereo) for rung in _in_order_of_start(plan, measured)
    ]
    offered += [(rung, group) for group in groups[1:] for rung in surround_rungs(plan)]
    offered += [(rung, stereo) for rung in plan.alternatives]  # last: who knows only H.264 reads no further
    for rung, group in offered:
        chosen = _chosen_by(group) if group else []
        lines += _variant(plan, rung, group, measured, [*_picture(plan, rung), *chosen, *subtitles])
    if keyframes:
        lines += [_keyframe_variant(plan, rung) for rung in plan.pictures]
    return _text(lines)


def media_playlist(
    plan: Plan, name: str, window: Window = WHOLE, tell_key: Callable[[int], str] | None = None
) -> str:
    """The cells of a rendition; URIs are relative to the playlist. KeyError when the plan has no such rendition.

    `tell_key` gives the line that tells the key of a cell.
    """
    rendition = plan.rendition(name)
    times = timeline(plan, rendition)
    bounds, cells = times.microseconds(), cells_in(plan, rendition, window)
    head = _head(longest_cell(plan, rendition), cells.start)
    lines = [*head, "#EXT-X-INDEPENDENT-SEGMENTS", '#EXT-X-MAP:URI="init.mp4"']
    told = None
    for index in cells:
        if tell_key is not None and (line := tell_key(index)) != told:  # behind the map, which is clear
            lines.append(line)
            told = line
        lines += [_extinf(bounds[index + 1] - bounds[index]), f"{index}.m4s"]
    return _text([*lines, "#EXT-X-ENDLIST"])


def text_playlist(plan: Plan, window: Window = WHOLE) -> str:
    """The segments of any text track of the video; URIs are relative to the playlist."""
    bounds = segments_of_text(plan, SEGMENT_SECONDS)
    lines = _head(Fraction(max(end - start for start, end in pairwise(bounds)), MICROSECONDS))
    for index in window.cells(Timeline(MICROSECONDS, tuple(bounds))):
        lines += [_extinf(bounds[index + 1] - bounds[index]), f"{index}.vtt"]
    return _text([*lines, "#EXT-X-ENDLIST"])


def keyframe_playlist(plan: Plan, name: str, keyframe_bytes: Sequence[int | None], window: Window = WHOLE) -> str:
    """The first keyframe of every stored cell, for scrubbing; each stays on screen until the next one there is.

    `keyframe_bytes` holds by cell index how many bytes of the cell reach to the end of its first keyframe, None (or
    nothing) where the cell is not stored. Time before the first keyframe is an EXT-X-GAP.
    """
    rendition = plan.rendition(name)
    bounds, cells = timeline(plan, rendition).microseconds(), cells_in(plan, rendition, window)
    stored = [(index, size) for index, size in enumerate(keyframe_bytes) if size is not None and index in cells]
    first, last = bounds[cells.start], bounds[cells.stop]
    shown = [bounds[index] for index, _ in stored] + [last]
    lines = []
    if shown[0] > first:
        lines += ["#EXT-X-GAP", _extinf(shown[0] - first), f"{cells.start}.m4s"]
    for (index, size), start, end in zip(stored, shown, shown[1:], strict=False):
        lines += [_extinf(end - start), f"#EXT-X-BYTERANGE:{size}@0", f"{index}.m4s"]
    longest = max(end - start for start, end in pairwise([first, *shown]))
    head = [*_head(Fraction(longest, MICROSECONDS)), "#EXT-X-I-FRAMES-ONLY", '#EXT-X-MAP:URI="init.mp4"']
    return _text([*head, *lines, "#EXT-X-ENDLIST"])


def _head(longest: Fraction, first: int = 0) -> list[str]:
    target = max(1, int(longest + Fraction(1, 2)))  # no EXTINF, rounded to whole seconds, may exceed it
    return [
        "#EXTM3U",
        f"#EXT-X-VERSION:{_VERSION}",
        f"#EXT-X-TARGETDURATION:{target}",
        f"#EXT-X-MEDIA-SEQUENCE:{first}",
        "#EXT-X-PLAYLIST-TYPE:VOD",
    ]


def _extinf(microseconds: int) -> str:
    seconds, rest = divmod(microseconds, MICROSECONDS)
    return f"#EXTINF:{seconds}.{rest:06d},"


def _in_order_of_start(plan: Plan, measured: Mapping[str, Measured]) -> list[VideoRendition | CopiedRendition]:
    first = plan.ladder[0]
    for rung in plan.ladder:
        if measured.get(rung.name, NOTHING).starts and peak_bits(plan, rung) <= _START_BITS:
            first = rung
    return [first, *(rung for rung in plan.ladder if rung is not first)]


def _variant(
    plan: Plan,
    rung: VideoRendition | CopiedRendition | None,
    group: SoundGroup | None,
    measured: Mapping[str, Measured],
    attributes: list[str],
) -> list[str]:
    """A picture with the sounds of a group, of which one is heard at a time: the largest counts."""
    sounds = group.members if group else ()
    peak = max((peak_bits(plan, sound) for sound in sounds), default=0)
    average = max((average_bits(plan, sound, measured.get(sound.name, NOTHING)) for sound in sounds), default=0)
    if rung is not None:
        peak += peak_bits(plan, rung)
        average += average_bits(plan, rung, measured.get(rung.name, NOTHING))
    codecs = [*([rung.codecs] if rung else []), *sorted({sound.codecs for sound in sounds})]
    told = [f"BANDWIDTH={peak}", f"AVERAGE-BANDWIDTH={average}", f'CODECS="{",".join(codecs)}"', *attributes]
    name = rung.name if rung else sounds[0].name
    return [f"#EXT-X-STREAM-INF:{','.join(told)}", _uri(plan, name, "playlist.m3u8")]


def _picture(plan: Plan, rung: VideoRendition | CopiedRendition) -> list[str]:
    return [
        f"RESOLUTION={rung.width}x{rung.height}",
        f"FRAME-RATE={float(plan.grid.rate.fraction):.3f}",
        f"VIDEO-RANGE={rung.video_range}",
        "CLOSED-CAPTIONS=NONE",
    ]


def _chosen_by(group: SoundGroup) -> list[str]:
    return [f'AUDIO="{group.name}"']


def _sounds(plan: Plan, group: SoundGroup) -> list[str]:
    lines: list[str] = []
    languages: set[str | None] = set()
    for sound, name in zip(group.members, sound_names(plan.tracks), strict=True):
        # players may choose by language: only one of each, which is the first (RFC 8216, 4.3.4.1)
        lines.append(_sound(plan, group, sound, name, default=not lines, auto=sound.language not in languages))
        languages.add(sound.language)
    return lines


def _sound(plan: Plan, group: SoundGroup, sound: AudioRendition, name: str, *, default: bool, auto: bool) -> str:
    attributes = ["TYPE=AUDIO", f'GROUP-ID="{group.name}"', f'NAME="{_quotable(name)}"']
    if sound.language is not None:
        attributes.append(f'LANGUAGE="{sound.language}"')
    attributes += [
        f"DEFAULT={_yes(default)}",
        f"AUTOSELECT={_yes(auto)}",
        f'CHANNELS="{sound.channels}"',
        f'URI="{_uri(plan, sound.name, "playlist.m3u8")}"',
    ]
    return f"#EXT-X-MEDIA:{','.join(attributes)}"


def _quotable(name: str) -> str:
    return name.replace('"', "'")


def _words(track: ListedTrack, name: str) -> str:
    attributes = ["TYPE=SUBTITLES", f'GROUP-ID="{_TEXT_GROUP}"', f'NAME="{_quotable(name)}"']
    if track.known_language is not None:
        attributes.append(f'LANGUAGE="{track.known_language}"')
    attributes += [f"DEFAULT={_yes(track.default)}", "AUTOSELECT=YES", f"FORCED={_yes(track.forced)}"]
    characteristics = [_FOR_THE_DEAF] if track.kind == "captions" else []
    if track.machine_made:
        characteristics.append(_BY_MACHINE)
    if characteristics:
        attributes.append(f'CHARACTERISTICS="{",".join(characteristics)}"')
    attributes.append(f'URI="captions/{track.id}/index.m3u8"')
    return f"#EXT-X-MEDIA:{','.join(attributes)}"


def _yes(so: bool) -> str:
    return "YES" if so else "NO"


def _keyframe_variant(plan: Plan, rung: VideoRendition) -> str:
    attributes = [
        f"BANDWIDTH={keyframe_peak_bits(plan, rung)}",
        f'CODECS="{rung.codecs}"',
        f"RESOLUTION={rung.width}x{rung.height}",
        f"VIDEO-RANGE={rung.video_range}",
        f'URI="{_uri(plan, rung.name, "iframes.m3u8")}"',
    ]
    return f"#EXT-X-I-FRAME-STREAM-INF:{','.join(attributes)}"


def _uri(plan: Plan, name: str, file: str) -> str:
    return f"{plan.recipe}/{name}/{file}"


def _text(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
