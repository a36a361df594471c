import asyncio
import re
import time
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from pathlib import Path
from urllib.parse import urljoin
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from msgspec.structs import replace
from tests.integration.media.test_encryption import FILMS, make, packets
from tests.unit.media.plans import plan

from matinee.media import keys

WAYS = ["aes-128", "cenc", "cbcs"]
KID = "AAECAwQFBgcICQoLDA0ODw"


@pytest.fixture(scope="module")
def footage(tmp_path_factory):
    """A picture and a sound, of one cell each."""
    folder = tmp_path_factory.mktemp("footage")
    return {name: make(folder / "film.mp4", FILMS[kind]) for name, kind in (("v240", "h264"), ("audio", "aac"))}


@pytest.fixture
async def encrypted(make_film, footage):
    """Makes a film of which each rendition has a cell, encrypted in some way."""

    async def make(way, **fields):
        film = await make_film(**fields)
        for name, made in footage.items():
            await film.store(0, name, made.cell, made.init)
        await film.change(encryption=way)
        return film

    return make


async def playlist_of(player, film, rendition="v240", **request):
    """The address and the text of a media playlist, as a player finds it."""
    master = await player.get(f"{film.url}/master.m3u8", **request)
    path = re.search(rf"[^\"\n]*/{rendition}/playlist\.m3u8", master.text)[0]
    url = urljoin(f"{film.url}/master.m3u8", path)
    return url, (await player.get(url, **request)).text


def paths_of(url, text):
    return [urljoin(url, path) for path in re.findall(r"^[^#\n]+$", text, re.M)]


def decrypted(data: bytes, key: bytes, index: int) -> bytes:
    decryptor = Cipher(algorithms.AES(key), modes.CBC(index.to_bytes(16))).decryptor()
    unpadder = PKCS7(128).unpadder()
    return unpadder.update(decryptor.update(data) + decryptor.finalize()) + unpadder.finalize()


class TestWholeSegments:
    async def test_each_key_is_for_some_cells_in_a_row(self, player, encrypted) -> None:
        """The first two share one; there is one for each two of the ten cells that 20 s have at most."""
        url, text = await playlist_of(player, await encrypted("aes-128"))
        keys = [urljoin(url, uri) for uri in re.findall(r'#EXT-X-KEY:METHOD=AES-128,URI="([^"]+)"', text)]
        answers = [await player.get(key) for key in keys]
        assert len(keys) == -(-len(paths_of(url, text)) // 2) > 1
        assert text.index("#EXT-X-MAP") < text.index("#EXT-X-KEY")
        assert len({answer.content for answer in answers}) == len(keys)
        assert {len(answer.content) for answer in answers} == {16}
        assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}

    async def test_a_cell_is_the_stored_one_for_whoever_has_the_key(self, player, encrypted, footage) -> None:
        """The init segment is clear."""
        url, text = await playlist_of(player, await encrypted("aes-128"))
        key = await player.get(urljoin(url, re.search(r'KEY:METHOD=AES-128,URI="([^"]+)"', text)[1]))
        cell = await player.get(paths_of(url, text)[0])
        assert decrypted(cell.content, key.content, 0) == footage["v240"].cell
        assert (await player.get(urljoin(url, "init.mp4"))).content == footage["v240"].init

    async def test_there_is_no_dash(self, player, encrypted) -> None:
        """DASH does not know this kind of encryption."""
        film = await encrypted("aes-128")
        answer = await player.get(f"{film.url}/manifest.mpd")
        assert (answer.status_code, answer.json()["code"]) == (409, "not_in_dash")


class TestSamples:
    @pytest.mark.parametrize("way", ["cenc", "cbcs"])
    @pytest.mark.parametrize("name", ["v240", "audio"])
    async def test_a_licence_opens_what_is_delivered(self, player, encrypted, footage, tmp_path, way, name) -> None:
        """With the key that is got by the id in the playlist, FFmpeg reads the stored samples."""
        film = await encrypted(way)
        url, text = await playlist_of(player, film, name)
        kid = re.search(r"base64,([^\"]+)", text)[1].rstrip("=").translate(str.maketrans("+/", "-_"))
        licence = await player.post(f"{film.url}/licence", json={"kids": [kid, KID], "type": "temporary"})
        [key] = licence.json()["keys"]
        assert (key["kid"], licence.headers["cache-control"]) == (kid, "no-store")
        parts = [(await player.get(urljoin(url, part))).content for part in ("init.mp4", "0.m4s")]
        (tmp_path / "clear.mp4").write_bytes(footage[name].init + footage[name].cell)
        (tmp_path / "film.mp4").write_bytes(b"".join(parts))
        secret = urlsafe_b64decode(key["k"] + "==").hex()
        assert packets(tmp_path / "film.mp4", "-decryption_key", secret) == packets(tmp_path / "clear.mp4")

    async def test_the_manifest_names_the_keys_of_picture_and_sound(self, player, encrypted) -> None:
        """They are two, and so that a player can choose what to ask for before it has read any segment."""
        film = await encrypted("cenc")
        manifest = (await player.get(f"{film.url}/manifest.mpd")).text
        kids = [UUID(kid) for kid in re.findall(r'value="cenc"[^>]* cenc:default_KID="([^"]+)"', manifest)]
        asked = [urlsafe_b64encode(kid.bytes).decode().rstrip("=") for kid in kids]
        licence = await player.post(f"{film.url}/licence", json={"kids": asked})
        assert len(set(kids)) == 2
        assert len({key["k"] for key in licence.json()["keys"]}) == 2


class TestWhatIsClear:
    @pytest.mark.parametrize("delivery_mode", ["stream", "redirect"])
    @pytest.mark.parametrize("way", WAYS)
    async def test_the_clear_segments_of_before_are_refused(self, player, encrypted, way) -> None:
        """In every mode of delivery, whoever watched already; nor do other ways of encryption lead there."""
        film = await encrypted("none")
        clear = [f"{film.url}/r1/v240/{file}" for file in ("0.m4s", "init.mp4", "playlist.m3u8", "iframes.m3u8")]
        assert {(await player.get(url)).status_code for url in clear} <= {200, 302}
        await film.change(encryption=way)
        answers = [await player.get(url) for url in clear]
        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "no_such_cell")] * 4
        url, text = await playlist_of(player, film)
        cell = await player.get(paths_of(url, text)[0])
        assert cell.status_code == 200  # never a redirect: what lies in the storage is clear
        await film.change(encryption="none")
        assert (await player.get(url)).status_code == 404

    @pytest.mark.parametrize("way", WAYS)
    async def test_no_keyframe_is_to_be_had_alone(self, player, encrypted, way) -> None:
        """The master names no such playlist."""
        film = await encrypted(way)
        url, _ = await playlist_of(player, film)
        assert "I-FRAME" not in (await player.get(f"{film.url}/master.m3u8")).text
        assert (await player.get(urljoin(url, "iframes.m3u8"))).json()["code"] == "no_such_cell"


class TestRanges:
    @pytest.mark.parametrize("way", WAYS)
    async def test_they_are_of_the_encrypted_segment(self, player, encrypted, cache, way) -> None:
        """From the cache, from a cache that was emptied, and where the disk holds nothing."""
        url, text = await playlist_of(player, await encrypted(way))
        cell = paths_of(url, text)[0]
        whole = await player.get(cell)
        assert whole.headers["cache-control"] == "public, max-age=31536000, immutable"
        for keep in (True, False):
            if not keep:
                cache._limit = 0  # a full disk
                cache._known.clear()
                for file in Path(cache._folder).glob("*/*"):
                    file.unlink()
            for asked, part in (("bytes=100-299", slice(100, 300)), ("bytes=-50", slice(-50, None))):
                answer = await player.get(cell, headers={"Range": asked})
                assert (answer.status_code, answer.content) == (206, whole.content[part])
                assert answer.headers["content-range"].endswith(f"/{len(whole.content)}")
        again = await player.get(cell, headers={"If-None-Match": whole.headers["etag"]})
        assert again.status_code == 304
        assert (await player.head(cell)).headers["content-length"] == str(len(whole.content))


class TestWithoutADisk:
    @pytest.mark.parametrize("way", WAYS)
    async def test_a_crowd_costs_one_cell_that_is_read_and_encrypted(
        self, player, encrypted, storage, tmp_path, monkeypatch, way
    ) -> None:
        """As with a disk: whoever asks meanwhile gets the same."""
        (tmp_path / "cells").write_bytes(b"")  # where its folder would be
        film = await encrypted(way)
        reads: Counter[str] = Counter()
        stream = storage.stream

        def counted(key):
            reads[key] += 1
            return stream(key)

        monkeypatch.setattr(storage, "stream", counted)
        url, text = await playlist_of(player, film)
        cell = paths_of(url, text)[0]
        answers = await asyncio.gather(*(player.get(cell) for _ in range(20)))
        assert len({answer.content for answer in answers}) == 1
        assert reads[keys.cell_key(film.id, "r1", "v240", 0)] == 1


class TestWhoGetsKeys:
    async def test_a_token_opens_the_keys_of_what_it_shows(self, player, encrypted, make_key) -> None:
        """By addresses relative to the playlist; of a part of the video, no others."""
        film = await encrypted("aes-128", visibility="signed")
        key = await make_key(film)
        claims = {"sub": str(film.id), "aud": "video", "exp": int(time.time()) + 300}

        async def keys_by(**part):
            token = jwt.encode({**claims, **part}, key.private_key, algorithm="EdDSA", headers={"kid": str(key.id)})
            path = f"/t/{token}{film.url}"
            address = re.search(r"[^\"\n]*/v240/playlist\.m3u8", (await player.get(f"{path}/master.m3u8")).text)[0]
            url = f"{path}/{address}"
            return [
                urljoin(url, uri) for uri in re.findall(r'METHOD=AES-128,URI="([^"]+)"', (await player.get(url)).text)
            ]

        all_keys, some = await keys_by(), await keys_by(start=9, end=11)
        assert {(await player.get(url)).status_code for url in [*all_keys, *some]} == {200}
        assert len(some) < len(all_keys)
        other = urljoin(some[0], all_keys[0].rpartition("/")[2])
        assert (await player.get(other)).json()["code"] == "no_such_key"
        bare = "/playback/" + all_keys[0].partition("/playback/")[2]
        assert (await player.get(bare)).status_code == 404

    @pytest.fixture
    async def requests(self, player, encrypted, bearer):
        """A private film, and how to ask for a key of each kind as somebody."""
        films = {way: await encrypted(way, visibility="private") for way in ("aes-128", "cenc")}
        owner = {"headers": bearer(films["cenc"].owner_id)}
        master = await player.get(f"{films['cenc'].url}/manifest.mpd", **owner)
        kid = UUID(re.search(r'default_KID="([^"]+)"', master.text)[1])
        url, text = await playlist_of(player, films["aes-128"], headers=bearer(films["aes-128"].owner_id))
        key = urljoin(url, re.search(r'KEY:METHOD=AES-128,URI="([^"]+)"', text)[1])
        kids = {"kids": [urlsafe_b64encode(kid.bytes).decode().rstrip("=")]}

        async def ask(**request):
            licence = await player.post(f"{films['cenc'].url}/licence", json=kids, **request)
            return [await player.get(key, **request), licence]

        return films, ask

    async def test_whoever_may_watch(self, requests, bearer) -> None:
        """To all others the video is as one that does not exist."""
        _, ask = requests
        for somebody, status in (({}, 404), (bearer(), 404), (bearer(role="ADMIN"), 200)):
            answers = await ask(headers=somebody)
            assert [answer.status_code for answer in answers] == [status, status]
            assert all(answer.json()["code"] == "video_not_found" for answer in answers if status == 404)

    async def test_new_keys_put_an_end_to_the_former(self, requests, player, bearer) -> None:
        """Nobody gets them any more, and nothing is delivered that they open."""
        films, ask = requests
        for film in films.values():
            before, _ = await playlist_of(player, film, headers=bearer(film.owner_id))
            renewed = await player.post(f"/api/v1/videos/{film.id}/keys", headers=bearer(film.owner_id))
            film.clock.offset += 1
            assert renewed.status_code == 200
            assert (await player.get(before, headers=bearer(film.owner_id))).json()["code"] == "no_such_cell"
        answers = await ask(headers=bearer(role="ADMIN"))
        assert [answer.json()["code"] for answer in answers] == ["no_such_key", "no_such_key"]

    async def test_a_licence_server_gets_what_players_get(self, requests, player, bearer) -> None:
        """The keys of picture and sound, and the vector that the init segment tells as well."""
        films, ask = requests
        admin = {"headers": bearer(role="ADMIN")}
        exported = (await player.get(f"/api/v1/videos/{films['cenc'].id}/keys", **admin)).json()
        [_, licence] = await ask(**admin)
        assert [item["track"] for item in exported["items"]] == ["video", "audio"]
        assert b64decode(exported["items"][0]["key"]) == urlsafe_b64decode(licence.json()["keys"][0]["k"] + "==")
        assert exported["items"][0]["iv"] is None
        await films["cenc"].change(encryption="cbcs")
        exported = (await player.get(f"/api/v1/videos/{films['cenc'].id}/keys", **admin)).json()
        url, _ = await playlist_of(player, films["cenc"], **admin)
        init = (await player.get(urljoin(url, "init.mp4"), **admin)).content
        assert UUID(exported["items"][0]["kid"]).bytes + b"\x10" + b64decode(exported["items"][0]["iv"]) in init
        assert (await player.get(f"/api/v1/videos/{films['aes-128'].id}/keys", **admin)).json()["items"] == []

    async def test_a_video_that_is_not_encrypted_has_none(self, player, film) -> None:
        """Neither a licence nor a key of segments."""
        answers = [
            await player.post(f"{film.url}/licence", json={"kids": [KID]}),
            await player.get(f"{film.url}/keys/r1/v240/0"),
        ]
        assert [answer.json()["code"] for answer in answers] == ["no_such_key", "no_such_key"]

    async def test_players_on_other_sites_may_ask(self, player, film) -> None:
        """A browser asks before it sends JSON to another site."""
        asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
        answer = await player.options(f"{film.url}/licence", headers=asked)
        assert "POST" in answer.headers["access-control-allow-methods"]
        assert "Content-Type" in answer.headers["access-control-allow-headers"]


class TestWhatCannotBeEncrypted:
    @pytest.mark.parametrize("way", ["cenc", "cbcs"])
    async def test_is_not_delivered_at_all(self, player, film, way) -> None:
        """Rather than clear."""
        await film.store(0)
        await film.change(encryption=way)
        url, text = await playlist_of(player, film)
        answers = [await player.get(address) for address in (urljoin(url, "init.mp4"), paths_of(url, text)[0])]
        assert [answer.json()["code"] for answer in answers] == ["no_such_cell", "no_such_cell"]

    @pytest.mark.parametrize("way", ["cenc", "cbcs"])
    async def test_is_not_encoded_either(self, player, make_film, encoder, way) -> None:
        """Whoever asks for pictures of AV1 has nothing made for nobody."""
        made = plan(20)
        av1 = replace(made.video[-1], name="v240-av1", codec="av1")
        film = await make_film(made=replace(made, alternatives=(av1,)))
        await film.change(encryption=way)
        mark = (await player.get(f"{film.url}/allowed")).headers["x-media-mark"]
        answer = await player.get(film.cell_url(0, "v240-av1").replace("/r1/", f"/r1.{mark}/"))
        assert (answer.json()["code"], encoder.asked) == ("no_such_cell", [])
