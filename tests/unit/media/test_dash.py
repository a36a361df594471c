from fractions import Fraction
from uuid import UUID
from xml.etree.ElementTree import Element, fromstring

import msgspec
from tests.unit.media.plans import NTSC, dubbed, plan, sound

from matinee.media.alternatives import offered
from matinee.media.captions.listing import ListedTrack
from matinee.media.dash import manifest
from matinee.media.model import Plan
from matinee.media.timeline import WHOLE, Window, timeline

MPD = {"mpd": "urn:mpeg:dash:schema:mpd:2011"}


def parsed(made: Plan) -> Element:
    return fromstring(manifest(made).encode())


def adaptation(root: Element, kind: str) -> Element:
    [found] = root.findall(f"mpd:Period/mpd:AdaptationSet[@contentType='{kind}']", MPD)
    return found


def entries(found: Element) -> list[tuple[int, int]]:
    """(start, duration) of every cell, as a player expands the timeline."""
    cells: list[tuple[int, int]] = []
    now = 0
    for entry in found.findall("mpd:SegmentTemplate/mpd:SegmentTimeline/mpd:S", MPD):
        now = int(entry.get("t", now))
        for _ in range(int(entry.get("r", "0")) + 1):
            cells.append((now, int(entry.attrib["d"])))
            now += int(entry.attrib["d"])
    return cells


class TestManifest:
    def test_is_a_static_presentation_of_the_exact_length(self) -> None:
        root = parsed(plan(Fraction("61.5")))
        assert root.get("type") == "static"
        assert root.get("mediaPresentationDuration") == "PT61.500000S"
        assert "urn:mpeg:dash:profile:isoff-live:2011" in root.attrib["profiles"]

    def test_the_length_is_never_rounded_down(self) -> None:
        made = plan(Fraction(10), rate=NTSC)
        declared = Fraction(parsed(made).attrib["mediaPresentationDuration"][2:-1])
        assert 0 <= declared - made.grid.duration < Fraction(1, 1_000_000)

    def test_it_does_not_end_before_its_sound(self) -> None:
        """The last frame of a sound ends behind the last picture; in a part of the film too."""
        made = plan(Fraction(12), audio=sound())
        for window, behind in ((WHOLE, -1), (Window(0.0, 4.0), 1)):
            root = fromstring(manifest(made, window=window).encode())
            heard = timeline(made, made.rendition("audio"))
            declared = Fraction(root.attrib["mediaPresentationDuration"][2:-1])
            assert 0 <= declared - Fraction(heard.bounds[behind], heard.timescale) < Fraction(1, 1_000_000)

    def test_expands_to_the_cells_of_the_grid(self) -> None:
        made = plan(Fraction("61.5"), rate=NTSC, audio=sound(44_100, first_sample=300))
        for kind, rendition in (("video", made.video[0]), ("audio", made.rendition("audio"))):
            found, times = adaptation(parsed(made), kind), timeline(made, rendition)
            template = found.find("mpd:SegmentTemplate", MPD)
            assert template is not None
            assert int(template.attrib["timescale"]) == times.timescale
            assert entries(found) == list(zip(times.bounds, times.durations, strict=False))

    def test_addresses_cells_as_the_hls_playlists_do(self) -> None:
        made = plan(audio=sound())
        for kind in ("video", "audio"):
            template = adaptation(parsed(made), kind).find("mpd:SegmentTemplate", MPD)
            assert template is not None
            assert template.get("initialization") == "r1/$RepresentationID$/init.mp4"
            assert template.get("media") == "r1/$RepresentationID$/$Number$.m4s"
            assert template.get("startNumber") == "0"

    def test_one_set_holds_every_rung(self) -> None:
        made = plan(60, rate=NTSC)
        found = adaptation(parsed(made), "video")
        assert (found.get("frameRate"), found.get("maxHeight")) == ("30000/1001", "1080")
        rungs = found.findall("mpd:Representation", MPD)
        assert [rung.get("id") for rung in rungs] == [rung.name for rung in made.video]
        assert [rung.get("codecs") for rung in rungs] == [rung.codecs for rung in made.video]
        assert [int(rung.attrib["height"]) for rung in rungs] == [rung.height for rung in made.video]

    def test_sound_tells_rate_channels_and_language(self) -> None:
        found = adaptation(parsed(plan(audio=sound(language="deu"))), "audio")
        [representation] = found.findall("mpd:Representation", MPD)
        assert found.get("lang") == "deu"
        assert representation.get("audioSamplingRate") == "48000"
        channels = representation.find("mpd:AudioChannelConfiguration", MPD)
        assert channels is not None
        assert channels.get("value") == "2"

    def test_each_sound_and_number_of_channels_is_a_set(self) -> None:
        """With label, role and channels; the stereo default has priority."""
        root = parsed(plan(sounds=dubbed()))
        sets = root.findall("mpd:Period/mpd:AdaptationSet[@contentType='audio']", MPD)
        assert [found.findtext("mpd:Label", namespaces=MPD) for found in sets] == [
            "Original",
            "Original",
            "de",
            "de (2)",
        ]
        roles = [role.get("value") for found in sets for role in found.findall("mpd:Role", MPD)]
        assert roles == ["main", "main", "alternate", "alternate"]
        path = "mpd:Representation/mpd:AudioChannelConfiguration"
        channels = [config.get("value") for found in sets for config in found.findall(path, MPD)]
        assert channels == ["2", "6", "2", "2"]
        assert [found.get("selectionPriority") for found in sets] == ["2", None, None, None]

    def test_text_is_cut_into_segments_of_its_own(self) -> None:
        texts = [
            ListedTrack(UUID(int=1), "captions", "en", "", default=True, forced=False),
            ListedTrack(UUID(int=2), "subtitles", "und", "Words", default=False, forced=False),
        ]
        root = fromstring(manifest(plan(audio=sound()), texts).encode())
        captions, subtitles = root.findall("mpd:Period/mpd:AdaptationSet[@contentType='text']", MPD)
        assert (captions.get("lang"), subtitles.get("lang")) == ("en", None)
        assert [set_.findtext("mpd:Label", namespaces=MPD) for set_ in (captions, subtitles)] == ["en", "Words"]
        roles = [[role.get("value") for role in set_.findall("mpd:Role", MPD)] for set_ in (captions, subtitles)]
        assert roles == [["caption", "main"], ["subtitle"]]
        assert (captions.get("mimeType"), captions.find("mpd:Representation", MPD).attrib) == (
            "application/mp4",
            {"id": str(UUID(int=1)), "codecs": "wvtt", "bandwidth": "1000"},
        )
        template = captions.find("mpd:SegmentTemplate", MPD)
        assert template.get("timescale") == "1000000"
        assert template.get("initialization") == "captions/$RepresentationID$/init.cmft"
        assert template.get("media") == "captions/$RepresentationID$/$Number$.cmft"
        ids = [found.get("id") for found in root.iter(f"{{{MPD['mpd']}}}AdaptationSet")]
        assert len(ids) == len(set(ids))

    def test_sound_alone_and_picture_alone_have_one_set_each(self) -> None:
        for made in (plan(), plan(size=None, audio=sound())):
            assert len(parsed(made).findall("mpd:Period/mpd:AdaptationSet", MPD)) == 1


class TestCodecs:
    def test_each_codec_has_a_set_that_names_the_others(self) -> None:
        """Players may switch between them, and do not mix them up."""
        made = offered(plan(), ["av1", "hevc"])
        sets = parsed(made).findall("mpd:Period/mpd:AdaptationSet", MPD)
        found = []
        for each in sets:
            names = [
                representation.attrib["codecs"][:4] for representation in each.findall("mpd:Representation", MPD)
            ]
            switching = each.find("mpd:SupplementalProperty", MPD)
            assert switching is not None
            found.append((each.get("id"), set(names), switching.get("value")))
        assert found == [("0", {"avc1"}, "1,2"), ("1", {"av01"}, "0,2"), ("2", {"hvc1"}, "0,1")]

    def test_hdr_is_for_those_who_understand_it(self) -> None:
        """Its colours and transfer are essential; its set stands alone."""
        made = plan()
        pq = msgspec.structs.replace(made.source, hdr=True, video_range="PQ")
        made = offered(msgspec.structs.replace(made, source=pq), ["hevc-hdr"])
        sdr, hdr = parsed(made).findall("mpd:Period/mpd:AdaptationSet", MPD)
        values = {
            each.attrib["schemeIdUri"].rpartition(":")[2]: each.attrib["value"]
            for each in hdr.findall("mpd:EssentialProperty", MPD)
        }
        assert values == {"ColourPrimaries": "9", "MatrixCoefficients": "9", "TransferCharacteristics": "16"}
        assert sdr.find("mpd:EssentialProperty", MPD) is None
        assert sdr.find("mpd:SupplementalProperty", MPD) is None
