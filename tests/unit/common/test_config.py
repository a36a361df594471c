"""Settings from the environment: typed, or every fault told by the variable's name."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from matinee.common.config import ConfigError, Settings
from matinee.common.environment import PREFIX, SECRETS, load_settings, variable_name
from matinee.common.secret_file import latest

REQUIRED = {
    "MATINEE_DATABASE_URL": "postgresql://matinee@localhost/matinee",
    "MATINEE_S3_BUCKET": "matinee",
    "MATINEE_JWT_KEYS": "a:" + "k" * 32,
    "MATINEE_SECRET_KEY": "s" * 32,
}
MODULE = {
    "key_module": "/usr/lib/softhsm/libsofthsm2.so",
    "key_token": "matinee",
    "key_pin": "1234",
    "key_ids": "2027a,2026a",
}
FORMER = {
    "former_s3_bucket": "old",
    "former_s3_access_key_id": "key",
    "former_s3_secret_access_key": "secret",
}


def load(**changes: str) -> Settings:
    """Settings from the required variables and some others."""
    return load_settings({**REQUIRED, **{PREFIX + name.upper(): value for name, value in changes.items()}})


def faults(environ: dict[str, str]) -> dict[str, str]:
    """Variable → message of everything that is wrong."""
    with pytest.raises(ConfigError) as refused:
        load_settings(environ)
    return {fault.path: fault.message for fault in refused.value.faults}


def faulty(**changes: str) -> set[str]:
    """Names of the faulty settings."""
    environ = {**REQUIRED, **{PREFIX + name.upper(): value for name, value in changes.items()}}
    return {variable.removeprefix(PREFIX).lower() for variable in faults(environ)}


class TestLoad:
    def test_what_is_required_suffices(self) -> None:
        """Everything else has a default that is good for production."""
        settings = load()
        assert settings.cookie_secure
        assert settings.rate_limits
        assert not settings.metrics

    def test_a_module_takes_the_place_of_secrets(self) -> None:
        """None need be in the environment; those that are there go on opening and verifying."""
        settings = load(**MODULE, secret_key="", jwt_keys="")
        assert (settings.key_ids, settings.secret_key, settings.jwt_keys) == (("2027a", "2026a"), None, ())
        assert load(**MODULE).secret_key == "s" * 32

    def test_secrets_and_places_have_no_default(self) -> None:
        """All that are missing are told at once, by the variable's name."""
        assert set(faults({})) == set(REQUIRED)

    def test_all_faults_are_told_at_once(self) -> None:
        """Missing, malformed and unknown variables together."""
        wrong = {"MATINEE_PORT": "http", "MATINEE_LOG_LEVEL": "loud", "MATINEE_POTR": "1", "MATINEE_JWT_KEYS": "a:b"}
        environ = {**REQUIRED, **wrong, "MATINEE_PUBLIC_URL": "https://"}
        del environ["MATINEE_S3_BUCKET"]
        assert set(faults(environ)) == {*wrong, "MATINEE_PUBLIC_URL", "MATINEE_S3_BUCKET"}

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("secret_key", "replace-this-by-at-least-32-random-characters"),
            ("jwt_keys", "a:replace-this-by-at-least-32-random-characters"),
            ("jwt_keys", f"a:{'k' * 32},a:{'l' * 32}"),
            ("public_url", "http://example.org:port"),
            ("cors_origins", "https://example.org,nonsense"),
            ("cors_origins", "https://example.org/path"),
        ],
    )
    def test_what_no_type_tells_is_judged_too(self, name: str, value: str) -> None:
        """The example's own secrets, two keys of one id, addresses that are none."""
        assert faulty(**{name: value}) == {name}

    def test_the_examples_own_key_of_the_storage_is_none(self) -> None:
        """As the other secrets of the example."""
        assert faulty(s3_access_key_id="key", s3_secret_access_key="change-me") == {"s3_secret_access_key"}

    def test_the_error_reads_as_a_list(self) -> None:
        """An operator sees it in a terminal."""
        with pytest.raises(ConfigError, match=r"has 1 fault\(s\):\n  MATINEE_PORT: Expected `int` <= 65535\."):
            load(port="70000")

    def test_an_empty_variable_is_an_absent_one(self) -> None:
        """Compose files pass empty strings on."""
        assert load(port="", s3_endpoint_url="").port == 3000

    def test_variables_of_others_do_not_matter(self) -> None:
        """Only those with our prefix are read."""
        assert load_settings({**REQUIRED, "PORT": "x", "HOME": "/root"}).port == 3000

    def test_lists_are_separated_by_commas(self) -> None:
        """Spaces around them are no part of a value."""
        settings = load(cors_origins="https://a.example, https://b.example,", trusted_proxies="10.0.0.0/8")
        assert settings.cors_origins == ("https://a.example", "https://b.example")

    def test_paths_are_paths(self) -> None:
        """Relative ones too."""
        assert load(scratch_dir="/var/tmp/matinee").scratch_dir == Path("/var/tmp/matinee")
        assert load().scratch_dir is None

    @pytest.mark.parametrize(("text", "value"), [("true", True), ("1", True), ("false", False), ("0", False)])
    def test_switches_are_words_or_digits(self, text: str, value: bool) -> None:
        """As people write them."""
        assert load(metrics=text).metrics is value

    def test_a_switch_is_nothing_else(self) -> None:
        """`on` is told to be wrong instead of being taken for `off`."""
        assert faulty(metrics="perhaps") == {"metrics"}


class TestFiles:
    @pytest.fixture
    def secret(self, tmp_path: Path) -> Path:
        """As an orchestrator mounts it; most end with a newline."""
        path = tmp_path / "secret"
        path.write_text("x" * 32 + "\n")
        return path

    def test_a_secret_may_be_in_a_file(self, secret: Path) -> None:
        """Also a list of them; Compose passes the other variable on as an empty one."""
        assert load(secret_key="", secret_key_file=str(secret)).secret_key == "x" * 32
        secret.write_text(f"new:{'n' * 32},old:{'o' * 32}\n")
        assert list(load(jwt_keys="", jwt_keys_file=str(secret)).signing_keys()) == ["new", "old"]

    def test_it_is_read_when_it_is_used(self, secret: Path) -> None:
        """Whoever keeps it may change it; while it is away, what was read last holds."""
        settings = load(**{**FORMER, "former_s3_access_key_id": "", "former_s3_access_key_id_file": str(secret)})
        former = settings.former()
        assert former is not None
        for content, now in [("second", "second"), ("third\n", "third"), ("", "third"), (None, "third")]:
            secret.unlink() if content is None else secret.write_text(content)
            assert latest(former.s3_access_key_id) == now
        assert latest(former.s3_secret_access_key) == "secret"  # which stands in no file

    def test_out_of_a_pipe_it_is_read_once(self, tmp_path: Path) -> None:
        """Who reads on would wait for somebody to write, and with him the event loop."""
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        with ThreadPoolExecutor(1) as writer:
            writer.submit(pipe.write_text, "postgresql://ada@localhost/matinee")
            settings = load(database_url="", database_url_file=str(pipe))
        assert settings.database_url == "postgresql://ada@localhost/matinee"
        assert type(settings.database_url) is str

    def test_one_of_the_two_is_set(self, secret: Path) -> None:
        """Else nobody knows which counts."""
        assert faulty(secret_key_file=str(secret)) == {"secret_key_file"}

    @pytest.mark.parametrize("content", [None, b"", b"\n", b"hunter2\xff"])
    def test_what_cannot_be_read_is_told_once(self, secret: Path, content: bytes | None) -> None:
        """By name, with nothing of what is in it, nor of a secret that was taken for a path."""
        path = "hunter2" if content is None else str(secret)
        if content is not None:
            secret.write_bytes(content)
        told = faults({**REQUIRED, "MATINEE_SECRET_KEY": "", "MATINEE_SECRET_KEY_FILE": path})
        assert set(told) == {"MATINEE_SECRET_KEY_FILE"}
        assert "hunter2" not in str(told)

    def test_what_is_no_secret_is_in_no_file(self, secret: Path) -> None:
        """A slip is told as any other."""
        assert faulty(port_file=str(secret)) == {"port_file"}

    def test_whatever_sounds_like_one_is_a_secret(self) -> None:
        """Whoever adds such a setting decides."""
        words = ("secret", "password", "jwt_keys", "access_key")
        no_secrets = {"password_hash_parallelism"}
        sounding = {name for name in Settings.__struct_fields__ if any(word in name for word in words)}
        assert sounding - no_secrets <= SECRETS


class TestContradictions:
    @pytest.mark.parametrize(
        ("changes", "at_fault"),
        [
            ({"jwt_keys": "k" * 40}, "jwt_keys"),
            ({"jwt_keys": "a:" + "k" * 31}, "jwt_keys"),
            ({"jwt_keys": f"a:{'k' * 32},:{'k' * 32}"}, "jwt_keys"),
            ({"password_peppers": f"a:{'p' * 32},a:{'q' * 32}"}, "password_peppers"),
            ({"password_peppers": "a:" + "p" * 31}, "password_peppers"),
            ({"secret_key": "short"}, "secret_key"),
            ({"secret_key": ""}, "secret_key"),
            ({"secret_keys": "k" * 40}, "secret_keys"),
            ({"secret_keys": "a.b:" + "k" * 32}, "secret_keys"),
            ({"secret_keys": f"a:{'k' * 32},a:{'l' * 32}"}, "secret_keys"),
            ({**MODULE, "key_pin": ""}, "key_pin"),
            ({"key_ids": "2027a"}, "key_ids"),
            ({**MODULE, "key_ids": "A b"}, "key_ids"),
            ({**MODULE, "jwt_keys": "2027a:" + "k" * 32}, "key_ids"),
            ({"public_url": "video.example.org"}, "public_url"),
            ({"s3_endpoint_url": "ftp://storage"}, "s3_endpoint_url"),
            ({"s3_public_endpoint_url": "storage:8333"}, "s3_public_endpoint_url"),
            ({"trusted_proxies": "10.0.0.0/33"}, "trusted_proxies"),
            ({"trusted_proxies": "proxy.internal"}, "trusted_proxies"),
            ({"account_grace_days": "0"}, "account_grace_days"),
            ({"worker_heartbeat_seconds": "10", "worker_stale_seconds": "29"}, "worker_stale_seconds"),
            ({"public_url": "https://v.example.org", "cookie_secure": "false"}, "cookie_secure"),
            ({"session_rest_hours": "0.5", "access_token_minutes": "30"}, "session_rest_hours"),
            ({"session_rest_hours": "169"}, "session_rest_hours"),
            ({"database_url": "mysql://localhost"}, "database_url"),
            ({"cdn_url": "cdn.example.org"}, "cdn_url"),
            ({"delivery": "cdn", "cdn_secret": "c" * 16}, "cdn_url"),
            ({"delivery": "cdn", "cdn_url": "https://cdn.example.org"}, "cdn_secret"),
            ({"cdn_secret": "short"}, "cdn_secret"),
            ({"former_s3_endpoint_url": "http://old"}, "former_s3_bucket"),
            ({"former_s3_access_key_id": "key", "former_s3_secret_access_key": "secret"}, "former_s3_bucket"),
            ({"former_s3_bucket": "old", "former_s3_access_key_id": "key"}, "former_s3_access_key_id"),
            ({"s3_access_key_id": "key"}, "s3_access_key_id"),
            ({"s3_secret_access_key": "secret"}, "s3_access_key_id"),
            ({**FORMER, "former_s3_bucket": "matinee"}, "former_s3_bucket"),
        ],
    )
    def test_what_cannot_work_is_refused(self, changes: dict[str, str], at_fault: str) -> None:
        """At start, by name, instead of at the first request."""
        assert faulty(**changes) == {at_fault}

    def test_cloudfront_wants_the_id_and_the_file_of_its_key(self) -> None:
        cdn = {"delivery": "cdn", "cdn_url": "https://cdn.example.org", "cdn_signing": "cloudfront"}
        assert faulty(**cdn) == {"cdn_key_id", "cdn_key_file"}

    def test_several_are_told_together(self) -> None:
        """None hides another."""
        assert faulty(public_url="x", trusted_proxies="y", jwt_keys="z") == {
            "public_url",
            "trusted_proxies",
            "jwt_keys",
        }

    def test_a_message_does_not_repeat_the_secret(self) -> None:
        """It ends up in logs."""
        with pytest.raises(ConfigError) as refused:
            load(secret_key="hunter2", jwt_keys="a:hunter3")
        assert "hunter" not in str(refused.value)


class TestSignInProviders:
    WORK = '{"id": "work", "name": "Work", "issuer": "https://login.example.org", "client_id": "matinee"}'

    def test_they_are_a_list_in_json(self) -> None:
        """As many as there are."""
        [work] = load(sign_in_providers=f"[{self.WORK}]").sign_in_providers
        assert (work.id, work.issuer, work.client_secret) == ("work", "https://login.example.org", None)

    @pytest.mark.parametrize(
        "wrong",
        [
            "work",
            "{}",
            '[{"id": "work"}]',
            f"[{WORK}, {WORK}]",
            f"[{WORK.replace('https', 'http')}]",
            f"[{WORK.replace('work', 'Work')}]",
        ],
    )
    def test_what_cannot_work_is_refused(self, wrong: str) -> None:
        """No JSON, no list, not all of it, one twice, an issuer in clear text, an id that is no word."""
        assert faulty(sign_in_providers=wrong) == {"sign_in_providers"}


class TestFormer:
    def test_it_is_another_storage_of_the_same_installation(self) -> None:
        """None where nothing is moved."""
        moving = load(**FORMER, former_s3_endpoint_url="http://old", s3_region="eu-1")
        former = moving.former()
        assert former is not None
        assert (former.s3_endpoint_url, former.s3_bucket, former.s3_region) == ("http://old", "old", "us-east-1")
        assert former.database_url == moving.database_url
        assert load().former() is None


class TestSigningKeys:
    def test_the_first_signs_and_all_verify(self) -> None:
        """So keys can be rotated; a secret may hold a colon."""
        keys = load(jwt_keys=f"new:{'n' * 32}:x,old:{'o' * 32}").signing_keys()
        assert list(keys) == ["new", "old"]
        assert keys["new"] == "n" * 32 + ":x"


class TestVariableName:
    @pytest.mark.parametrize(("field", "name"), [("port", "MATINEE_PORT"), ("jwt_keys[1]", "MATINEE_JWT_KEYS")])
    def test_it_is_that_of_the_setting(self, field: str, name: str) -> None:
        """Also for a fault inside a list."""
        assert variable_name(field) == name


class TestExample:
    def test_it_names_every_setting(self) -> None:
        """`.env.example` is where operators look, so it is complete and names nothing that does not exist."""
        example = (Path(__file__).parents[3] / ".env.example").read_text()
        named = {line.partition("=")[0] for line in example.splitlines() if line.startswith(PREFIX)}
        assert named == {variable_name(field) for field in Settings.__struct_fields__}


@pytest.mark.parametrize(
    ("public_url", "origin"),
    [
        ("https://video.example.org", "https://video.example.org"),
        ("https://Video.example.org:443/", "https://video.example.org"),
        ("http://localhost:3000/", "http://localhost:3000"),
        ("http://[::1]:80/films", "http://[::1]"),
    ],
)
def test_the_origin_is_written_as_browsers_write_it(public_url: str, origin: str) -> None:
    """Whatever the operator typed."""
    settings = load_settings({**REQUIRED, "MATINEE_PUBLIC_URL": public_url, "MATINEE_COOKIE_SECURE": "true"})
    assert settings.origin() == origin
