"""Signed addresses, against what the vendors publish and against their own code."""

import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as elliptic_key
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.unit.common.test_config import REQUIRED

from matinee.common.config import ConfigError
from matinee.common.environment import load_settings
from matinee.modules.playback.cdn import sign_bunny, sign_cloudfront, sign_hmac, sign_secure_link, signer

CELL = "https://cdn.example.org/videos/6f1c/r4/v720/0.m4s"


@pytest.fixture(scope="module")
def rsa_key():
    return generate_private_key(65537, 2048)


def settings_of(**more: str):
    cdn = {"MATINEE_DELIVERY": "cdn", "MATINEE_CDN_URL": "https://cdn.example.org", **more}
    return load_settings({**REQUIRED, **cdn})


def pem(key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_nginx_takes_what_its_documentation_computes() -> None:
    """The documented example, whose expression ends in the client's address, which is part of the path here."""
    url = sign_secure_link("https://host/s/link127.0.0.1", 2147483647, secret="secret")
    assert url == "https://host/s/link127.0.0.1?md5=_e4Nc3iduzkWRm01TBBNYw&expires=2147483647"


def test_bunny_takes_what_its_own_signers_are_tested_with() -> None:
    url = sign_bunny("https://token-tester.b-cdn.net/300kb.jpg", 1598024587, secret="SecurityKey")
    assert url == (
        "https://token-tester.b-cdn.net/300kb.jpg"
        "?token=HS256-o10JRWlsAItyAsdKS6jJKjabHN4FrFsplDHPV1idcX4&expires=1598024587"
    )


def test_cloudfront_takes_what_amazons_own_signer_makes(rsa_key) -> None:
    def sign(message: bytes) -> bytes:
        return rsa_key.sign(message, PKCS1v15(), SHA1())

    until = datetime(2030, 1, 1, tzinfo=UTC)
    theirs = CloudFrontSigner("K2JCJMDEHXQW5F", sign).generate_presigned_url(CELL, date_less_than=until)
    assert sign_cloudfront(CELL, int(until.timestamp()), key_id="K2JCJMDEHXQW5F", key=rsa_key) == theirs


def test_an_edge_of_ones_own_checks_path_and_expiry() -> None:
    query = parse_qs(urlsplit(sign_hmac(CELL, 1893456000, secret="s" * 32)).query)
    message = b"/videos/6f1c/r4/v720/0.m4s?expires=1893456000"
    assert query == {
        "expires": ["1893456000"],
        "signature": [hmac.new(b"s" * 32, message, hashlib.sha256).hexdigest()],
    }


@pytest.mark.parametrize("sign", [sign_hmac, sign_secure_link, sign_bunny])
def test_a_signature_is_of_one_path_one_moment_and_one_secret(sign) -> None:
    urls = {
        sign(CELL, 1, secret="a" * 32),
        sign(CELL, 1, secret="b" * 32),
        sign(CELL, 2, secret="a" * 32),
        sign(CELL.replace("/0.m4s", "/1.m4s"), 1, secret="a" * 32),
    }
    assert len({urlsplit(url).query for url in urls}) == 4


class TestTheSigner:
    @pytest.mark.parametrize("kind", ["hmac", "secure_link", "bunny"])
    def test_has_the_secret_of_the_settings(self, kind) -> None:
        sign = signer(settings_of(MATINEE_CDN_SIGNING=kind, MATINEE_CDN_SECRET="c" * 20))
        assert urlsplit(sign(CELL, 7)).path == urlsplit(CELL).path
        assert sign(CELL, 7) != signer(settings_of(MATINEE_CDN_SIGNING=kind, MATINEE_CDN_SECRET="d" * 20))(CELL, 7)

    def test_reads_the_key_for_cloudfront(self, rsa_key, tmp_path) -> None:
        file = tmp_path / "key.pem"
        file.write_bytes(pem(rsa_key))
        key = {"MATINEE_CDN_KEY_ID": "K1", "MATINEE_CDN_KEY_FILE": str(file)}
        sign = signer(settings_of(MATINEE_CDN_SIGNING="cloudfront", **key))
        assert sign(CELL, 7) == sign_cloudfront(CELL, 7, key_id="K1", key=rsa_key)

    @pytest.mark.parametrize("content", ["missing", "nonsense", "elliptic"])
    def test_says_what_is_wrong_with_it(self, tmp_path, content) -> None:
        file = tmp_path / "key.pem"
        if content != "missing":
            file.write_bytes(b"nonsense" if content == "nonsense" else pem(elliptic_key(SECP256R1())))
        key = {"MATINEE_CDN_KEY_ID": "K1", "MATINEE_CDN_KEY_FILE": str(file)}
        with pytest.raises(ConfigError, match=r"MATINEE_CDN_KEY_FILE: ."):
            signer(settings_of(MATINEE_CDN_SIGNING="cloudfront", **key))
