"""The photograph on record, for the officer's eye: encrypted like the references, opened only for a running check."""

from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from sallyport_gateway.drivers.authority_access import Action, By, log_access, millis
from sallyport_gateway.drivers.authority_tables import photographs
from sallyport_gateway.drivers.authority_vault import Vault
from sallyport_gateway.ports import Photographed
from sallyport_protocol.errors import MalformedError

JPEG_MOST: Final = 262_144
"""Largest photograph kept, bytes; one of 480 x 600 pixels, as HMPPS has them, is below 100 KiB."""
_FIND: Final = select(photographs).where(photographs.c.prisoner_number == bindparam("number"))
_WHEN: Final = select(photographs.c.captured_on, photographs.c.enrolled_at).where(
    photographs.c.prisoner_number == bindparam("number")
)


def enrol_photograph(
    conn: Connection, vault: Vault, number: str, jpeg: bytes, captured: date, by: By, now: datetime
) -> None:
    """Encrypts and keeps a photograph in place of an earlier one. Raises MalformedError for what is no JPEG."""
    if not jpeg.startswith(b"\xff\xd8") or len(jpeg) > JPEG_MOST:
        raise MalformedError(f"A photograph is a JPEG of at most {JPEG_MOST} bytes.")
    row = {
        "prisoner_number": number,
        "captured_on": captured.isoformat(),
        "key_id": vault.key_id,
        "sealed": vault.seal(jpeg, _bound(number, captured.isoformat())),
        "enrolled_by": by.who,
        "enrolled_at": millis(now),
    }
    conn.execute(delete(photographs).where(photographs.c.prisoner_number == number))
    conn.execute(insert(photographs), row)
    log_access(conn, Action.COLLECTED, number, "photograph", by, now)


def photographed(conn: Connection, number: str) -> Photographed | None:
    """When the person's photograph was taken and stored; it is not opened."""
    row = conn.execute(_WHEN, {"number": number}).first()
    return None if row is None else Photographed(date.fromisoformat(row.captured_on), int(row.enrolled_at))


def open_photograph(conn: Connection, vault: Vault, number: str) -> bytes | None:
    """The JPEG. Raises MalformedError for one that this gateway's key does not open."""
    row = conn.execute(_FIND, {"number": number}).first()
    if row is None:
        return None
    jpeg = vault.open(row.sealed, _bound(number, row.captured_on))
    if jpeg is None:
        raise MalformedError(f"The photograph of {number} does not open with this gateway's key.")
    return jpeg


def _bound(number: str, captured: str) -> bytes:
    return f"sallyport/v1/photograph|{number}|{captured}".encode()
