import pytest

from matinee.media.blurhash import SIDE, blurhash

BLACK, WHITE = bytes(3 * SIDE * SIDE), bytes([255]) * (3 * SIDE * SIDE)
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"


def number(text: str) -> int:
    value = 0
    for digit in text:
        value = 83 * value + DIGITS.index(digit)
    return value


class TestBlurhash:
    def test_it_has_the_same_length_for_every_picture(self) -> None:
        """Four by three waves: size, strength, average, eleven more of two digits each."""
        assert len(blurhash(BLACK)) == len(blurhash(WHITE)) == 1 + 1 + 4 + 11 * 2

    def test_the_first_digit_tells_the_waves(self) -> None:
        """(columns - 1) + 9 × (rows - 1)."""
        assert number(blurhash(WHITE)[0]) == 3 + 9 * 2
        assert number(blurhash(WHITE, portrait=True)[0]) == 2 + 9 * 3

    @pytest.mark.parametrize(("pixels", "average"), [(BLACK, 0), (WHITE, 0xFFFFFF)])
    def test_the_average_is_the_colour(self, pixels: bytes, average: int) -> None:
        """As 24 bits of sRGB."""
        assert number(blurhash(pixels)[2:6]) == average

    def test_a_picture_that_grows_lighter_to_the_right_says_so(self) -> None:
        """The first wave across is negative, for its light comes last; next to nothing goes up or down."""
        ramp = bytes(value for _ in range(SIDE) for column in range(SIDE) for value in [column * 8] * 3)
        text = blurhash(ramp)
        across, down = number(text[6:8]), number(text[12:14])
        assert across // 361 == across // 19 % 19 == across % 19 < 3
        assert down // 361 == down // 19 % 19 == down % 19
        assert abs(down % 19 - 9) <= 2

    def test_other_sizes_are_refused(self) -> None:
        """Rather than read as garbage."""
        with pytest.raises(ValueError):
            blurhash(b"\0" * 12)
