"""The policy of pages, as browsers read it."""

from tests.unit.common.test_config import load

from matinee.modules.pages.policy import page_policy


def directive(policy: str, name: str) -> list[str]:
    [found] = [part.split()[1:] for part in policy.split("; ") if part.split()[0] == name]
    return found


def test_pages_reach_the_storage_and_a_cdn_that_is_in_use() -> None:
    storage = {"s3_public_endpoint_url": "https://s3.example.org:9000/path"}
    cdn = {"cdn_url": "https://cdn.example.org/films", "cdn_secret": "c" * 16}
    for name in ("connect-src", "img-src", "media-src"):
        without = directive(page_policy(load(**storage, **cdn)), name)
        assert without[:2] == ["'self'", "https://s3.example.org:9000"]
        assert "https://cdn.example.org" not in without
        assert "https://cdn.example.org" in directive(page_policy(load(**storage, **cdn, delivery="cdn")), name)
