"""`MATINEE_DELIVERY=cdn` with the edge of `deploy/nginx-edge.conf`, whose origin is a bucket."""

import asyncio
import json
import os
import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
from tests.integration.modules.playback.proxies import nginx

from matinee.common.config import Settings
from matinee.common.storage.s3 import S3Storage
from matinee.modules.playback.cdn import sign_secure_link

SECRET = "a secret of the edge and ours"


@pytest.fixture
async def storage(settings: Settings) -> AsyncIterator[S3Storage]:
    """A bucket that anybody may read who reaches it."""
    ours = msgspec.structs.replace(settings, s3_bucket=f"edge-{secrets.token_hex(4)}")
    storage = S3Storage(ours)
    await storage.open()
    await storage.prepare(["http://localhost:3000"])
    rule = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{ours.s3_bucket}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [rule]})
    await storage._client.put_bucket_policy(Bucket=ours.s3_bucket, Policy=policy)
    yield storage
    await storage.close()


@pytest.fixture
async def edge(storage, s3, tmp_path: Path) -> AsyncIterator[str]:
    """Where the edge answers."""
    places = {
        "127.0.0.1:8333": s3.url.removeprefix("http://"),
        "/matinee/videos/": f"/{storage._bucket}/videos/",
        "replace-this-secret": SECRET,
    }
    async with nginx(tmp_path, "nginx-edge.conf", **places) as url:
        yield url


@pytest.fixture
def delivering(settings: Settings, edge: str) -> Settings:
    return msgspec.structs.replace(
        settings, delivery="cdn", cdn_url=edge, cdn_signing="secure_link", cdn_secret=SECRET, delivery_url_seconds=5
    )


@pytest.fixture
async def anyone() -> AsyncIterator[httpx.AsyncClient]:
    """Who has an address and nothing else."""
    async with httpx.AsyncClient() as client:
        yield client


async def sent_to(player, film, **headers: str) -> str:
    """Where the player is sent for the first cell."""
    answer = await player.get(film.cell_url(0), headers=headers)
    assert (answer.status_code, answer.headers["cache-control"]) == (302, "no-store")
    return str(answer.headers["location"])


class TestTheEdge:
    async def test_sends_what_the_player_was_sent_for(self, player, anyone, film, edge) -> None:
        data = await film.store(0, data=os.urandom(300_000))
        url = await sent_to(player, film)
        assert url.startswith(f"{edge}/videos/{film.id}/r1/v240/0.m4s?")
        whole = await anyone.get(url)
        assert (whole.status_code, whole.content) == (200, data)
        assert whole.headers["content-type"] == "video/mp4"
        assert whole.headers["cache-control"] == "private, max-age=31536000, immutable"
        assert whole.headers["access-control-allow-origin"] == "*"
        head = await anyone.head(url)
        assert (head.headers["content-length"], head.content) == ("300000", b"")
        part = await anyone.get(url, headers={"Range": "bytes=1000-1999"})
        assert (part.status_code, part.content) == (206, data[1000:2000])
        unchanged = await anyone.get(url, headers={"If-None-Match": whole.headers["etag"]})
        assert (unchanged.status_code, unchanged.content) == (304, b"")

    async def test_refuses_a_signature_that_has_expired_or_was_changed(self, player, anyone, film, edge) -> None:
        await film.store(0)
        url = await sent_to(player, film)
        path, _, query = url.partition("?")
        expired = sign_secure_link(path, int(time.time()) - 1, secret=SECRET)
        assert (await anyone.get(expired)).status_code == 410
        other = path.replace("/0.m4s", "/1.m4s")
        later = query.replace("expires=", "expires=9")
        for forged in (path, f"{other}?{query}", f"{path}?{later}", f"{path}?md5=AAAA{query[8:]}"):
            assert (await anyone.get(forged)).status_code == 403, forged
        assert (await anyone.get(f"{edge}/")).status_code == 404

    async def test_asks_the_bucket_once_whoever_signs(self, player, anyone, film, storage) -> None:
        """What is gone from the bucket is still at the edge, under any good signature."""
        data = await film.store(0, data=os.urandom(300_000))
        path = (await sent_to(player, film)).partition("?")[0]
        urls = [sign_secure_link(path, int(time.time()) + 60 + turn, secret=SECRET) for turn in range(20)]
        answers = await asyncio.gather(*(anyone.get(url) for url in urls))
        assert all(answer.content == data for answer in answers)
        await storage.delete(f"videos/{film.id}/r1/v240/0.m4s")
        assert (await anyone.get(urls[0])).content == data
        missing = sign_secure_link(path.replace("/0.m4s", "/1.m4s"), int(time.time()) + 60, secret=SECRET)
        refused = await anyone.get(missing)
        assert (refused.status_code, b"<Error>" in refused.content) == (403, False)


class TestTheApplication:
    async def test_sends_nobody_who_may_not_see(self, player, make_film, bearer, anyone) -> None:
        film = await make_film(visibility="private")
        data = await film.store(0)
        assert (await anyone.get(await sent_to(player, film, **bearer(film.owner_id)))).content == data
        for headers in ({}, bearer()):
            assert (await player.get(film.cell_url(0), headers=headers)).status_code == 404

    async def test_answers_heads_itself(self, player, film) -> None:
        data = await film.store(0)
        head = await player.head(film.cell_url(0))
        assert (head.status_code, head.headers["content-length"]) == (200, str(len(data)))
