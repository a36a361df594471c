"""Keys of the environment: what they seal and make is the same as ever, and can be made by others from now on."""

import re
from datetime import date
from uuid import UUID

import pytest

from matinee.common.http.idempotency import identify
from matinee.common.keys.environment import SecretKey
from matinee.common.keys.port import NotOpenedError
from matinee.common.keys.ring import Keys
from matinee.modules.encryption.content_keys import Choice, ContentKeys
from matinee.modules.tokens.seals import Seals
from matinee.modules.uploads.addresses import FileAddresses
from matinee.modules.videos.errors import VideoNotFound
from matinee.modules.views.rules import viewer_key

PURPOSE = b"matinee totp secrets"
VIDEO = UUID(int=7)
BARE = SecretKey("s" * 32)
KEYS = Keys([BARE])
NEW, OLD = SecretKey("n" * 32, "2027a"), SecretKey("o" * 32, "2026a")


class TestSealing:
    async def test_what_was_sealed_before_keys_had_ids_is_opened(self) -> None:
        """By the secret that has none, wherever it stands."""
        sealed = (
            b"gAAAAAAAAAAAuDdQ_qcq-OvJquuC-rTwqwdcZCyYjCSgLJe9JTdt7sISmKGq5FV7eag9wEqKj9TGp5Agn1FWBo5nwqRIRxM-Bw=="
        )
        assert await KEYS.open(PURPOSE, sealed) == b"secret"
        assert await Keys([NEW, BARE]).open(PURPOSE, sealed) == b"secret"

    async def test_it_carries_the_id_of_its_key(self) -> None:
        """The first seals, all open; without its key it stays closed."""
        sealed = await Keys([OLD, BARE]).seal(PURPOSE, b"secret")
        assert re.fullmatch(rb"2026a\.[\w-]{22}==\.gAAAA[\w=-]+", sealed)
        assert await Keys([NEW, OLD]).open(PURPOSE, sealed) == b"secret"
        for keys in (Keys([NEW, BARE]), Keys([SecretKey("x" * 32, "2026a")])):
            with pytest.raises(NotOpenedError):
                await keys.open(PURPOSE, sealed)
        assert (await KEYS.seal(PURPOSE, b"secret")).startswith(b"gAAAA")  # which servers of before open

    @pytest.mark.parametrize(
        "sealed", [b"", b".", b"2026a.", b"2026a.gAAAA", b"\xff.\xff", b"2026a.2026a.x", b".x.y", b"2026a.a.b.c"]
    )
    async def test_what_nothing_has_sealed_is_not_opened(self, sealed: bytes) -> None:
        with pytest.raises(NotOpenedError):
            await Keys([OLD, BARE]).open(PURPOSE, sealed)

    async def test_it_is_another_each_time(self) -> None:
        """Nobody sees that two are the same."""
        for keys in (KEYS, Keys([OLD])):
            assert await keys.seal(PURPOSE, b"secret") != await keys.seal(PURPOSE, b"secret")

    async def test_another_purpose_opens_nothing(self) -> None:
        for keys in (KEYS, Keys([OLD])):
            with pytest.raises(NotOpenedError):
                await keys.open(b"matinee letters", await keys.seal(PURPOSE, b"secret"))


class TestCompatibility:
    def test_what_was_given_out_stays_good(self) -> None:
        """To the byte, by the secret without an id."""
        token = "GMP7Y27XGel4zcYdwgB4nYdytFec-ZYMsMOnPL97ViQ"
        assert FileAddresses("http://localhost", KEYS).of(VIDEO).endswith(f"/file?token={token}")
        assert Seals(KEYS, "http://localhost").seal("a.b.c") == "a.b.c.xjwiL9Or8pf_cOIiE9Rpmg"
        viewer = viewer_key(KEYS.digests(b"matinee viewers"), date(2026, 1, 2), VIDEO, "", "")
        assert viewer.hex() == "1ac3e24565f749f31988f8dc6d4f5c0b"
        fingerprint = identify("k", "s", b"body", KEYS.digests(b"matinee fingerprints")).fingerprints[0]
        assert fingerprint.hex() == "51f3792898612c8a19f01e023ba8b1db2066d1633db978310479b3dd67fd3c9f"
        address = ContentKeys(KEYS, cells_per_key=15).address("r1", Choice(VIDEO, "cbcs", 1))
        assert address == "r1.cbcs-043b7cc5f837"


class TestReplacing:
    def test_what_a_former_key_has_made_is_known_again(self) -> None:
        """Until it is dropped; the first makes what is new."""
        before, while_both, after = Keys([BARE]), Keys([NEW, BARE]), Keys([NEW])
        addresses = [FileAddresses("http://localhost", keys) for keys in (before, while_both, after)]
        tokens = [each.of(VIDEO).partition("token=")[2] for each in addresses]
        assert tokens[0] != tokens[1] == tokens[2]
        addresses[1].check(VIDEO, tokens[0])
        with pytest.raises(VideoNotFound):
            addresses[2].check(VIDEO, tokens[0])
        seals = [Seals(keys, "http://localhost") for keys in (before, while_both)]
        assert seals[1].opened(seals[0].seal("a.b.c")) == seals[1].opened(seals[1].seal("a.b.c")) == ("a.b.c", True)

    def test_no_two_purposes_share_a_key(self) -> None:
        purposes = [b"matinee viewers", b"matinee fingerprints", b"matinee content keys", PURPOSE]
        assert len({NEW.derive_now(purpose) for purpose in purposes}) == len(purposes)
