from itertools import product
from uuid import UUID

import msgspec
import pytest
from tests.unit.media.plans import plan, sound

from matinee.common.keys.environment import SecretKey
from matinee.common.keys.ring import Keys
from matinee.media import keys
from matinee.media.hls import media_playlist
from matinee.media.timeline import Window
from matinee.modules.encryption.content_keys import Choice, ContentKeys, offered

VIDEO = UUID(int=1)
KEYS = ContentKeys(Keys([SecretKey("s" * 32)]), cells_per_key=15)
CHOSEN = Choice(VIDEO, "cbcs", 1)


class TestDerivation:
    def test_nothing_is_shared_by_two(self) -> None:
        """Neither by videos, ways, versions or servers, nor by picture and sound."""
        servers = (KEYS, ContentKeys(Keys([SecretKey("t" * 32)]), cells_per_key=15))
        chosen = [
            Choice(UUID(int=video), way, version) for video, way, version in product((1, 2), ("cenc", "cbcs"), (1, 2))
        ]
        found = [server.of_samples(each) for server, each in product(servers, chosen)]
        values = [
            value
            for each in found
            if each
            for key in (each.video, each.audio)
            for value in (key.kid, key.key, key.iv)
        ]
        assert len(values) == len(set(values)) == 2 * 8 * 2 * 3
        assert len({server.address("r4", each) for server, each in product(servers, chosen)}) == 16

    def test_whole_segments_have_keys_by_rendition_and_period(self) -> None:
        """Of another length of periods they are others too, and so are the addresses."""
        chosen = Choice(VIDEO, "aes-128", 1)
        longer = ContentKeys(Keys([SecretKey("s" * 32)]), cells_per_key=30)
        places = list(product(("r4", "r4-2"), ("v240", "audio"), (0, 1)))
        found = {server.of_segments(chosen, *place) for server, place in product((KEYS, longer), places)}
        assert len(found) == 16
        assert KEYS.address("r4", chosen) != longer.address("r4", chosen)
        assert KEYS.of_samples(chosen) is None

    def test_they_stay_the_same(self) -> None:
        """Segments are kept for ever by their addresses: a change here must change the address."""
        assert KEYS.address("r4", CHOSEN) == "r4.cbcs-9cd612650597"
        samples = KEYS.of_samples(CHOSEN)
        assert samples is not None
        assert samples.video.key.hex() == "eb1a55a43511048cd779887e47039155"


class TestAddresses:
    @pytest.mark.parametrize("way", ["aes-128", "cenc", "cbcs"])
    def test_they_name_keys_of_objects(self, way: str) -> None:
        """Which nothing in the storage has."""
        address = KEYS.address("r4-h264_vaapi-12", Choice(VIDEO, way, 7))
        assert keys.is_segment(address)

    def test_what_is_not_encrypted_has_the_recipe(self) -> None:
        """As ever."""
        assert KEYS.address("r4", None) == "r4"


class TestPlaylists:
    def test_a_key_stands_before_the_first_cell_that_has_it(self) -> None:
        """Relative to the playlist."""
        made = plan(seconds=130, audio=sound())
        made = msgspec.structs.replace(made, recipe="r4.x")
        tell_key = KEYS.signals(Choice(VIDEO, "aes-128", 1), made, "audio")
        lines = media_playlist(made, "audio", tell_key=tell_key).splitlines()
        keys = [(place, line) for place, line in enumerate(lines) if line.startswith("#EXT-X-KEY")]
        assert [lines[place + 2] for place, _ in keys] == ["0.m4s", "15.m4s", "30.m4s"]
        assert keys[1][1] == '#EXT-X-KEY:METHOD=AES-128,URI="../../keys/r4.x/audio/1"'

    def test_a_part_begins_with_its_key(self) -> None:
        """And with the number that is the vector of its first segment."""
        made = plan(seconds=130, audio=sound())
        tell_key = KEYS.signals(Choice(VIDEO, "aes-128", 1), made, "audio")
        text = media_playlist(made, "audio", Window(40.0, 50.0), tell_key)
        assert "#EXT-X-MEDIA-SEQUENCE:10\n" in text
        assert text.count("#EXT-X-KEY") == 1
        assert text.index("#EXT-X-KEY") < text.index("10.m4s")

    @pytest.mark.parametrize(("way", "method"), [("cenc", "SAMPLE-AES-CTR"), ("cbcs", "SAMPLE-AES")])
    def test_samples_have_one_key(self, way: str, method: str) -> None:
        """Another one for the sound."""
        made = plan(seconds=130, audio=sound())
        picture, heard = (KEYS.signals(Choice(VIDEO, way, 1), made, name) for name in ("v240", "audio"))
        assert picture is not None
        assert heard is not None
        assert picture(0) == picture(9) != heard(0)
        assert picture(0).startswith(f"#EXT-X-KEY:METHOD={method},")

    def test_av1_is_offered_with_whole_segments_alone(self) -> None:
        """Its samples cannot be encrypted here."""
        made = plan()
        av1 = msgspec.structs.replace(made.video[-1], name="v1080-av1", codec="av1")
        made = msgspec.structs.replace(made, alternatives=(av1,))
        assert offered(made, Choice(VIDEO, "aes-128", 1)).alternatives == (av1,)
        assert offered(made, CHOSEN).alternatives == ()
