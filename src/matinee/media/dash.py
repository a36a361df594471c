"""The DASH manifest (ISO/IEC 23009-1) over the same cells that the HLS playlists name."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import msgspec

from .bandwidth import peak_bits
from .captions import wvtt
from .captions.listing import ListedTrack, menu_names
from .captions.model import SEGMENT_SECONDS
from .encryption.model import SampleEncryption
from .encryption.signals import add_protection
from .keys import CAPTIONS_MP4_TYPE, CONTENT_TYPES
from .model import AudioRendition, CopiedRendition, Plan, Rendition, VideoRendition
from .sounds import sound_names
from .timeline import WHOLE, Timeline, Window, cells_in, decimal, segments_of_text, timeline

CONTENT_TYPE = "application/dash+xml"

_NAMESPACE = "urn:mpeg:dash:schema:mpd:2011"
_PROFILES = "urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019"
_ROLE_SCHEME = "urn:mpeg:dash:role:2011"
_TEXT_BITS = 1000  # a second; it must be said, and nobody chooses by it
_SWITCHING = "urn:mpeg:dash:adaptation-set-switching:2016"
_CICP = "urn:mpeg:mpegB:cicp"  # ISO/IEC 23091-2
_TRANSFERS = {"PQ": "16", "HLG": "18"}
_CHANNELS_SCHEME = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011"


class _Part(msgspec.Struct, frozen=True):
    """What of the presentation is told, from the start of a cell."""

    window: Window
    start: Fraction


def manifest(
    plan: Plan,
    texts: Sequence[ListedTrack] = (),
    window: Window = WHOLE,
    encryption: SampleEncryption | None = None,
) -> str:
    """The presentation, or a part of it; URIs are relative to the manifest."""
    first = plan.renditions[0]
    part = _Part(window, _bound(plan, first, cells_in(plan, first, window).start))
    # The last AAC frame ends behind the last picture. A shorter presentation would have ended while its sound still
    # plays: dash.js then goes back by half a second, and stops there.
    end = max(_bound(plan, rendition, cells_in(plan, rendition, window).stop) for rendition in plan.renditions)
    root = Element(
        "MPD",
        {
            "xmlns": _NAMESPACE,
            "profiles": _PROFILES,
            "type": "static",
            "mediaPresentationDuration": f"PT{decimal(end - part.start)}S",
            "minBufferTime": f"PT{decimal(plan.grid.usual_duration, 3)}S",
        },
    )
    period = SubElement(root, "Period", {"id": "0", "start": "PT0S"})
    _add_pictures(period, plan, part)
    for heard, name in zip(plan.tracks, sound_names(plan.tracks), strict=True):
        surround = plan.surround(heard.name)
        for sound in (heard, surround) if surround else (heard,):
            _add_sound(period, plan, part, sound, name, default=heard is plan.audio)
    if encryption is not None:
        for adaptation in period:
            add_protection(adaptation, encryption)
    for track, name in zip(texts, menu_names(texts), strict=True):
        _add_words(period, plan, part, track, name)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _bound(plan: Plan, rendition: Rendition, index: int) -> Fraction:
    """Seconds of the video at which a cell begins, and the one before it ends."""
    times = timeline(plan, rendition)
    return Fraction(times.bounds[index], times.timescale)


def _add_pictures(period: Element, plan: Plan, part: _Part) -> None:
    """One set a codec and range of brightness, each of which says to which others a player may switch."""
    sets = [
        (number, list(rungs))
        for number, (_, rungs) in enumerate(groupby(plan.shown, lambda rung: (rung.codec, rung.video_range)))
    ]
    for number, rungs in sets:
        others = [
            str(other) for other, theirs in sets if other != number and theirs[0].video_range == rungs[0].video_range
        ]
        _add_picture(period, plan, part, rungs, others)


def _add_picture(
    period: Element,
    plan: Plan,
    part: _Part,
    rungs: Sequence[VideoRendition | CopiedRendition],
    others: Sequence[str],
) -> None:
    top = rungs[-1]
    adaptation = _adaptation(period, "video")
    adaptation.set("frameRate", _rate(plan))
    adaptation.set("maxWidth", str(top.width))
    adaptation.set("maxHeight", str(top.height))
    if top.video_range != "SDR":
        # a display that cannot show it must not get it; the sets of the others need no word
        for property_, value in (("ColourPrimaries", "9"), ("MatrixCoefficients", "9")):
            SubElement(adaptation, "EssentialProperty", {"schemeIdUri": f"{_CICP}:{property_}", "value": value})
        transfer = {"schemeIdUri": f"{_CICP}:TransferCharacteristics", "value": _TRANSFERS[top.video_range]}
        SubElement(adaptation, "EssentialProperty", transfer)
    if others:
        SubElement(adaptation, "SupplementalProperty", {"schemeIdUri": _SWITCHING, "value": ",".join(others)})
    if plan.copied not in rungs:
        _add_cells(adaptation, plan, part, top)
    else:  # it is cut at times of its own
        adaptation.set("segmentAlignment", "false")
    for rung in rungs:
        representation = _representation(adaptation, plan, rung)
        if plan.copied in rungs:
            _add_cells(representation, plan, part, rung)
        representation.set("width", str(rung.width))
        representation.set("height", str(rung.height))
        representation.set("sar", "1:1")


def _add_sound(period: Element, plan: Plan, part: _Part, audio: AudioRendition, name: str, *, default: bool) -> None:
    """One set a sound and number of channels: players switch between these only when they are told to."""
    adaptation = _adaptation(period, "audio")
    if audio.language is not None:
        adaptation.set("lang", audio.language)
    if default and audio.surround_of is None and len(plan.sounds) > 1:
        adaptation.set("selectionPriority", "2")  # the others have 1
    if len(plan.sounds) > 1:
        SubElement(adaptation, "Label").text = name
        SubElement(adaptation, "Role", {"schemeIdUri": _ROLE_SCHEME, "value": "main" if default else "alternate"})
    _add_cells(adaptation, plan, part, audio)
    representation = _representation(adaptation, plan, audio)
    representation.set("audioSamplingRate", str(audio.sample_rate))
    channels = {"schemeIdUri": _CHANNELS_SCHEME, "value": str(audio.channels)}
    SubElement(representation, "AudioChannelConfiguration", channels)


def _add_words(period: Element, plan: Plan, part: _Part, track: ListedTrack, name: str) -> None:
    adaptation = _adaptation(period, "text")
    if track.known_language is not None:
        adaptation.set("lang", track.known_language)
    SubElement(adaptation, "Label").text = name
    roles = ["caption" if track.kind == "captions" else "forced-subtitle" if track.forced else "subtitle"]
    for role in [*roles, "main"] if track.default else roles:
        SubElement(adaptation, "Role", {"schemeIdUri": _ROLE_SCHEME, "value": role})
    times = Timeline(wvtt.TIMESCALE, tuple(segments_of_text(plan, SEGMENT_SECONDS)))
    folder = "captions/$RepresentationID$"
    cells = part.window.cells(times)
    _add_template(adaptation, part, times, cells, f"{folder}/init.cmft", f"{folder}/$Number$.cmft")
    attributes = {"id": str(track.id), "codecs": wvtt.CODEC, "bandwidth": str(_TEXT_BITS)}
    SubElement(adaptation, "Representation", attributes)


def _adaptation(period: Element, kind: str) -> Element:
    return SubElement(
        period,
        "AdaptationSet",
        {
            "id": str(len(period)),
            "contentType": kind,
            "mimeType": CONTENT_TYPES.get(kind, CAPTIONS_MP4_TYPE),
            "segmentAlignment": "true",
            "startWithSAP": "1",
        },
    )


def _representation(adaptation: Element, plan: Plan, rendition: Rendition) -> Element:
    bandwidth = str(peak_bits(plan, rendition))
    attributes = {"id": rendition.name, "codecs": rendition.codecs, "bandwidth": bandwidth}
    return SubElement(adaptation, "Representation", attributes)


def _add_cells(parent: Element, plan: Plan, part: _Part, rendition: Rendition) -> None:
    """The template of a representation, or of all in an adaptation set that share the grid."""
    folder = f"{plan.recipe}/$RepresentationID$"
    cells = cells_in(plan, rendition, part.window)
    _add_template(parent, part, timeline(plan, rendition), cells, f"{folder}/init.mp4", f"{folder}/$Number$.m4s")


def _add_template(parent: Element, part: _Part, times: Timeline, cells: range, init: str, media: str) -> None:
    template = SubElement(
        parent,
        "SegmentTemplate",
        {
            "timescale": str(times.timescale),
            "startNumber": str(cells.start),
            "initialization": init,
            "media": media,
        },
    )
    if part.start:
        template.set("presentationTimeOffset", str(round(part.start * times.timescale)))
    entries = SubElement(template, "SegmentTimeline")
    told = Timeline(times.timescale, times.bounds[cells.start : cells.stop + 1])
    for ticks, count in told.runs():
        entry = SubElement(entries, "S", {"d": str(ticks)})
        if count > 1:
            entry.set("r", str(count - 1))
    entries[0].set("t", str(told.bounds[0]))


def _rate(plan: Plan) -> str:
    rate = plan.grid.rate
    return str(rate.num) if rate.den == 1 else f"{rate.num}/{rate.den}"
