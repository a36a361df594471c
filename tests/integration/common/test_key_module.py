"""Keys that SoftHSM holds: what they do, that nobody gets at them, and accounts that live by them."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Event
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx
import jwt
import msgspec
import pkcs11
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from pkcs11 import Attribute, ObjectClass
from tests.integration.common.softhsm import LABEL, LIBRARY, PIN, make_token
from tests.integration.conftest import PASSWORD, Clock, Person, client_of, problem
from tests.integration.modules.second_factor.test_second_factor import (
    FACTOR,
    LOGIN,
    PROOF,
    REFRESH,
    TOTP_PATH,
    App,
    answer,
    app_of,
    challenge_of,
)

from matinee.app import create_app
from matinee.bootstrap import Services, module_keys, open_services
from matinee.cli.doctor import _keys as look_at_keys
from matinee.cli.keys import make, reseal, show
from matinee.common.config import Settings
from matinee.common.database import fetch_value
from matinee.common.keys.module import ModuleKey, Token
from matinee.common.keys.port import KeysUnavailable
from matinee.common.keys.ring import Keys
from matinee.common.storage.s3 import S3Storage
from matinee.modules.encryption.content_keys import Choice, ContentKeys
from matinee.modules.tokens.keys import KeyRing

ADA = {"email": "ada@example.org", "password": PASSWORD}


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Settings of a token in which there is no key yet."""
    return make_token(tmp_path_factory.mktemp("softhsm"))


@pytest.fixture(scope="module")
def token(module: dict[str, Any]) -> Token:
    return Token(str(LIBRARY), LABEL, PIN, makes=True)


@pytest.fixture(scope="module")
def key(token: Token) -> ModuleKey:
    """The keys of an id."""
    key = ModuleKey(token, "unit")
    assert key.make()
    key.load()
    return key


class TestModuleKey:
    async def test_what_it_derives_is_the_same_each_time(self, key: ModuleKey) -> None:
        """In every process; other for each purpose and thing."""
        again = ModuleKey(Token(str(LIBRARY), LABEL, PIN), "unit")
        things = [(b"a", b""), (b"a", b"1"), (b"a", b"2"), (b"b", b"1")]
        derived = [key.derive_now(*each) for each in things]
        assert derived == [await again.derive(*each) for each in things]
        assert {len(each) for each in derived} == {32}
        assert len(set(derived)) == len(derived)

    async def test_what_it_signs_is_verified_without_it(self, key: ModuleKey) -> None:
        """As ES256 of JWT wants it: two numbers of 32 bytes."""
        signature = await key.sign(b"message")
        assert len(signature) == 64
        numbers = (int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
        key.verifier.verify(encode_dss_signature(*numbers), b"message", ECDSA(SHA256()))

    def test_no_key_leaves_the_module(self, key: ModuleKey, token: Token) -> None:
        """Not by asking for its value, for whoever knows the PIN either."""

        def values() -> list[str]:
            kept = []
            for kind, what in (("SECRET_KEY", "derives"), ("PRIVATE_KEY", "signs")):
                held = token.find(ObjectClass[kind], f"matinee unit {what}")
                assert held[Attribute.SENSITIVE]
                assert not held[Attribute.EXTRACTABLE]
                assert held[Attribute.NEVER_EXTRACTABLE]
                try:
                    kept.append(held[Attribute.VALUE])
                except pkcs11.AttributeSensitive:
                    continue
            return kept

        assert token.ask(values).result() == []

    async def test_a_video_that_was_played_is_played_on_without_it(
        self, key: ModuleKey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its keys follow from one that is asked for once, and are the same in every process."""
        chosen = Choice(uuid4(), "cbcs", 1)
        here, elsewhere = (ContentKeys(Keys([key]), cells_per_key=15) for _ in range(2))
        await here.learn(chosen)
        address = elsewhere.address("r1", chosen)
        monkeypatch.setattr(Token, "find", _fail)
        await here.learn(chosen)
        assert here.address("r1", chosen) == address
        assert here.of_samples(chosen) is not None
        with pytest.raises(KeysUnavailable):
            await here.learn(Choice(chosen.video_id, "cbcs", 2))

    async def test_a_session_that_ended_is_opened_anew(self, key: ModuleKey, token: Token) -> None:
        """A module may be restarted under a process that runs."""
        derived = await key.derive(b"a")
        token.ask(lambda: token.session().close()).result()
        assert await key.derive(b"a") == derived

    async def test_one_that_is_silent_is_not_waited_for(
        self, key: ModuleKey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever waits holds what others need. What nobody waits for any more is not asked."""
        released, derived = Event(), await key.derive(b"a")
        monkeypatch.setattr("matinee.common.keys.module._PATIENCE", 0.05)
        with monkeypatch.context() as silent:
            silent.setattr(Token, "find", lambda *_: released.wait(10))
            for ask in (key.derive(b"a"), key.sign(b"a"), asyncio.to_thread(key.derive_now, b"a")):
                with pytest.raises(KeysUnavailable):
                    await ask
            asked = key._token.ask(lambda: None)
        released.set()
        asked.result(10)
        assert await key.derive(b"a") == derived

    def test_a_wrong_pin_is_presented_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Modules count them, and lock the token for everybody."""
        presented = []

        def log_in(**how: Any) -> None:
            presented.append(how["user_pin"])
            raise pkcs11.PinIncorrect

        library = SimpleNamespace(get_token=lambda **_: SimpleNamespace(open=log_in))
        monkeypatch.setattr(pkcs11, "lib", lambda _: library)
        key = ModuleKey(Token(str(LIBRARY), LABEL, "wrong"), "unit")
        for ask in (key.load, key.load, lambda: key.derive_now(b"a")):
            with pytest.raises(KeysUnavailable, match="PinIncorrect"):
                ask()
        assert presented == ["wrong"]

    @pytest.mark.parametrize(
        ("library", "label", "key_id", "why"),
        [
            ("/usr/lib/nothing.so", LABEL, "unit", "does not answer"),
            (str(LIBRARY), "another", "unit", "NoSuchToken"),
            (str(LIBRARY), LABEL, "another", "NoSuchKey"),
        ],
    )
    def test_what_is_not_there_is_told(self, key: ModuleKey, library: str, label: str, key_id: str, why: str) -> None:
        with pytest.raises(KeysUnavailable, match=why):
            ModuleKey(Token(library, label, PIN), key_id).load()


async def test_without_the_library_it_is_told_which(
    settings: Settings, module: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "matinee.common.keys.module", None)
    fine, _, why = await look_at_keys(msgspec.structs.replace(settings, **module, key_ids=("unit",)))
    assert (fine, why) == (False, "Install `matinee[keys]` for this.")


@asynccontextmanager
async def running(settings: Settings, storage: S3Storage, clock: Clock) -> AsyncIterator[tuple[Services, Any]]:
    """A server with these settings, and a client of it."""
    async with (
        open_services(settings, storage=storage, clock=clock) as services,
        client_of(create_app(services)) as client,
    ):
        yield services, client


async def sign_in(client: httpx.AsyncClient, person: Person, app: App) -> Person:
    """By the password and a code of the app."""
    client.cookies.clear()
    there = Person(client, person.email, person.tokens)
    signed_in = await answer(there, await challenge_of(there), app())
    assert signed_in.status_code == 200, signed_in.text
    return Person(client, person.email, signed_in.json())


async def hash_of(services: Services) -> str:
    async with services.database.connection() as db:
        return str(await fetch_value(db, "SELECT password_hash FROM users"))


class TestInstallation:
    async def test_its_keys_move_into_a_module_and_are_replaced_there(
        self,
        settings: Settings,
        storage: S3Storage,
        clock: Clock,
        module: dict[str, Any],
        password_cost: None,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """From the secrets of the environment by way of both, to one key of the module, and to the next."""
        both = msgspec.structs.replace(settings, **module, key_ids=("first",))
        alone = msgspec.structs.replace(both, secret_key=None, jwt_keys=())
        two = msgspec.structs.replace(alone, key_ids=("second", "first"))
        last = msgspec.structs.replace(alone, key_ids=("second",))

        async with running(settings, storage, clock) as (services, client):
            assert (await client.post("/api/v1/auth/register", json={**ADA, "name": "Ada"})).status_code == 201
            ada = Person(client, ADA["email"], (await client.post(LOGIN, json=ADA)).json())
            app = app_of((await ada.post(TOTP_PATH, PROOF)).json()["secret"], clock)
            assert (await ada.post(f"{TOTP_PATH}/confirm", {"code": app()})).status_code == 200
            signer = (await KeyRing(services.database, services.keys).signer()).id

        with pytest.raises(KeysUnavailable):  # it does not start with keys that are not there
            async with running(both, storage, clock):
                pass
        fine, _, why = await look_at_keys(both)
        assert not fine
        assert "`matinee keys make`" in why
        capsys.readouterr()
        for told in ("first: made.\n", "first: is there.\n"):
            make(both)
            assert capsys.readouterr().out == told
        assert (await look_at_keys(both))[0]

        async with running(both, storage, clock) as (services, client):
            there = Person(client, ada.email, ada.tokens)
            assert (await there.get(FACTOR)).status_code == 200  # what the environment's key has signed
            here = await sign_in(client, ada, app)
            header = jwt.get_unverified_header(here.tokens["access_token"])
            assert header == {"alg": "ES256", "kid": "first", "typ": "JWT"}
            assert (await here.get(FACTOR)).json()["totp"]
            assert (await hash_of(services)).startswith("first$argon2id$")
        capsys.readouterr()
        await show(both)
        shown = capsys.readouterr().out.splitlines()
        assert [line.split()[0] for line in shown] == ["first", "(without", "Sealed"]
        assert shown[-1].endswith("than the first: 2.")
        await reseal(both)
        assert capsys.readouterr().out == "Sealed anew: 2.\n"

        async with running(alone, storage, clock) as (services, client):  # the environment has no secret any more
            here = await sign_in(client, ada, app)
            assert (await KeyRing(services.database, services.keys).signer()).id == signer

        for each in module_keys(two, makes=True):
            each.make()
        async with running(two, storage, clock) as (services, client):
            there = Person(client, ada.email, here.tokens)
            assert (await there.get(FACTOR)).status_code == 200
            renewed = await client.post(REFRESH, json={"refresh_token": here.tokens["refresh_token"]})
            assert jwt.get_unverified_header(renewed.json()["access_token"])["kid"] == "second"
            await sign_in(client, ada, app)
            assert (await hash_of(services)).startswith("second$argon2id$")
            assert [counts async for counts in services.resealing.run()] == [(1, 0), (1, 0)]

        async with running(last, storage, clock) as (services, client):
            here = await sign_in(client, ada, app)
            assert (await KeyRing(services.database, services.keys).signer()).id == signer
            there = Person(client, ada.email, ada.tokens)
            problem(await there.get(FACTOR), 401, "invalid_token")

    async def test_a_refresh_token_outlives_a_module_that_is_away(
        self,
        settings: Settings,
        storage: S3Storage,
        clock: Clock,
        module: dict[str, Any],
        password_cost: None,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """503, and what was presented is as good as before."""
        changed = msgspec.structs.replace(settings, **module, key_ids=("away",))
        module_keys(changed, makes=True)[0].make()
        async with running(changed, storage, clock) as (_, client):
            assert (await client.post("/api/v1/auth/register", json={**ADA, "name": "Ada"})).status_code == 201
            refresh = {"refresh_token": (await client.post(LOGIN, json=ADA)).json()["refresh_token"]}
            client.cookies.clear()
            with monkeypatch.context() as away:
                away.setattr(Token, "find", _fail)
                problem(await client.post(REFRESH, json=refresh), 503, "unavailable")
                problem(await client.post(LOGIN, json=ADA), 503, "unavailable")
            assert (await client.post(REFRESH, json=refresh)).status_code == 200


def _fail(*_: object) -> None:
    raise pkcs11.DeviceRemoved
