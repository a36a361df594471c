"""Content security policies: pages run our own scripts alone and reach our own hosts alone."""

from urllib.parse import urlsplit

from matinee.common.config import Settings

# For everything that is not a page: nothing in it is ever to be run.
INERT = "default-src 'none'; frame-ancestors 'none'"


def page_policy(settings: Settings, *, framed_by: str = "'self'") -> str:
    """The policy of a page; `framed_by` says which sites may embed it."""
    storages = [_origin(s.s3_public_endpoint_url or s.s3_endpoint_url) for s in (settings, settings.former()) if s]
    cdn = [_origin(settings.cdn_url)] if settings.delivery == "cdn" else []
    hosts = " ".join(["'self'", *storages, *cdn])
    return "; ".join(
        (
            "default-src 'self'",
            f"connect-src {hosts}",
            f"img-src {hosts} data: blob:",
            f"media-src {hosts} blob:",
            "style-src 'self' 'unsafe-inline'",  # Swagger UI and the players set styles on elements
            "worker-src 'self' blob:",  # hls.js transmuxes in a worker it makes from a blob
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            f"frame-ancestors {framed_by}",
        )
    )


def _origin(url: str | None) -> str:
    if url is None:
        return "https:"  # AWS: one of its many hosts
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
