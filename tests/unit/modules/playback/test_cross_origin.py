from typing import Any

import pytest

from matinee.modules.playback.cross_origin import CrossOriginPlayback, PlaybackPreflights


async def inner(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"access-control-allow-origin", b"https://studio.example"), (b"etag", b'"a"')]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"inner"})


async def answer(method: str, path: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": []}
    await CrossOriginPlayback(PlaybackPreflights(inner))(scope, None, send)  # type: ignore[arg-type]
    return sent[0]["status"], sent[0]["headers"], sent[1]["body"]


class TestCrossOriginPlayback:
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    async def test_any_origin_may_read_playback(self, method: str) -> None:
        _, headers, body = await answer(method, "/playback/x/master.m3u8")
        assert [value for name, value in headers if name == b"access-control-allow-origin"] == [b"*"]
        assert (b"etag", b'"a"') in headers
        assert body == b"inner"

    async def test_players_may_send_tokens_and_ranges(self) -> None:
        status, headers, body = await answer("OPTIONS", "/playback/x/master.m3u8")
        allowed = dict(headers)[b"access-control-allow-headers"]
        assert (status, body) == (204, b"")
        assert b"Authorization" in allowed
        assert b"Range" in allowed
        assert dict(headers)[b"access-control-allow-origin"] == b"*"

    async def test_other_paths_are_left_alone(self) -> None:
        status, headers, body = await answer("OPTIONS", "/api/v1/videos")
        assert dict(headers)[b"access-control-allow-origin"] == b"https://studio.example"
        assert (status, body) == (200, b"inner")
