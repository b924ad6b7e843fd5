"""Reads the book from the provisioner's files, and again when one of them changes. Never goes back (S13).

What was accepted is kept in the store, so that a restart does not make an older registry or revocation list good again.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from sqlalchemy import Connection

from sallyport_gateway.book import Book
from sallyport_gateway.configuration import Configuration
from sallyport_gateway.ledger import once
from sallyport_gateway.release.mint import BoardKeys
from sallyport_gateway.store import Store
from sallyport_protocol.documents import (
    OlderDocumentError,
    Registry,
    Status,
    interlock_fingerprint,
    load_model_set,
    load_policy,
    load_registry,
    signed_by,
)
from sallyport_protocol.errors import MalformedError, RoadError, naming
from sallyport_protocol.identity import Role, read_certificates
from sallyport_protocol.trust import Standing, Trust, read_trust, revocation_standing

REVOCATION_AGE: Final = timedelta(days=8)
"""Oldest revocation list in force: the authority signs one a week (docs/provisioning.md), a day late is late enough."""


class BookFiles:
    """Keeps the newest book that verified. A broken or older file keeps the book that is there, and says so."""

    def __init__(self, configuration: Configuration, store: Store | None = None) -> None:
        """Raises RoadError or MalformedError: a gateway does not start without a whole book.

        Without a store nothing is remembered: for looking at the book only.
        """
        self._configuration, self._store = configuration, store
        self._stamps: tuple[tuple[int, int], ...] = ()
        self._stamps = self._stat()
        self.book = self._read()
        self.trouble = ""

    def refresh(self) -> bool:
        """Reads again when a file changed; whether there is a new book."""
        try:
            stamps = self._stat()
            if stamps == self._stamps:
                return False
            self.book = self._read()
        except (RoadError, MalformedError) as error:
            self.trouble = str(error)
            return False
        self._stamps, self.trouble = stamps, ""
        return True

    def _paths(self) -> tuple[Path, ...]:
        file = self._configuration.file
        names = (
            file.documents.registry,
            file.documents.model_set,
            file.documents.policy,
            file.trust.authorities,
            file.trust.revoked,
        )
        return tuple(self._configuration.path(name) for name in names)

    def _stat(self) -> tuple[tuple[int, int], ...]:
        try:
            return tuple((each.stat().st_mtime_ns, each.stat().st_size) for each in self._paths())
        except OSError as error:
            raise RoadError(f"{error.filename}: {error.strerror}; provision this gateway again") from error

    def _read(self) -> Book:
        file, read = self._configuration.file, self._configuration.read
        provisioner = read_certificates(read(file.trust.provisioner))[0]
        trust = read_trust(read(file.trust.authorities), read(file.trust.revoked))
        if not trust.lists:
            raise MalformedError(f"{file.trust.revoked} holds no revocation list; provision this gateway again")
        if revocation_standing(provisioner, trust, datetime.now(UTC)) is Standing.REVOKED:
            raise MalformedError("the provisioner's certificate was revoked; provision this gateway again")
        resolve = signed_by(provisioner)
        path = self._configuration.path
        with naming(path(file.documents.registry)):
            registry = load_registry(read(file.documents.registry), resolve)
        with naming(path(file.documents.model_set)):
            model_set = load_model_set(read(file.documents.model_set), resolve)
        with naming(path(file.documents.policy)):
            policy = load_policy(read(file.documents.policy), resolve)
        book = Book(registry, trust, model_set, policy, file.profile, REVOCATION_AGE)
        marks = [*_document_marks(book), *_list_marks(trust)]
        if self._store is not None:
            self._store.write_now(lambda conn: _accept(conn, marks))
        return book


Mark = tuple[str, int, int]
"""What it is, its number, when it was issued (ms since 1970 UTC): neither may go back."""


def _document_marks(book: Book) -> Iterator[Mark]:
    for document in (book.registry, book.model_set, book.policy):
        yield f"sallyport/v1/{type(document).__name__}", document.version, document.issued


def _list_marks(trust: Trust) -> Iterator[Mark]:
    for each in trust.lists:
        try:
            number = each.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        except (x509.ExtensionNotFound, ValueError) as error:
            raise MalformedError("a revocation list has no number; provision this gateway again") from error
        yield each.issuer.rfc4514_string()[:200], number, int(each.last_update_utc.timestamp() * 1_000)


def _accept(conn: Connection, marks: list[Mark]) -> None:
    """All of them or none. Raises OlderDocumentError."""
    now = int(datetime.now(UTC).timestamp() * 1_000)
    for name, number, issued in marks:
        if not once.accept_list(conn, name, number, issued, now):
            raise OlderDocumentError(
                f"{name} number {number} is older than what this gateway accepted before: somebody rolls it back, or an"
                " old copy was put in place; provision this gateway again"
            )


def read_board_keys(configuration: Configuration, registry: Registry) -> dict[str, BoardKeys]:
    """Lane -> keys of its board, for every board that the registry vouches for. Raises RoadError, MalformedError."""
    folder = configuration.path(configuration.file.secrets.interlocks)
    found = {}
    for path in sorted(folder.glob("*.json")):
        keys = _board_keys(path)
        entry = registry.named(keys.board)
        if entry is None or Role.INTERLOCK not in entry.roles or entry.status is not Status.ACTIVE or not entry.lane:
            continue
        if entry.fingerprint != interlock_fingerprint(keys.up, keys.down, keys.epoch) or entry.lane != keys.lane:
            raise MalformedError(f"{path}: these are not the keys that the registry names; provision the board again")
        found[keys.lane] = keys
    return found


def _board_keys(path: Path) -> BoardKeys:
    try:
        content = json.loads(path.read_text())
        return BoardKeys(
            content["interlock"],
            content["lane"],
            int(content["epoch"]),
            bytes.fromhex(content["key_up"]),
            bytes.fromhex(content["key_down"]),
        )
    except OSError as error:
        raise RoadError(f"{path}: {error.strerror}; provision this gateway again") from error
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedError(f"{path}: not a board's keys ({error}); provision this gateway again") from error
