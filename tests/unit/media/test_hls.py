import re
from decimal import Decimal
from fractions import Fraction
from uuid import uuid4

import m3u8
import msgspec
import pytest
from tests.unit.media.plans import NTSC, dubbed, plan, sound

from matinee.media.alternatives import offered
from matinee.media.bandwidth import Measured
from matinee.media.captions.listing import ListedTrack
from matinee.media.hls import keyframe_playlist, master_playlist, media_playlist
from matinee.media.model import Plan


def listed(language: str = "en", name: str = "") -> ListedTrack:
    return ListedTrack(uuid4(), "subtitles", language, name, default=False, forced=False)


def extinfs(text: str) -> list[Decimal]:
    return [Decimal(value) for value in re.findall(r"^#EXTINF:([\d.]+),$", text, re.MULTILINE)]


def target(text: str) -> int:
    found = re.search(r"^#EXT-X-TARGETDURATION:(\d+)$", text, re.MULTILINE)
    assert found is not None
    return int(found[1])


class TestMasterPlaylist:
    def test_names_every_rung_with_its_sound(self) -> None:
        made = plan(60, audio=sound())
        master = m3u8.loads(master_playlist(made, {}))
        assert {p.uri for p in master.playlists} == {f"r1/{rung.name}/playlist.m3u8" for rung in made.video}
        for playlist in master.playlists:
            assert playlist.stream_info.audio == "audio"
            assert playlist.stream_info.codecs.endswith(",mp4a.40.2")
        [audio] = master.media
        assert (audio.type, audio.group_id, audio.uri) == ("AUDIO", "audio", "r1/audio/playlist.m3u8")
        assert (audio.default, audio.autoselect, audio.channels) == ("YES", "YES", "2")

    def test_lists_every_sound_once_a_group(self) -> None:
        """Same sounds, names and order in each group; who has no 5.1 stands there in stereo; one is the default."""
        master = m3u8.loads(master_playlist(plan(60, sounds=dubbed()), {}))
        groups = {
            group: [media for media in master.media if media.group_id == group] for group in ("audio", "surround")
        }
        for listed in groups.values():
            assert [media.name for media in listed] == ["Original", "de", "de (2)"]
            assert [media.language for media in listed] == ["en", "de", "de"]
            assert [media.default for media in listed] == ["YES", "NO", "NO"]
            assert [media.autoselect for media in listed] == ["YES", "YES", "NO"]
        assert [media.channels for media in groups["audio"]] == ["2", "2", "2"]
        assert [media.channels for media in groups["surround"]] == ["6", "2", "2"]
        assert [media.uri.split("/")[1] for media in groups["surround"]] == ["audio-surround", "audio2", "audio3"]

    def test_large_rungs_come_with_surround_too(self) -> None:
        """Stereo for every rung first; then 720 and more once again; of a small film the largest."""
        made = plan(60, sounds=dubbed())
        variants = m3u8.loads(master_playlist(made, {})).playlists
        told = [(variant.uri.split("/")[1], variant.stream_info.audio) for variant in variants]
        assert told == [(rung.name, "audio") for rung in made.video] + [("v720", "surround"), ("v1080", "surround")]
        small = m3u8.loads(master_playlist(plan(60, size=(640, 360), sounds=dubbed()), {})).playlists
        assert [v.uri.split("/")[1] for v in small if v.stream_info.audio == "surround"] == ["v360"]

    def test_bandwidth_counts_the_largest_sound_of_the_group(self) -> None:
        """Whichever is chosen, it fits."""
        variants = m3u8.loads(master_playlist(plan(60, sounds=dubbed()), {})).playlists
        stereo, surround = (
            next(v.stream_info for v in variants if "v720" in v.uri and v.stream_info.audio == group)
            for group in ("audio", "surround")
        )
        assert surround.bandwidth - stereo.bandwidth >= 320_000 - 128_000
        assert surround.average_bandwidth - stereo.average_bandwidth >= 320_000 - 128_000
        assert surround.codecs == stereo.codecs == "avc1.64001f,mp4a.40.2"

    def test_sounds_without_a_picture_are_chosen_by_group(self) -> None:
        """A variant a group, which begins with the default sound."""
        master = m3u8.loads(master_playlist(plan(size=None, sounds=dubbed()), {}))
        told = [(variant.uri.split("/")[1], variant.stream_info.audio) for variant in master.playlists]
        assert told == [("audio", "audio"), ("audio-surround", "surround")]

    def test_begins_with_version_and_independent_segments(self) -> None:
        lines = master_playlist(plan(), {}).splitlines()
        assert lines[:3] == ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]

    def test_says_size_rate_and_range_of_each_rung(self) -> None:
        master = m3u8.loads(master_playlist(plan(60, rate=NTSC), {}))
        infos = [p.stream_info for p in master.playlists]
        assert [info.resolution for info in infos][-1] == (1920, 1080)
        assert {info.frame_rate for info in infos} == {29.97}
        assert {info.video_range for info in infos} == {"SDR"}

    def test_bandwidth_holds_picture_and_sound(self) -> None:
        silent, sounding = plan(60), plan(60, audio=sound())
        without = m3u8.loads(master_playlist(silent, {})).playlists[0].stream_info.bandwidth
        with_sound = m3u8.loads(master_playlist(sounding, {})).playlists[0].stream_info.bandwidth
        assert with_sound - without >= 128_000

    def test_average_is_measured_from_stored_cells(self) -> None:
        made = plan(60)
        low = made.video[0].name
        master = m3u8.loads(master_playlist(made, {low: Measured(cells=2, bytes=100_000, starts=True)}))
        assert master.playlists[0].stream_info.average_bandwidth == 100_000

    def test_the_lowest_rung_stands_first_while_nothing_else_starts(self) -> None:
        made = plan(60)
        master = m3u8.loads(master_playlist(made, {made.video[0].name: Measured(1, 1000, starts=True)}))
        assert [p.uri.split("/")[1] for p in master.playlists] == [rung.name for rung in made.video]

    def test_a_middling_rung_stands_first_once_all_of_them_start(self) -> None:
        made = plan(60)
        stored = {rung.name: Measured(15, 10**6, starts=True) for rung in made.video}
        master = m3u8.loads(master_playlist(made, stored))
        order = [p.uri.split("/")[1] for p in master.playlists]
        assert order[0] == "v480"
        assert order[1:] == [rung.name for rung in made.video if rung.name != "v480"]

    def test_every_rung_has_a_keyframe_variant(self) -> None:
        made = plan(60, audio=sound())
        master = m3u8.loads(master_playlist(made, {}))
        assert [i.uri for i in master.iframe_playlists] == [f"r1/{r.name}/iframes.m3u8" for r in made.video]

    def test_the_language_is_told_where_it_is_known(self) -> None:
        [audio] = m3u8.loads(master_playlist(plan(audio=sound(language="deu")), {})).media
        assert (audio.language, audio.name) == ("deu", "deu")
        assert "LANGUAGE" not in master_playlist(plan(audio=sound()), {})

    def test_a_silent_video_has_no_audio_group(self) -> None:
        assert "AUDIO" not in master_playlist(plan(), {})

    def test_sound_alone_is_one_variant_without_picture(self) -> None:
        text = master_playlist(plan(size=None, audio=sound()), {})
        [variant] = m3u8.loads(text).playlists
        assert (variant.uri, variant.stream_info.codecs) == ("r1/audio/playlist.m3u8", "mp4a.40.2")
        assert variant.stream_info.resolution is None
        assert "EXT-X-MEDIA" not in text
        assert "I-FRAME" not in text


class TestSubtitles:
    def test_every_variant_belongs_to_the_group(self) -> None:
        for made in (plan(60, audio=sound()), plan(60), plan(60, size=None, audio=sound())):
            master = m3u8.loads(master_playlist(made, {}, [listed()]))
            assert {p.stream_info.subtitles for p in master.playlists} == {"text"}

    def test_without_text_there_is_no_group(self) -> None:
        assert "SUBTITLES" not in master_playlist(plan(), {})

    def test_names_are_told_apart(self) -> None:
        texts = [listed(), listed(), listed(language="de"), listed(language="und")]
        names = [media.name for media in m3u8.loads(master_playlist(plan(), {}, texts)).media]
        assert names == ["en", "en (2)", "de", "Subtitles"]
        hidden = [listed(name="\u202eevil\uffff\u2028"), listed(name="\u200b")]
        assert [media.name for media in m3u8.loads(master_playlist(plan(), {}, hidden)).media] == ["evil", "en"]

    def test_a_name_cannot_end_its_quotes(self) -> None:
        text = master_playlist(plan(), {}, [listed(name='x",DEFAULT=YES,URI="evil')])
        [media] = m3u8.loads(text).media
        assert (media.default, media.name) == ("NO", "x',DEFAULT=YES,URI='evil")


class TestMediaPlaylist:
    @pytest.mark.parametrize("name", ["v720", "audio"])
    def test_is_complete_from_the_plan_alone(self, name: str) -> None:
        made = plan(60, audio=sound())
        text = media_playlist(made, name)
        playlist = m3u8.loads(text)
        assert [s.uri for s in playlist.segments] == [f"{index}.m4s" for index in range(15)]
        assert playlist.segment_map[0].uri == "init.mp4"
        assert (playlist.playlist_type, playlist.is_endlist, playlist.media_sequence) == ("vod", True, 0)
        assert playlist.is_independent_segments

    @pytest.mark.parametrize("rate", [NTSC, plan().grid.rate])
    def test_durations_add_up_to_the_whole_to_the_microsecond(self, rate) -> None:
        made = plan(Fraction("7201.3"), rate=rate)
        total = sum(extinfs(media_playlist(made, "v720")))
        assert total == Decimal(round(made.grid.duration * 1_000_000)) / 1_000_000

    @pytest.mark.parametrize("seconds", [Fraction(1, 30), 1, 4, Fraction("4.4"), Fraction("8.5"), 61])
    def test_no_duration_rounds_above_the_target(self, seconds) -> None:
        text = media_playlist(plan(seconds, audio=sound()), "v720")
        assert max(int(value + Decimal("0.5")) for value in extinfs(text)) <= target(text)
        assert target(text) >= 1

    def test_sound_is_cut_at_whole_aac_frames(self) -> None:
        durations = extinfs(media_playlist(plan(60, audio=sound()), "audio"))
        assert all(abs(value * 48_000 / 1024 % 1 - Decimal("0.5")) > Decimal("0.499") for value in durations)

    def test_an_unknown_rendition_is_refused(self) -> None:
        with pytest.raises(KeyError):
            media_playlist(plan(), "v9999")


class TestKeyframePlaylist:
    def made(self) -> Plan:
        return plan(20)

    def test_names_the_first_keyframe_of_each_stored_cell(self) -> None:
        playlist = m3u8.loads(keyframe_playlist(self.made(), "v720", [100, 200, 300, 400, 500]))
        assert playlist.is_i_frames_only
        assert [(s.uri, s.byterange) for s in playlist.segments] == [
            (f"{index}.m4s", f"{(index + 1) * 100}@0") for index in range(5)
        ]

    def test_a_keyframe_stays_until_the_next_one_that_exists(self) -> None:
        text = keyframe_playlist(self.made(), "v720", [100, None, None, 400])
        assert extinfs(text) == [Decimal(12), Decimal(8)]
        assert target(text) == 12
        assert "EXT-X-GAP" not in text

    def test_time_before_the_first_keyframe_is_a_gap(self) -> None:
        text = keyframe_playlist(self.made(), "v720", [None, None, 300])
        assert text.index("#EXT-X-GAP\n#EXTINF:8.000000,") < text.index("2.m4s")
        assert sum(extinfs(text)) == 20

    @pytest.mark.parametrize("nothing", [[], [None, None, None, None, None]])
    def test_all_of_it_is_a_gap_where_nothing_is_stored(self, nothing) -> None:
        text = keyframe_playlist(self.made(), "v720", nothing)
        assert extinfs(text) == [Decimal(20)]
        assert "BYTERANGE" not in text


class TestCodecs:
    def test_other_codecs_stand_behind_h264(self) -> None:
        """Who reads the first variants only finds what everyone plays."""
        made = offered(plan(60, audio=sound()), ["av1", "hevc"])
        master = m3u8.loads(master_playlist(made, {}))
        codecs = [p.stream_info.codecs[:4] for p in master.playlists]
        assert codecs == ["avc1"] * len(made.video) + ["av01"] * len(made.video) + ["hvc1"] * len(made.video)
        assert master.playlists[-1].stream_info.codecs == f"{made.alternatives[-1].codecs},mp4a.40.2"
        assert {p.stream_info.audio for p in master.playlists} == {"audio"}
        assert [i.uri for i in master.iframe_playlists] == [f"r1/{r.name}/iframes.m3u8" for r in made.pictures]

    def test_the_range_of_hdr_is_told(self) -> None:
        """And that of the others, which have another one."""
        made = plan(60)
        hlg = msgspec.structs.replace(made.source, hdr=True, video_range="HLG")
        made = offered(msgspec.structs.replace(made, source=hlg), ["hevc-hdr"])
        master = m3u8.loads(master_playlist(made, {}))
        assert [p.stream_info.video_range for p in master.playlists] == [r.video_range for r in made.pictures]
        assert {r.video_range for r in made.alternatives} == {"HLG"}
