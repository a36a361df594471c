"""Which endpoint a request reaches."""

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matinee.common.errors import MethodNotAllowed
from matinee.common.http.router import NoSuchPath, Router


class Endpoint:
    """Remembers with which values it was reached."""

    def __init__(self) -> None:
        self.reached: list[dict[str, str]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.reached.append(scope["path_params"])


def build(
    *routes: tuple[str, str], fallback: ASGIApp | None = None
) -> tuple[Router, dict[tuple[str, str], Endpoint]]:
    """A router with an endpoint for each method and template."""
    router = Router(fallback)
    endpoints = {route: Endpoint() for route in routes}
    for (method, template), endpoint in endpoints.items():
        router.add(method, template, endpoint)
    return router, endpoints


async def go(router: Router, method: str, path: str) -> list[Message]:
    """Sends a request; returns what was sent back by the router itself."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    await router({"type": "http", "method": method, "path": path}, receive, send)
    return sent


class TestPaths:
    @pytest.mark.parametrize(
        ("path", "template", "values"),
        [
            ("/videos", "/videos", {}),
            ("/videos/mine", "/videos/mine", {}),
            ("/videos/7", "/videos/{id}", {"id": "7"}),
            ("/videos/a b\x00é", "/videos/{id}", {"id": "a b\x00é"}),
            ("/videos/{id}", "/videos/{id}", {"id": "{id}"}),
            ("/videos/7/events", "/videos/{id}/events", {"id": "7"}),
            ("/play/7/r1/v720/12.m4s", "/play/{id}/{recipe}/{name}/{index}.m4s",
             {"id": "7", "recipe": "r1", "name": "v720", "index": "12"}),
            ("/play/7/r1/v720/a.m4s.m4s", "/play/{id}/{recipe}/{name}/{index}.m4s",
             {"id": "7", "recipe": "r1", "name": "v720", "index": "a.m4s"}),
            ("/play/7/r1/v720/init.mp4", "/play/{id}/{recipe}/{name}/init.mp4",
             {"id": "7", "recipe": "r1", "name": "v720"}),
        ],
    )  # fmt: skip
    async def test_the_template_that_fits_is_reached(self, path: str, template: str, values: dict[str, str]) -> None:
        """An exact path before any template; values as they were sent."""
        router, endpoints = build(
            ("GET", "/videos"),
            ("GET", "/videos/{id}"),
            ("GET", "/videos/mine"),
            ("GET", "/videos/{id}/events"),
            ("GET", "/play/{id}/{recipe}/{name}/init.mp4"),
            ("GET", "/play/{id}/{recipe}/{name}/{index}.m4s"),
        )
        await go(router, "GET", path)
        assert endpoints["GET", template].reached == [values]
        assert sum(len(endpoint.reached) for endpoint in endpoints.values()) == 1

    @pytest.mark.parametrize(
        "path", ["", "/", "//", "/videos/", "/videos//", "/videos/7/", "/videos/7/8", "/play/7/r/n/.m4s", "/VIDEOS/7"]
    )
    async def test_anything_else_is_not_found(self, path: str) -> None:
        """No value is empty, no slash is overlooked, case counts."""
        router, _ = build(("GET", "/videos/{id}"), ("GET", "/play/{id}/{recipe}/{name}/{index}.m4s"))
        with pytest.raises(NoSuchPath):
            await go(router, "GET", path)

    async def test_a_fallback_takes_what_is_not_found(self) -> None:
        """Where there is one."""
        taken: list[str] = []

        async def fallback(scope: Scope, receive: Receive, send: Send) -> None:
            taken.append(scope["path"])

        router, _ = build(("GET", "/videos"), fallback=fallback)
        await go(router, "GET", "/else")
        assert taken == ["/else"]


class TestMethods:
    async def test_head_reaches_what_get_does(self) -> None:
        """The server leaves the body out."""
        router, endpoints = build(("GET", "/videos"), ("POST", "/videos"))
        await go(router, "HEAD", "/videos")
        assert endpoints["GET", "/videos"].reached == [{}]

    @pytest.mark.parametrize(
        ("method", "template", "allowed"),
        [
            ("PUT", "/videos", "GET, HEAD, OPTIONS, POST"),
            ("GET", "/login", "OPTIONS, POST"),
            ("HEAD", "/login", "OPTIONS, POST"),
            ("TRACE", "/videos", "GET, HEAD, OPTIONS, POST"),
        ],
    )
    async def test_another_is_refused_with_those_that_there_are(
        self, method: str, template: str, allowed: str
    ) -> None:
        """Which is what `Allow` says."""
        router, _ = build(("GET", "/videos"), ("POST", "/videos"), ("POST", "/login"))
        with pytest.raises(MethodNotAllowed) as refused:
            await go(router, method, template)
        assert refused.value.headers() == {"Allow": allowed}

    async def test_options_are_told_without_reaching_anything(self) -> None:
        """204 with `Allow`."""
        router, endpoints = build(("GET", "/videos/{id}"), ("DELETE", "/videos/{id}"))
        start, *_ = await go(router, "OPTIONS", "/videos/7")
        assert start["status"] == 204
        assert (b"allow", b"DELETE, GET, HEAD, OPTIONS") in start["headers"]
        assert not any(endpoint.reached for endpoint in endpoints.values())
