"""The server as it is shipped, in a process of its own, and people with videos in every state."""

import secrets
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import psycopg
import pytest
from botocore.session import get_session
from tests.contract.stage import Person, Stage, make_key, sign_up
from tests.serving import serving

from matinee.common.config import Settings
from matinee.common.http.authentication import KeyScope
from matinee.embedded.databases import create_database, drop_database
from matinee.embedded.postgres import PostgresEndpoint


@pytest.fixture(scope="session")
def server_settings(
    postgres: PostgresEndpoint, template: str, shared_settings: Settings, run_folder: Path
) -> Iterator[Settings]:
    """Settings of the server: a database of its own, no waiting for cells that nobody encodes."""
    name = f"contract_{secrets.token_hex(6)}"
    with tempfile.TemporaryDirectory(dir=run_folder) as cells:
        yield msgspec.structs.replace(
            shared_settings,
            database_url=create_database(postgres, name, template=template),
            cell_cache_dir=Path(cells),
            cell_wait_seconds=0.0,
        )
    drop_database(postgres, name)


@pytest.fixture(scope="session")
def base_url(server_settings: Settings, run_folder: Path) -> Iterator[str]:
    """The address of the server, which must have logged no crash when the tests are done."""
    with serving(server_settings, run_folder) as server:
        yield server.url
    crashes = [line for line in server.log_lines() if b"request_failed" in line]
    assert not crashes, crashes[0].decode()


@pytest.fixture(scope="session")
def connection(server_settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """The server's database, to put videos in place."""
    with psycopg.connect(server_settings.database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def people(base_url: str, connection: psycopg.Connection[Any]) -> dict[str, Person | None]:
    """Who calls: nobody, the user whose the videos are, by an API key as well, another user, an administrator."""
    user = sign_up(base_url, connection, "USER")
    return {
        "anonymous": None,
        "user": user,
        "another": sign_up(base_url, connection, "USER", name="another"),
        "admin": sign_up(base_url, connection, "ADMIN"),
        "key": make_key(base_url, user, get_args(KeyScope)),
    }


@pytest.fixture(scope="session")
def put_object(server_settings: Settings) -> Iterator[Callable[[str, bytes], None]]:
    """Stores an object."""
    client = get_session().create_client(
        "s3",
        endpoint_url=server_settings.s3_endpoint_url,
        region_name=server_settings.s3_region,
        aws_access_key_id=server_settings.s3_access_key_id,
        aws_secret_access_key=server_settings.s3_secret_access_key,
    )
    yield lambda key, data: client.put_object(Bucket=server_settings.s3_bucket, Key=key, Body=data)
    client.close()


@pytest.fixture
def stage(
    people: dict[str, Person | None],
    connection: psycopg.Connection[Any],
    put_object: Callable[[str, bytes], None],
) -> Stage:
    """Videos of the user in every state, made for one test: others may delete theirs meanwhile."""
    owner = people["user"]
    assert owner is not None
    return Stage(owner, connection, put_object)
