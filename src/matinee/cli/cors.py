"""Whether browsers may use the bucket: asked as a browser asks."""

import aiohttp

from matinee.cli.bucket import open_bucket
from matinee.common.config import Settings

_PROBE_KEY = ".matinee/cors"
_TIMEOUT = aiohttp.ClientTimeout(total=5)


def origins_of(settings: Settings) -> list[str]:
    """Whose pages upload and play: our own, and those of MATINEE_CORS_ORIGINS."""
    return list(dict.fromkeys([settings.origin(), *settings.cors_origins]))


async def find_refusals(settings: Settings) -> list[str]:
    """What browsers may not do, a sentence each. Raises Unavailable, and aiohttp's errors of the public address."""
    methods = ["PUT", "GET", "HEAD"] if settings.delivery == "redirect" else ["PUT"]
    async with open_bucket(settings) as bucket:
        await bucket.put(_PROBE_KEY, b"probe", "text/plain")
        url = await bucket.get_url(_PROBE_KEY, 60)
        refusals: list[str] = []
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            for origin in origins_of(settings):
                refused = [method for method in methods if not await _lets_send(session, url, origin, method)]
                if refused:
                    refusals.append(f"The bucket's CORS rules do not let {origin} {', '.join(refused)}.")
                elif not await _shows_etag(session, url, origin):
                    refusals.append(f"The bucket's CORS rules do not show {origin} the ETag.")
        await bucket.delete(_PROBE_KEY)
        return refusals


async def _lets_send(session: aiohttp.ClientSession, url: str, origin: str, method: str) -> bool:
    """A preflight, as for a request of our pages."""
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    async with session.options(url, headers=asked) as answer:
        return (
            answer.ok
            and answer.headers.get("Access-Control-Allow-Origin") in ("*", origin)
            and bool({"*", method} & _listed(answer, "Access-Control-Allow-Methods"))
        )


async def _shows_etag(session: aiohttp.ClientSession, url: str, origin: str) -> bool:
    """Exposed headers are told with the answer itself, not with the preflight."""
    async with session.get(url, headers={"Origin": origin}) as answer:
        exposed = {name.lower() for name in _listed(answer, "Access-Control-Expose-Headers")}
        return answer.headers.get("Access-Control-Allow-Origin") in ("*", origin) and bool({"*", "etag"} & exposed)


def _listed(answer: aiohttp.ClientResponse, header: str) -> set[str]:
    return {name.strip() for line in answer.headers.getall(header, []) for name in line.split(",")}
