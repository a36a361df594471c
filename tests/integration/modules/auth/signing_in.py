"""Signing in and staying so, and what one does it by."""

from collections.abc import Mapping
from typing import Any

import httpx

from matinee.bootstrap import Services
from matinee.common.database import execute

AUTH = "/api/v1/auth"
OTHER = "seven lonely anvils"  # a password that is good enough, too


async def log_in(
    api: httpx.AsyncClient,
    email: str,
    password: str,
    ip: str = "127.0.0.1",
    cookies: Mapping[str, str] | None = None,
    **fields: str,
) -> httpx.Response:
    body = {"email": email, "password": password, **fields}
    api.cookies.update(cookies)
    answer = await api.post(f"{AUTH}/login", json=body, headers={"X-Forwarded-For": ip})
    api.cookies.clear()
    return answer


async def refresh(api: httpx.AsyncClient, tokens: dict[str, Any], ip: str = "127.0.0.1") -> httpx.Response:
    body = {"refresh_token": tokens["refresh_token"]}
    answer = await api.post(f"{AUTH}/refresh", json=body, headers={"X-Forwarded-For": ip})
    api.cookies.clear()
    return answer


async def give_password(services: Services, password: str) -> None:
    """Everybody's, as if it had never been judged."""
    async with services.database.connection() as db:
        await execute(db, "UPDATE users SET password_hash = %s", (await services.passwords.hash(password),))
