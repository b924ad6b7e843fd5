"""Reads the book from the provisioner's files, and again when one of them changes. Never goes back (S13)."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Final

from sallyport_gateway.book import Book
from sallyport_gateway.configuration import Configuration
from sallyport_gateway.mint import BoardKeys
from sallyport_protocol.documents import (
    Registry,
    Status,
    interlock_fingerprint,
    load_model_set,
    load_policy,
    load_registry,
    signed_by,
)
from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_protocol.identity import Role, read_certificates
from sallyport_protocol.trust import read_trust

REVOCATION_AGE: Final = timedelta(days=8)
"""Oldest revocation list in force: the authority signs one a week (docs/provisioning.md), a day late is late enough."""


class BookFiles:
    """Keeps the newest book that verified. A broken or older file keeps the book that is there, and says so."""

    def __init__(self, configuration: Configuration) -> None:
        """Raises RoadError or MalformedError: a gateway does not start without a whole book."""
        self._configuration = configuration
        self._stamps: tuple[tuple[int, int], ...] = ()
        self._versions = {"registry": 0, "model_set": 0, "policy": 0}
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
        resolve = signed_by(read_certificates(read(file.trust.provisioner))[0])
        registry = load_registry(read(file.documents.registry), resolve, self._versions["registry"])
        model_set = load_model_set(read(file.documents.model_set), resolve, self._versions["model_set"])
        policy = load_policy(read(file.documents.policy), resolve, self._versions["policy"])
        trust = read_trust(read(file.trust.authorities), read(file.trust.revoked))
        self._versions = {"registry": registry.version, "model_set": model_set.version, "policy": policy.version}
        return Book(registry, trust, model_set, policy, file.profile, REVOCATION_AGE)


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
