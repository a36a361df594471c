import re

import httpx
import m3u8
import pytest

from matinee.media import hls

PLAYLISTS = ["master.m3u8", "manifest.mpd", "r1/v240/playlist.m3u8", "r1/v240/iframes.m3u8"]


class TestGetHlsMaster:
    async def test_names_the_renditions_relative_to_itself(self, player, film) -> None:
        answer = await player.get(f"{film.url}/master.m3u8")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
        master = m3u8.loads(answer.text)
        assert sorted(p.uri for p in master.playlists) == [f"r1/v{n}/playlist.m3u8" for n in (240, 360, 480)]

    async def test_average_bandwidth_follows_what_is_stored(self, player, film) -> None:
        await film.store(0, data=b"x" * 50_000)
        await film.store(1, data=b"x" * 100_000)
        await film.store(0, "audio", data=b"x" * 50_000)
        master = m3u8.loads((await player.get(f"{film.url}/master.m3u8")).text)
        [lowest] = [p for p in master.playlists if "v240" in p.uri]
        assert lowest.stream_info.average_bandwidth == 150_000 + 100_000

    async def test_the_best_bearable_rung_stands_first_once_it_starts(self, player, film) -> None:
        await film.store(0, "v240")
        first = m3u8.loads((await player.get(f"{film.url}/master.m3u8")).text).playlists[0].uri
        await film.store(0, "v480")
        then = m3u8.loads((await player.get(f"{film.url}/master.m3u8")).text).playlists[0].uri
        assert (first, then) == ("r1/v240/playlist.m3u8", "r1/v480/playlist.m3u8")


def told_of(answer: httpx.Response) -> list[str]:
    """The pictures that a master playlist or a manifest names."""
    return sorted(set(re.findall(r"r1/(v\d+)/playlist.m3u8", answer.text) + re.findall(r'id="(v\d+)"', answer.text)))


@pytest.mark.parametrize("name", ["master.m3u8", "manifest.mpd"])
class TestWhatIsMadeTooSlowly:
    async def test_is_left_out_until_all_of_it_is_stored(self, player, film, name) -> None:
        """Who is at it goes on: its playlist and its cells stay where they are."""
        await film.measure("v480", 0.7)
        assert told_of(await player.get(f"{film.url}/{name}")) == ["v240", "v360"]
        for index in range(film.plan.grid.cells):
            assert told_of(await player.get(f"{film.url}/{name}")) == ["v240", "v360"]
            await film.store(index, "v480")
        assert told_of(await player.get(f"{film.url}/{name}")) == ["v240", "v360", "v480"]

    async def test_stays_reachable(self, player, film, name) -> None:
        """For players that were told of it before."""
        await film.store(0, "v480")
        await film.measure("v480", 0.7)
        await player.get(f"{film.url}/{name}")
        for path in ("playlist.m3u8", "iframes.m3u8", "init.mp4", "0.m4s"):
            assert (await player.get(f"{film.url}/r1/v480/{path}")).status_code == 200

    async def test_comes_back_when_it_is_fast(self, player, film, name) -> None:
        """With other bytes it has another ETag, and with the same again the same."""
        usual = await player.get(f"{film.url}/{name}")
        await film.measure("v360", 0.7)
        short = await player.get(f"{film.url}/{name}", headers={"If-None-Match": usual.headers["etag"]})
        assert (short.status_code, told_of(short)) == (200, ["v240"])
        await film.measure("v360", 0.6)  # a figure that changes nothing
        again = await player.get(f"{film.url}/{name}", headers={"If-None-Match": short.headers["etag"]})
        assert again.status_code == 304
        await film.measure("v360", 2.0)
        back = await player.get(f"{film.url}/{name}")
        assert (back.text, back.headers["etag"]) == (usual.text, usual.headers["etag"])


class TestGetDashManifest:
    async def test_covers_the_whole_film(self, player, film) -> None:
        answer = await player.get(f"{film.url}/manifest.mpd")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/dash+xml"
        assert 'mediaPresentationDuration="PT20.010667S"' in answer.text  # to the end of the last AAC frame


class TestGetHlsPlaylist:
    async def test_is_complete_though_nothing_is_stored(self, player, film) -> None:
        for rendition in ("v240", "v480", "audio"):
            answer = await player.get(f"{film.url}/r1/{rendition}/playlist.m3u8")
            assert answer.status_code == 200
            assert answer.text == hls.media_playlist(film.plan, rendition)

    @pytest.mark.parametrize("name", ["playlist.m3u8", "iframes.m3u8"])
    async def test_an_unknown_recipe_or_rendition_is_not_found(self, player, film, name) -> None:
        for path in ("r1/v999", "r2/v240", "r1/init.mp4"):
            answer = await player.get(f"{film.url}/{path}/{name}")
            assert answer.status_code == 404
            assert answer.json()["code"] == "no_such_cell"


class TestGetHlsKeyframes:
    async def test_grows_with_the_stored_cells(self, player, film) -> None:
        await film.store(0)
        before = m3u8.loads((await player.get(f"{film.url}/r1/v240/iframes.m3u8")).text)
        await film.store(3)
        after = m3u8.loads((await player.get(f"{film.url}/r1/v240/iframes.m3u8")).text)
        assert [s.uri for s in before.segments] == ["0.m4s"]
        assert [(s.uri, s.duration, s.byterange) for s in after.segments] == [
            ("0.m4s", 12.0, "10@0"),
            ("3.m4s", 8.0, "10@0"),
        ]


class TestEveryPlaylist:
    async def test_is_kept_for_seconds_and_told_unchanged_by_its_etag(self, player, film) -> None:
        for path in PLAYLISTS:
            first = await player.get(f"{film.url}/{path}")
            assert first.headers["cache-control"] == "public, max-age=5"
            again = await player.get(f"{film.url}/{path}", headers={"If-None-Match": first.headers["etag"]})
            assert (again.status_code, again.content) == (304, b""), path
            assert again.headers["etag"] == first.headers["etag"]

    async def test_head_gives_the_headers_alone(self, player, film) -> None:
        for path in PLAYLISTS:
            full = await player.get(f"{film.url}/{path}")
            head = await player.head(f"{film.url}/{path}")
            assert (head.status_code, head.content) == (200, b""), path
            for name in ("etag", "content-length", "content-type", "cache-control"):
                assert head.headers[name] == full.headers[name], path

    async def test_any_site_may_read_it(self, player, film) -> None:
        origin = {"Origin": "https://elsewhere.example"}
        for path in PLAYLISTS:
            answer = await player.get(f"{film.url}/{path}", headers=origin)
            assert answer.headers["access-control-allow-origin"] == "*"
            preflight = await player.options(f"{film.url}/{path}", headers=origin)
            assert preflight.status_code == 204
            assert "Authorization" in preflight.headers["access-control-allow-headers"]
