"""The officer's port over sample data: acts are prepared and their signatures verified, and nothing is done."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from sallyport_gateway.web.lane_view import LanesView, LaneView
from sallyport_gateway.web.ports import ActOutcome, OfficerActs, PreparedAct, Reader
from sallyport_gateway.web.sample import lanes as sample
from sallyport_protocol.envelope import key_id_of, to_be_signed
from sallyport_protocol.errors import MalformedError

PLACE = "sample-act"
"""External data of the sample's signatures: no gateway takes an act that was signed for it."""


class SampleActs:
    """Prepares real Sig_structures and verifies what comes back."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[str, bytes, x509.Certificate]] = {}
        self.taken: list[tuple[str, dict[str, str]]] = []
        """Every prepared act, for tests."""

    async def prepare(self, kind: str, fields: Mapping[str, str], certificate_der: bytes) -> PreparedAct | ActOutcome:
        """Any act at all; `refuse-me` among the values is refused."""
        self.taken.append((kind, dict(fields)))
        if "refuse-me" in fields.values():
            return ActOutcome(False, ("The sample refuses this on request.",))
        try:
            certificate = x509.load_der_x509_certificate(certificate_der)
        except ValueError as error:
            raise MalformedError("That is not a certificate.") from error
        words = to_be_signed({"kind": kind, "fields": dict(fields)}, key_id_of(certificate_der), PLACE)
        token = secrets.token_urlsafe(16)
        self._waiting[token] = (kind, words, certificate)
        return PreparedAct(words, token)

    async def submit(self, token: str, signature: bytes) -> ActOutcome:
        """Verifies; a token is good once."""
        if token not in self._waiting or len(signature) != 64:
            return ActOutcome(False, ("Nothing of that name waits for a signature.",))
        kind, words, certificate = self._waiting.pop(token)
        key = certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return ActOutcome(False, ("The certificate's key is not an elliptic-curve key.",))
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            key.verify(encode_dss_signature(r, s), words, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return ActOutcome(False, ("The signature does not hold.",))
        return ActOutcome(True, (f"The signature of “{kind}” holds. This is sample data: nothing was done.",))


class SampleViews:
    """Every sample state as a lane of its own."""

    def __init__(self, now: datetime | None = None) -> None:
        moment = now or datetime.now(UTC)
        self._lanes = sample.lanes(moment)
        self._desk = sample.desk(moment)
        self._changed = asyncio.Condition()
        self._acts = SampleActs()

    @property
    def acts(self) -> OfficerActs:
        """Where acts go."""
        return self._acts

    @property
    def taken(self) -> list[tuple[str, dict[str, str]]]:
        """Every prepared act, for tests."""
        return self._acts.taken

    async def lanes(self) -> LanesView:
        """The desk."""
        return self._desk

    async def lane(self, lane: str) -> LaneView | None:
        """One state."""
        return self._lanes.get(lane)

    async def show(self, lane: str, view: LaneView) -> None:
        """Changes what a lane shows and tells the subscribers."""
        self._lanes[lane] = view
        async with self._changed:
            self._changed.notify_all()

    async def photograph(self, lane: str, key: str, reader: Reader) -> bytes | None:
        """A drawn silhouette."""
        if lane not in self._lanes or key != "silhouette":
            return None
        return (Path(__file__).parent / "silhouette.jpg").read_bytes()

    async def consulted(self, reader: Reader, people: Iterable[str], what: str) -> None:
        """Sample people are nobody."""

    async def subscribe(self, lane: str | None) -> AsyncIterator[None]:
        """Ticks of `show`."""
        while True:
            async with self._changed:
                await self._changed.wait()
            yield
