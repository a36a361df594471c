"""What is a view, and whose."""

from datetime import date
from uuid import uuid4

from matinee.common.keys.ring import Digests
from matinee.modules.views.rules import is_program, is_view, viewer_key

S, T = Digests([b"s"]), Digests([b"t"])
DAY, NEXT = date(2026, 11, 27), date(2026, 11, 28)


def test_ten_seconds_are_a_view_or_nearly_all_of_a_shorter_video() -> None:
    assert [is_view(seconds, 600) for seconds in (0, 9.9, 10)] == [False, False, True]
    assert [is_view(seconds, 4) for seconds in (3, 3.6)] == [False, True]
    assert not is_view(5, None)


def test_programs_that_say_so_are_not_counted() -> None:
    assert all(is_program(agent) for agent in (None, "", "Googlebot/2.1", "curl/8", "python-httpx/0.28"))
    assert not is_program("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")


def test_a_viewer_is_known_again_on_the_same_day_and_on_no_other() -> None:
    """An account wherever it is; anybody else by address and browser."""
    account = uuid4()
    assert viewer_key(S, DAY, account, "1.2.3.4", "a") == viewer_key(S, DAY, account, "5.6.7.8", "b")
    anybody = viewer_key(S, DAY, None, "1.2.3.4", "a")
    others = [
        viewer_key(S, NEXT, None, "1.2.3.4", "a"),
        viewer_key(T, DAY, None, "1.2.3.4", "a"),
        viewer_key(S, DAY, None, "1.2.3.5", "a"),
        viewer_key(S, DAY, account, "1.2.3.4", "a"),
    ]
    assert len({anybody, *others}) == 5
