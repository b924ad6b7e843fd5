"""Which gateways this kiosk hears: read again when the files change, and when one speaks that it does not know.

So a new gateway, or one with a new certificate, is heard without a restart, and a revoked one is not heard any more.
"""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from sallyport_protocol.documents import signed_by
from sallyport_protocol.errors import SallyportError

log = logging.getLogger(__name__)

AGAIN_S: Final = 5.0
"""Least time between two readings for the sake of an unknown gateway, s: anybody may send nonsense."""


class KnownGateways:
    """Finds the key of a gateway by its id, as `envelope.verify` asks. What cannot be read leaves the last ones."""

    def __init__(
        self,
        read: Callable[[], Sequence[x509.Certificate]],
        files: Sequence[Path],
        now: Callable[[], float] = monotonic,
    ) -> None:
        """`read` gives the gateways in good standing; `files` are what it reads. Raises what `read` raises."""
        self._read, self._files, self._now = read, files, now
        self._stamp, self._read_at = self._stamps(), now()
        self._resolve = signed_by(*read())

    def __call__(self, key_id: bytes) -> EllipticCurvePublicKey | None:
        """The key, or None for nobody that this kiosk hears."""
        if self._stamps() != self._stamp:
            self._again()
        found = self._resolve(key_id)
        if found is None and self._now() - self._read_at >= AGAIN_S:
            self._again()
            found = self._resolve(key_id)
        return found

    def _again(self) -> None:
        stamp, self._read_at = self._stamps(), self._now()
        try:
            self._resolve = signed_by(*self._read())
        except SallyportError as error:
            log.warning("the gateways are those of before: %s", error)
        self._stamp = stamp

    def _stamps(self) -> tuple[tuple[int, int] | None, ...]:
        return tuple(_stamp(each) for each in self._files)


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
