from random import Random

from matinee.media.poster_choice import FRAME_HEIGHT, FRAME_WIDTH, poster_score

SIZE = FRAME_WIDTH * FRAME_HEIGHT


def scene(shift: int = 0) -> bytes:
    """Blocks of light and dark, as things in the world have edges."""
    random = Random(1)
    blocks = [[random.randrange(40, 220) for _ in range(16)] for _ in range(9)]
    return bytes(min(255, max(0, blocks[row // 6][column // 6] + shift)) for row in range(54) for column in range(96))


def blurred(frame: bytes, times: int = 6) -> bytes:
    """Each pixel the mean of its row's neighbours, again and again."""
    for _ in range(times):
        frame = bytes(
            sum(frame[max(0, at - reach)] for reach in (-2, -1, 0, 1, 2) if at - reach < SIZE) // 5
            for at in range(SIZE)
        )
    return frame


def dimmed(frame: bytes, share: float) -> bytes:
    return bytes(int(value * share) for value in frame)


class TestScore:
    def test_black_and_blank_are_worth_nothing(self) -> None:
        """Titles on black and white flashes."""
        assert poster_score([bytes(SIZE)] * 3) == 0
        assert poster_score([bytes([255]) * SIZE] * 3) == 0
        assert poster_score([bytes([128]) * SIZE] * 3) == 0
        assert poster_score([]) == 0

    def test_blur_is_worth_less(self) -> None:
        """A lens that still looks for its focus."""
        assert poster_score([blurred(scene())] * 3) < 0.6 * poster_score([scene()] * 3)

    def test_a_fade_is_worth_less_than_what_it_fades_to(self) -> None:
        """From black, by a third each frame."""
        fade = [dimmed(scene(), share) for share in (0.2, 0.6, 1.0)]
        assert poster_score(fade) < 0.2 * poster_score([scene()] * 3)

    def test_darkness_is_worth_less(self) -> None:
        """A scene by night."""
        assert poster_score([dimmed(scene(), 0.2)] * 3) < 0.5 * poster_score([scene()] * 3)
