"""Text tracks as players get them."""

from uuid import uuid4
from xml.etree.ElementTree import fromstring

import m3u8
import msgspec
import pytest
from tests.unit.media.plans import opened, plan

from matinee.common.database import execute
from matinee.media import hls
from matinee.media.captions.model import Cue
from matinee.media.captions.read import read_stored
from matinee.media.captions.vtt import write_vtt
from matinee.media.captions.wvtt import cut_wvtt, init_segment
from matinee.media.model import Rate

CUES = [Cue(1000, 2500, "Hello <i>there</i>"), Cue(58_000, 62_000, "across the edge")]


async def tracks_of(player, film) -> list:
    master = m3u8.loads((await player.get(f"{film.url}/master.m3u8")).text)
    return [media for media in master.media if media.type == "SUBTITLES"]


class TestMaster:
    async def test_offers_subtitles_and_captions(self, player, film) -> None:
        """As they were declared; what else there is of text is no matter of playlists."""
        first = await film.add_track(CUES, language="pt-BR", name='A "name"')
        second = await film.add_track(CUES, kind="captions", language="und", is_default=True)
        await film.add_track(CUES, kind="chapters")
        subtitles, captions = await tracks_of(player, film)
        assert (subtitles.language, subtitles.name, subtitles.uri) == (
            "pt-BR",
            "A 'name'",
            f"captions/{first}/index.m3u8",
        )
        assert (subtitles.default, subtitles.autoselect, subtitles.forced) == ("NO", "YES", "NO")
        assert (captions.default, captions.language, captions.name) == ("YES", None, "Subtitles")
        assert "transcribes-spoken-dialog" in captions.characteristics
        assert captions.uri == f"captions/{second}/index.m3u8"

    async def test_a_new_track_appears_within_a_second(self, player, film) -> None:
        """And one that is deleted goes."""
        assert await tracks_of(player, film) == []
        track = await film.add_track(CUES)
        assert len(await tracks_of(player, film)) == 1
        async with film.database.connection() as db:
            await execute(db, "DELETE FROM text_tracks WHERE id = %s", (track,))
        film.clock.offset += 1
        assert await tracks_of(player, film) == []


class TestManifest:
    async def test_holds_each_in_segments(self, player, film) -> None:
        """With language, label and role."""
        track = await film.add_track(CUES, language="de", name="Deutsch", is_forced=True, is_default=True)
        root = fromstring((await player.get(f"{film.url}/manifest.mpd")).text)
        names = {"mpd": "urn:mpeg:dash:schema:mpd:2011"}
        [found] = root.findall(".//mpd:AdaptationSet[@contentType='text']", names)
        assert (found.get("lang"), found.get("mimeType")) == ("de", "application/mp4")
        assert [role.get("value") for role in found.findall("mpd:Role", names)] == ["forced-subtitle", "main"]
        assert found.findtext("mpd:Label", namespaces=names) == "Deutsch"
        assert found.find("mpd:Representation", names).get("id") == str(track)


class TestTrack:
    @pytest.mark.parametrize(("made", "first", "last"), [(plan(150), 60.0, 30.0), (opened(plan(150)), 57.0, 33.0)])
    async def test_its_playlist_has_whole_cells(self, player, make_film, made, first, last) -> None:
        """A segment a minute, or what as many cells last where the first is short."""
        film = await make_film(made=made)
        track = await film.add_track(CUES)
        answer = await player.get(f"{film.url}/captions/{track}/index.m3u8")
        assert answer.headers["content-type"] == hls.CONTENT_TYPE
        playlist = m3u8.loads(answer.text)
        assert [s.uri for s in playlist.segments] == ["0.vtt", "1.vtt", "2.vtt"]
        assert [s.duration for s in playlist.segments] == [first, 60.0, last]
        assert (playlist.target_duration, playlist.is_endlist) == (60, True)

    async def test_its_segments_hold_the_cues_that_touch_them(self, player, make_film) -> None:
        """Cut at the grid, which changes with the video's file: whoever keeps them asks again."""
        film = await make_film(made=plan(150))
        track = await film.add_track(CUES)
        head = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n"
        second = "\n00:00:58.000 --> 00:01:02.000\nacross the edge\n\n"
        texts = []
        for index in range(3):
            answer = await player.get(f"{film.url}/captions/{track}/{index}.vtt")
            assert answer.headers["content-type"] == "text/vtt"
            assert answer.headers["cache-control"] == "public, max-age=5"
            texts.append(answer.text)
        assert texts[0] == head + "\n00:00:01.000 --> 00:00:02.500\nHello <i>there</i>\n" + second
        assert texts[1:] == [head + second, head + "\n"]
        assert (await player.get(f"{film.url}/captions/{track}/3.vtt")).json()["code"] == "no_such_track"

    async def test_its_segments_for_dash_are_mp4(self, player, make_film) -> None:
        """As many as for HLS, and an initialization segment; kept as shortly as those."""
        film = await make_film(made=plan(150))
        track = await film.add_track(CUES)
        cut = cut_wvtt(read_stored(write_vtt(CUES).encode()), [0, 60_000_000, 120_000_000, 150_000_000])
        expected = {"init.cmft": init_segment(), **{f"{index}.cmft": data for index, data in enumerate(cut)}}
        for name, data in expected.items():
            answer = await player.get(f"{film.url}/captions/{track}/{name}")
            assert answer.headers["content-type"] == "application/mp4"
            assert answer.headers["cache-control"] == "public, max-age=5"
            assert answer.content == data, name
            again = {"If-None-Match": answer.headers["etag"]}
            assert (await player.get(f"{film.url}/captions/{track}/{name}", headers=again)).status_code == 304
        assert (await player.get(f"{film.url}/captions/{track}/3.cmft")).json()["code"] == "no_such_track"

    async def test_another_grid_cuts_them_elsewhere(self, player, make_film) -> None:
        """After another file came, whoever asks by the former ETag gets the new segment; the whole stays as it is."""
        film = await make_film(made=plan(150))
        track = await film.add_track([*CUES, Cue(110_000, 111_000, "late")])
        segment, whole = (f"{film.url}/captions/{track}{rest}" for rest in ("/1.vtt", ".vtt"))
        before = {address: await player.get(address) for address in (segment, whole)}
        assert "late" in before[segment].text
        shifted = plan(150, rate=Rate(24, 1))
        grid = msgspec.structs.replace(shifted.grid, frames_per_cell=1200)
        shifted = msgspec.structs.replace(shifted, recipe="r1-2", grid=grid)
        await film.change(plan=msgspec.json.encode(shifted).decode())
        after = {
            address: await player.get(address, headers={"If-None-Match": answer.headers["etag"]})
            for address, answer in before.items()
        }
        assert (after[segment].status_code, after[whole].status_code) == (200, 304)
        assert after[segment].headers["etag"] != before[segment].headers["etag"]
        assert "late" not in after[segment].text

    async def test_the_whole_is_one_file(self, player, film) -> None:
        """In ranges too."""
        track = await film.add_track(CUES)
        answer = await player.get(f"{film.url}/captions/{track}.vtt")
        assert answer.headers["content-type"] == "text/vtt"
        assert answer.text.startswith("WEBVTT\n\n00:00:01.000")
        part = await player.get(f"{film.url}/captions/{track}.vtt", headers={"Range": "bytes=0-5"})
        assert (part.status_code, part.text) == (206, "WEBVTT")

    async def test_is_found_under_its_own_video_alone(self, player, film, make_film) -> None:
        """Another one's, and none at all."""
        other = await make_film()
        track = await other.add_track(CUES)
        for path in (
            f"{track}.vtt",
            f"{track}/index.m3u8",
            f"{track}/0.vtt",
            f"{track}/0.cmft",
            f"{track}/init.cmft",
            f"{uuid4()}.vtt",
        ):
            answer = await player.get(f"{film.url}/captions/{path}")
            assert (answer.status_code, answer.json()["code"]) == (404, "no_such_track"), path
