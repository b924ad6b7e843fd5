"""Identifiers of people and prisons, with their exact formats and check letters. Pure.

Formats: the Ministry of Justice's public validation code; see docs/authority.md.
"""

import re
from typing import Final

_PRISONER = re.compile(r"[A-Z]\d{4}[A-Z]{2}", re.ASCII)
_PNC = re.compile(r"(\d{4})/(\d{7})([A-Z])", re.ASCII)
_CRO = re.compile(r"(\d{1,6})/(\d{2})([A-Z])", re.ASCII)
_CRO_SF = re.compile(r"SF(\d{2})/(\d{1,6})([A-Z])", re.ASCII)
_CRN = re.compile(r"[A-Z]\d{6}", re.ASCII)
_PRISON = re.compile(r"[A-Z]{2}I|ZZGHI", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)

_CHECK_LETTERS: Final = "ZABCDEFGHJKLMNPQRTUVWXY"
"""No I, O or S: letters that a clerk reads as digits."""

WELSH_PRISONS: Final = {
    "CFI": "Carchar Caerdydd",
    "BWI": "Carchar y Berwyn",
    "PRI": "Carchar Parc",
    "SWI": "Carchar Abertawe",
    "UKI": "Carchar Brynbuga",
    "UPI": "Carchar Prescoed",
}
"""Prisons whose screens and prompts are also in Welsh, by code."""


def is_prisoner_number(text: str) -> bool:
    """A1234BC. There is no check digit, so a well-formed number may still be another real person's."""
    return _PRISONER.fullmatch(text) is not None


def is_prison_code(text: str) -> bool:
    """MDI, or ZZGHI for a person outside the estate."""
    return _PRISON.fullmatch(text) is not None


def is_crn(text: str) -> bool:
    """Probation's case reference number, X123456."""
    return _CRN.fullmatch(text) is not None


def is_calculation_reference(text: str) -> bool:
    """A UUID in lower case with hyphens."""
    return _UUID.fullmatch(text) is not None


def check_letter(year: str, serial: str) -> str:
    """The letter over a two-digit year followed by a serial of digits."""
    return _CHECK_LETTERS[int(year + serial) % len(_CHECK_LETTERS)]


def is_pnc(text: str) -> bool:
    """Police National Computer number YYYY/NNNNNNNC whose letter agrees, e.g. 2002/0073319Z."""
    match = _PNC.fullmatch(text)
    return match is not None and check_letter(match[1][2:], match[2]) == match[3]


def is_cro(text: str) -> bool:
    """Criminal Records Office number, standard (29906/12J, serial padded to 6) or short file (SF39/12345C)."""
    if match := _CRO.fullmatch(text):
        return check_letter(match[2], match[1].zfill(6)) == match[3]
    if match := _CRO_SF.fullmatch(text):
        return check_letter(match[1], match[2]) == match[3]
    return False
