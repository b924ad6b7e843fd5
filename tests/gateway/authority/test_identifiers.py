"""Exact formats and check letters, with the published valid and invalid examples."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sallyport_gateway.authority import identifiers


@pytest.mark.parametrize("text", ["2002/0073319Z", "2012/0394773H", "2003/0011985X"])
def test_valid_pnc(text: str) -> None:
    assert identifiers.is_pnc(text)


@pytest.mark.parametrize("text", ["2000/1234567A", "2002/0073319z", "02/0073319Z", "2002/73319Z", "2002/0073319Z\n"])
def test_invalid_pnc(text: str) -> None:
    assert not identifiers.is_pnc(text)


@pytest.mark.parametrize("text", ["29906/12J", "SF39/5D"])
def test_valid_cro(text: str) -> None:
    assert identifiers.is_cro(text)


@pytest.mark.parametrize("text", ["29906/12K", "1234567/12J", "SF39/5E", "SF9/5D", "29906/12j", ""])
def test_invalid_cro(text: str) -> None:
    assert not identifiers.is_cro(text)


@pytest.mark.parametrize(
    "text",
    ["a1234bc", "A1234B", "A1234BCD", "AA234BC", "", "A12３4BC", "А1234BC", "A1234BC ", "A1234BC\n"],
)
def test_what_is_no_prisoner_number(text: str) -> None:
    assert identifiers.is_prisoner_number("A1234BC")
    assert not identifiers.is_prisoner_number(text)


def test_other_formats() -> None:
    assert all(identifiers.is_prison_code(code) for code in ("CDI", "MDI", "WWI", "UPI", "ZZGHI"))
    assert not any(identifiers.is_prison_code(code) for code in ("MDX", "MDII", "mdi", "ZZGH", ""))
    assert identifiers.is_crn("X123456") and not identifiers.is_crn("X12345")
    assert identifiers.is_calculation_reference("1f0c3a52-7d0e-4b67-9f6e-0a4b5c6d7e8f")
    assert not identifiers.is_calculation_reference("1F0C3A52-7D0E-4B67-9F6E-0A4B5C6D7E8F")
    assert set(identifiers.WELSH_PRISONS) == {"CFI", "BWI", "PRI", "SWI", "UKI", "UPI"}


@given(st.integers(1950, 2049), st.integers(0, 9_999_999), st.integers(0, 6), st.integers(1, 9))
def test_one_wrong_digit_of_the_serial_never_keeps_the_letter(year: int, serial: int, place: int, off: int) -> None:
    digits = f"{serial:07}"
    letter = identifiers.check_letter(f"{year % 100:02}", digits)
    assert identifiers.is_pnc(f"{year}/{digits}{letter}")
    wrong = digits[:place] + str((int(digits[place]) + off) % 10) + digits[place + 1 :]
    assert not identifiers.is_pnc(f"{year}/{wrong}{letter}")
