"""Who is signed in to read, and the log of what they read (Data Protection Act 2018, s.62: who, when, why).

A sign-in is an officer's signed act with a reason. The browser gets 32 random bytes; the store keeps their SHA-256, so
every gateway of the store knows the reader and a stolen store signs in nobody. Each use asks the registry again: a
revoked officer reads nothing more (S18).
"""

import base64
import secrets
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from sallyport_gateway.acts.officer_acts import BelievedAct, refuse_officer
from sallyport_gateway.drivers.authority_access import Action, By, log_access
from sallyport_gateway.service import Service
from sallyport_gateway.store.tables import readers
from sallyport_gateway.web.ports import Reader
from sallyport_protocol.acts import ActKind

LIFE_MS: Final = 8 * 3_600_000
"""A sign-in lasts a shift, ms."""
_MOST: Final = 10_000
"""Readers whose consultations are remembered; a forgotten one's are logged once more."""


class Reading:
    """Implements `Readers` over the gateway's store, and keeps the log of consultations."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._known: dict[str, set[tuple[str, str]]] = {}

    async def sign_in(self, believed: BelievedAct, why: str, now: int) -> str:
        """A new sign-in; what the browser shows. `now` in ms since 1970 UTC."""
        token = secrets.token_bytes(32)
        row = {"token": sha256(token).digest(), "key_id": believed.officer.fingerprint, "why": why, "at": now}

        def job(conn: Connection) -> None:
            conn.execute(delete(readers).where(readers.c.until <= now))
            conn.execute(insert(readers), {**row, "until": now + LIFE_MS})

        await self._service.store.write(job)
        return base64.urlsafe_b64encode(token).decode()

    async def reader(self, token: str) -> Reader | None:
        """Whose sign-in this is; None where it is over, or its holder may not read any more."""
        try:
            digest = sha256(base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)).digest()
        except ValueError:
            return None
        service, moment = self._service, self._service.clock.now()
        query = select(readers).where(readers.c.token == digest)
        row = await service.store.read(lambda conn: conn.execute(query).first())
        entry = service.files.book.entry(row.key_id) if row is not None else None
        if row is None or entry is None or row.until <= int(moment.timestamp() * 1_000):
            return None
        if refuse_officer(entry, ActKind.SIGN_IN, service.files.book, moment) is not None:
            return None
        return Reader(entry.name, row.why, digest.hex(), entry.prison)

    async def leave(self, token: str) -> None:
        """Ends a sign-in."""
        try:
            digest = sha256(base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)).digest()
        except ValueError:
            return
        await self._service.store.write(lambda conn: conn.execute(delete(readers).where(readers.c.token == digest)))
        self._known.pop(digest.hex(), None)

    async def consulted(self, reader: Reader, people: Iterable[str], what: str) -> None:
        """One line for each person and each kind of page of a sign-in, before anything is shown."""
        known = self._known.setdefault(reader.key, set())
        fresh = sorted({(number, what) for number in people} - known)
        if not fresh:
            return
        await self.log(reader, (number for number, _ in fresh), what)
        known.update(fresh)
        while len(self._known) > _MOST:
            del self._known[next(iter(self._known))]

    async def log(self, reader: Reader, people: Iterable[str], what: str) -> None:
        """A line for each, now."""
        by, moment, numbers = By(reader.who, reader.why), self._service.clock.now(), tuple(people)

        def job(conn: Connection) -> None:
            for number in numbers:
                log_access(conn, Action.CONSULTED, number, what, by, moment)

        await self._service.store.write(job)
