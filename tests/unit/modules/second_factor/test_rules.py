"""When codes fit, and what recovery codes look like."""

import pytest

from matinee.modules.second_factor.rules import (
    hash_of,
    is_of_an_app,
    matching_step,
    new_recovery_codes,
    new_secret,
    plain,
)

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("now", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_codes_are_those_of_the_standard(now: int, code: str) -> None:
    """The last six digits of RFC 6238's table."""
    assert matching_step(SECRET, code, now) == now // 30


@pytest.mark.parametrize(("late", "fits"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_a_step_off(late: int, fits: bool) -> None:
    """Each way, and no more."""
    step = matching_step(SECRET, "081804", 1111111109 + late)
    assert step == (1111111109 // 30 if fits else None)


def test_what_is_no_code_fits_nothing() -> None:
    """Nor does it crash."""
    assert matching_step(SECRET, "", 59) is None
    assert matching_step(SECRET, "٢٨٧٠٨٢", 59) is None
    assert not is_of_an_app("٢٨٧٠٨٢")


def test_recovery_codes_are_many_and_however_they_are_typed() -> None:
    """Ten different ones; spaces, dashes and capitals make no other code."""
    codes = new_recovery_codes()
    assert len(set(codes)) == 10
    assert hash_of(plain(codes[0])) == hash_of(plain(f" {codes[0].upper().replace('-', ' ')} "))
    assert not any(is_of_an_app(plain(code)) for code in codes)


def test_secrets_are_of_160_bits() -> None:
    """As RFC 4226 recommends."""
    assert len(new_secret()) == 20
    assert new_secret() != new_secret()
