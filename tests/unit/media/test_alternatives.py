"""The rows beside H.264: which there are, and what they are called."""

from __future__ import annotations

from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.media.plans import plan

from matinee.media import dash, hls
from matinee.media.alternatives import alternatives, offered
from matinee.media.grid import STANDARD_RATES
from matinee.media.ladder import STANDARD_RUNGS, ladder
from matinee.media.levels import av1_codecs, av1_level, hevc_codecs, hevc_level
from matinee.media.model import CopiedRendition, Offer, Plan, Rate, VideoRange
from matinee.media.passthrough import Copy, put_above
from matinee.media.stored_plans import decode_plan

THIRTY, SIXTY = Rate(30, 1), Rate(60, 1)


def names(made: Plan) -> list[str]:
    return [rung.name for rung in made.alternatives]


def hdr_plan(video_range: VideoRange) -> Plan:
    made = plan(size=(854, 480))
    return msgspec.structs.replace(
        made, source=msgspec.structs.replace(made.source, hdr=True, video_range=video_range)
    )


class TestOffers:
    def test_h264_alone_adds_nothing(self) -> None:
        """It is the ladder itself."""
        made = plan()
        assert offered(made, ["h264"]) == made

    def test_a_codec_adds_every_rung(self) -> None:
        """Players stay with one codec, and need its small pictures on a slow line."""
        made = offered(plan(size=(854, 480)), ["h264", "av1"])
        assert names(made) == ["v240-av1", "v360-av1", "v480-av1"]
        assert made.video == plan(size=(854, 480)).video
        assert made.renditions == (*made.video, *made.alternatives)
        for rung, other in zip(made.video, made.alternatives, strict=True):
            assert (rung.width, rung.height) == (other.width, other.height)
            assert other.max_bit_rate < rung.max_bit_rate

    def test_what_is_there_stays_and_the_order_holds(self) -> None:
        """Whichever was offered first, and whatever is offered now."""
        hevc = offered(plan(size=(426, 240)), ["hevc"])
        both = offered(hevc, ["av1"])
        assert names(both) == ["v240-av1", "v240-hevc"]
        assert offered(both, []) == both
        assert both.alternatives[1] is hevc.alternatives[0]

    def test_hdr_is_added_to_hdr_alone(self) -> None:
        """An SDR source has nothing that it would keep."""
        assert names(offered(plan(size=(426, 240)), ["av1-hdr", "hevc-hdr"])) == []
        made = offered(hdr_plan("PQ"), ["av1", "hevc-hdr"])
        assert names(made)[2:4] == ["v480-av1", "v240-hevc-hdr"]
        assert {(rung.video_range, rung.bit_depth) for rung in made.alternatives} == {("SDR", 8), ("PQ", 10)}

    def test_sound_alone_is_offered_as_it_is(self) -> None:
        """There is no picture to code otherwise."""
        assert names(offered(plan(size=None), ["av1"])) == []


class TestBesideACopy:
    def copied(self, average: int, *, of: Plan | None = None) -> Plan:
        made = of or plan()
        rendition = CopiedRendition(
            "v1080-source", 1920, 1080, "avc1.640028", 2 * average, average, 90_000, 15, 360_000, bytes([1]) * 15
        )
        return put_above(made, Copy(rendition, b"", "It conforms."))

    def test_the_size_of_the_copy_is_coded_otherwise(self) -> None:
        """There is no rung of H.264 of that size, but fewer bits are of use at any."""
        made = offered(self.copied(8_000_000), ["av1", "hevc"])
        assert names(made)[4::5] == ["v1080-av1", "v1080-hevc"]
        assert len(made.alternatives) == 10
        usual = offered(plan(), ["av1", "hevc"])
        assert made.alternatives == usual.alternatives
        assert [rung.name for rung in made.video] == ["v240", "v360", "v480", "v720"]
        assert made.reasons == ("It conforms.",)

    def test_it_is_made_for_the_title_as_the_rung_was(self) -> None:
        """The copy took its place; what was found out of the picture is not forgotten."""
        fitted = plan()
        top = msgspec.structs.replace(fitted.video[-1], max_bit_rate=4_000_000, buffer_bits=4_000_000)
        fitted = msgspec.structs.replace(fitted, video=(*fitted.video[:-1], top))
        made = offered(self.copied(8_000_000, of=fitted), ["av1"])
        assert made.alternatives[-1].max_bit_rate == 2_800_000

    @pytest.mark.parametrize(("average", "there"), [(2_200_000, True), (2_000_000, False)])
    def test_it_has_to_be_smaller(self, average: int, there: bool) -> None:
        """Who plays AV1 plays the copy as well, but may never come to it from the smaller sizes."""
        made = offered(self.copied(average), ["av1"])
        assert ("v1080-av1" in names(made)) == ("v240-av1" in names(made)) == there
        said = [reason for reason in made.reasons if "AV1" in reason]
        expected = "Nothing is made in AV1: the largest size would take some 2104 kbit/s, the source's own 2000."
        assert said == ([] if there else [expected])
        assert offered(made, ["av1"]) == made

    def test_a_plan_of_before_gets_it_when_a_codec_is_chosen(self) -> None:
        """Those did not keep the rung that the copy replaced; what they had stays."""
        former = msgspec.structs.replace(offered(self.copied(8_000_000), ["av1"]), replaced=None)
        former = msgspec.structs.replace(former, alternatives=former.alternatives[:-1])
        stored = msgspec.json.encode(former).replace(b',"replaced":null', b"")
        read = decode_plan(stored.decode())
        assert read == former
        assert offered(read, []) == read
        made = offered(read, ["av1"])
        assert made.alternatives == offered(plan(), ["av1"]).alternatives

    def test_playlists_name_it_with_its_codec(self) -> None:
        """In HLS behind the ladder, in DASH in the set of its codec, on the grid, beside what may be switched to."""
        made = offered(self.copied(8_000_000), ["av1"])
        lines = hls.master_playlist(made, {}).splitlines()
        variants = [
            (lines[at], lines[at + 1]) for at, line in enumerate(lines) if line.startswith("#EXT-X-STREAM-INF")
        ]
        assert [uri.split("/")[1] for _, uri in variants] == [rung.name for rung in made.shown]
        top = variants[-1][0]
        assert 'CODECS="av01.0.08M.08"' in top
        assert "RESOLUTION=1920x1080" in top
        sets = ElementTree.fromstring(dash.manifest(made)).findall(".//{*}AdaptationSet")
        assert [len(each.findall("{*}Representation")) for each in sets] == [5, 5]
        assert [each.get("segmentAlignment") for each in sets] == ["false", "true"]
        last = sets[1].findall("{*}Representation")[-1]
        assert (last.get("id"), last.get("codecs"), last.get("width")) == ("v1080-av1", "av01.0.08M.08", "1920")
        assert [each.findall("{*}SupplementalProperty")[0].get("value") for each in sets] == ["1", "0"]


class TestLevels:
    @pytest.mark.parametrize(
        ("size", "rate", "hevc", "av1"),
        [
            ((426, 240), THIRTY, "2.0", "2.0"),
            ((640, 360), THIRTY, "2.1", "2.1"),
            ((854, 480), THIRTY, "3.0", "3.0"),
            ((1280, 720), THIRTY, "3.1", "3.1"),
            ((1920, 1080), THIRTY, "4.0", "4.0"),
            ((1080, 1920), SIXTY, "4.1", "4.1"),
            ((3840, 2160), THIRTY, "5.0", "5.0"),
            ((3840, 2160), SIXTY, "5.1", "5.1"),
        ],
    )
    def test_the_usual_sizes_have_the_usual_levels(
        self, size: tuple[int, int], rate: Rate, hevc: str, av1: str
    ) -> None:
        """As the tables of the standards say."""
        assert (hevc_level(*size, rate, 1000), av1_level(*size, rate, 1000)) == (hevc, av1)

    def test_a_high_cap_lifts_the_level(self) -> None:
        """Each allows only so many bits a second."""
        assert hevc_level(1280, 720, THIRTY, 11_000_000) == "4.0"
        assert av1_level(1280, 720, THIRTY, 11_000_000) == "4.0"

    def test_codecs_follow_their_standards(self) -> None:
        """The examples that everyone knows."""
        assert hevc_codecs("3.1", 8) == "hvc1.1.6.L93.90"
        assert hevc_codecs("5.1", 10) == "hvc1.2.4.L153.90"
        assert av1_codecs("4.0", 8) == "av01.0.08M.08"
        assert av1_codecs("5.1", 10) == "av01.0.13M.10"

    @given(st.sampled_from(STANDARD_RUNGS), st.sampled_from(STANDARD_RATES), st.booleans())
    def test_no_cap_of_the_ladder_lifts_a_level(self, side: int, rate: Rate, portrait: bool) -> None:
        """Size and rate alone decide, as decoders expect of a picture."""
        size = (side, side * 16 // 9) if portrait else (side * 16 // 9, side)
        offers: list[Offer] = ["av1", "hevc"]
        for rung in alternatives(ladder(*size, rate), rate, offers, "SDR"):
            level = av1_level if rung.codec == "av1" else hevc_level
            assert rung.level == level(rung.width, rung.height, rate, 0)
