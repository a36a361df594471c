"""HLS playlists (RFC 8216bis) from the plan: complete from the first moment, whatever is encoded by then."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

from .bandwidth import NOTHING, Measured, average_bits, keyframe_peak_bits, peak_bits
from .captions.listing import ListedTrack, menu_names
from .captions.model import SEGMENT_SECONDS
from .model import AudioRendition, Plan, Rendition, VideoRendition
from .timeline import segments_of_text, timeline

CONTENT_TYPE = "application/vnd.apple.mpegurl"

_VERSION = 7  # EXT-X-MAP outside I-frame playlists needs 6, CMAF players expect 7
_SOUND_GROUP = "audio"
_TEXT_GROUP = "text"
_FOR_THE_DEAF = "public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound"
_START_BITS = 2_500_000
"""Players begin with the variant that stands first, before they know the network: about 480p. Higher: a sharper
first picture, and a longer wait for it on a slow line."""


def master_playlist(plan: Plan, measured: Mapping[str, Measured], texts: Sequence[ListedTrack] = ()) -> str:
    """The variants, the sound and the text; URIs are relative to the master. `measured` is by rendition name.

    First stands the best variant that starts at once (its first cell is stored) and is bearable on a common line;
    the others follow from the lowest up.
    """
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{_VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    audio = plan.audio
    lines += [_words(track, name) for track, name in zip(texts, menu_names(texts), strict=True)]
    subtitles = [f'SUBTITLES="{_TEXT_GROUP}"'] if texts else []
    if not plan.video:
        assert audio is not None, "a plan has a picture or sound"
        lines += _variant(plan, [audio], audio.name, measured, subtitles)
        return _text(lines)
    if audio is not None:
        lines.append(_sound(plan, audio))
    for rung in _in_order_of_start(plan, measured):
        members: list[Rendition] = [rung] if audio is None else [rung, audio]
        lines += _variant(plan, members, rung.name, measured, [*_picture(plan, rung, audio), *subtitles])
    lines += [_keyframe_variant(plan, rung) for rung in plan.video]
    return _text(lines)


def media_playlist(plan: Plan, name: str) -> str:
    """All cells of a rendition; URIs are relative to the playlist. KeyError when the plan has no such rendition."""
    times = timeline(plan, plan.rendition(name))
    bounds = times.microseconds()
    lines = [*_head(times.longest), "#EXT-X-INDEPENDENT-SEGMENTS", '#EXT-X-MAP:URI="init.mp4"']
    for index, (start, end) in enumerate(pairwise(bounds)):
        lines += [_extinf(end - start), f"{index}.m4s"]
    return _text([*lines, "#EXT-X-ENDLIST"])


def text_playlist(plan: Plan) -> str:
    """The segments of any text track of the video; URIs are relative to the playlist."""
    bounds = segments_of_text(plan, SEGMENT_SECONDS)
    lines = _head(Fraction(max(end - start for start, end in pairwise(bounds)), 1_000_000))
    for index, (start, end) in enumerate(pairwise(bounds)):
        lines += [_extinf(end - start), f"{index}.vtt"]
    return _text([*lines, "#EXT-X-ENDLIST"])


def keyframe_playlist(plan: Plan, name: str, keyframe_bytes: Sequence[int | None]) -> str:
    """The first keyframe of every stored cell, for scrubbing; each stays on screen until the next one there is.

    `keyframe_bytes` holds by cell index how many bytes of the cell reach to the end of its first keyframe, None (or
    nothing) where the cell is not stored. Time before the first keyframe is an EXT-X-GAP.
    """
    bounds = timeline(plan, plan.rendition(name)).microseconds()
    stored = [(index, size) for index, size in enumerate(keyframe_bytes) if size is not None]
    shown = [bounds[index] for index, _ in stored] + [bounds[-1]]
    lines = []
    if shown[0] > bounds[0]:
        lines += ["#EXT-X-GAP", _extinf(shown[0] - bounds[0]), "0.m4s"]
    for (index, size), start, end in zip(stored, shown, shown[1:], strict=False):
        lines += [_extinf(end - start), f"#EXT-X-BYTERANGE:{size}@0", f"{index}.m4s"]
    starts = [bounds[0], *shown]
    longest = max(end - start for start, end in pairwise(starts))
    head = [*_head(Fraction(longest, 1_000_000)), "#EXT-X-I-FRAMES-ONLY", '#EXT-X-MAP:URI="init.mp4"']
    return _text([*head, *lines, "#EXT-X-ENDLIST"])


def _head(longest: Fraction) -> list[str]:
    target = max(1, int(longest + Fraction(1, 2)))  # no EXTINF, rounded to whole seconds, may exceed it
    return [
        "#EXTM3U",
        f"#EXT-X-VERSION:{_VERSION}",
        f"#EXT-X-TARGETDURATION:{target}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
    ]


def _extinf(microseconds: int) -> str:
    seconds, rest = divmod(microseconds, 1_000_000)
    return f"#EXTINF:{seconds}.{rest:06d},"


def _in_order_of_start(plan: Plan, measured: Mapping[str, Measured]) -> list[VideoRendition]:
    first = plan.video[0]
    for rung in plan.video:
        if measured.get(rung.name, NOTHING).starts and peak_bits(plan, rung) <= _START_BITS:
            first = rung
    return [first, *(rung for rung in plan.video if rung is not first)]


def _variant(
    plan: Plan, members: list[Rendition], name: str, measured: Mapping[str, Measured], picture: list[str]
) -> list[str]:
    average = sum(average_bits(plan, member, measured.get(member.name, NOTHING)) for member in members)
    attributes = [
        f"BANDWIDTH={sum(peak_bits(plan, member) for member in members)}",
        f"AVERAGE-BANDWIDTH={average}",
        f'CODECS="{",".join(member.codecs for member in members)}"',
        *picture,
    ]
    return [f"#EXT-X-STREAM-INF:{','.join(attributes)}", _uri(plan, name, "playlist.m3u8")]


def _picture(plan: Plan, rung: VideoRendition, audio: AudioRendition | None) -> list[str]:
    attributes = [
        f"RESOLUTION={rung.width}x{rung.height}",
        f"FRAME-RATE={float(plan.grid.rate.fraction):.3f}",
        "VIDEO-RANGE=SDR",
        "CLOSED-CAPTIONS=NONE",
    ]
    return attributes if audio is None else [*attributes, f'AUDIO="{_SOUND_GROUP}"']


def _sound(plan: Plan, audio: AudioRendition) -> str:
    attributes = ["TYPE=AUDIO", f'GROUP-ID="{_SOUND_GROUP}"', f'NAME="{audio.language or "Sound"}"']
    if audio.language is not None:
        attributes.append(f'LANGUAGE="{audio.language}"')
    attributes += [
        "DEFAULT=YES",
        "AUTOSELECT=YES",
        f'CHANNELS="{audio.channels}"',
        f'URI="{_uri(plan, audio.name, "playlist.m3u8")}"',
    ]
    return f"#EXT-X-MEDIA:{','.join(attributes)}"


def _words(track: ListedTrack, name: str) -> str:
    quotable = name.replace('"', "'")
    attributes = ["TYPE=SUBTITLES", f'GROUP-ID="{_TEXT_GROUP}"', f'NAME="{quotable}"']
    if track.known_language is not None:
        attributes.append(f'LANGUAGE="{track.known_language}"')
    attributes += [f"DEFAULT={_yes(track.default)}", "AUTOSELECT=YES", f"FORCED={_yes(track.forced)}"]
    if track.kind == "captions":
        attributes.append(f'CHARACTERISTICS="{_FOR_THE_DEAF}"')
    attributes.append(f'URI="captions/{track.id}/index.m3u8"')
    return f"#EXT-X-MEDIA:{','.join(attributes)}"


def _yes(so: bool) -> str:
    return "YES" if so else "NO"


def _keyframe_variant(plan: Plan, rung: VideoRendition) -> str:
    attributes = [
        f"BANDWIDTH={keyframe_peak_bits(plan, rung)}",
        f'CODECS="{rung.codecs}"',
        f"RESOLUTION={rung.width}x{rung.height}",
        "VIDEO-RANGE=SDR",
        f'URI="{_uri(plan, rung.name, "iframes.m3u8")}"',
    ]
    return f"#EXT-X-I-FRAME-STREAM-INF:{','.join(attributes)}"


def _uri(plan: Plan, name: str, file: str) -> str:
    return f"{plan.recipe}/{name}/{file}"


def _text(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
