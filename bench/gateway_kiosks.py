"""Simulated kiosks and officers for `bench/gateway.py`: real links, real signatures, no cameras."""

import asyncio
import json
import secrets
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sallyport_link.on_loop import LoopLink
from sallyport_protocol import canonical, envelope, sealing
from sallyport_protocol.acts import ACT_PLACE, Act, ActKind
from sallyport_protocol.documents import ModelSet, Policy, signed_by
from sallyport_protocol.messages import (
    Ack,
    AckVerdict,
    Capture,
    Liveness,
    ModalityOutcome,
    ModalityResult,
    Offer,
    Outcome,
    Ready,
    Result,
    StatedFmr,
    chain_head,
)
from sallyport_protocol.subject import Modality
from sallyport_protocol.topics import TO_DEVICE, Kind, Topic
from sallyport_provisioning.estate import Estate

_LIMIT = envelope.MAX_MESSAGE
PATIENCE_S = 20.0
IDLE_S = 2.0
"""Rest after which an officer's connection is made anew: the gateway ends one that was idle for 5 s."""


def stated(upper: float) -> StatedFmr:
    """1e-5 for each modality makes 1e-10 (1 - ln 1e-10) together."""
    return StatedFmr(point_log10=upper - 0.3, upper_log10=upper, extrapolated=False)


class Kiosk:
    """One kiosk at the broker. `begin` connects; then offers arrive, and each result is answered once."""

    def __init__(self, estate: Estate, name: str, models: ModelSet, policy: Policy) -> None:
        described = next(each for each in estate.description.kiosk if each.name == name)
        lane = estate.description.lane_named(described.lane)
        self.name, self.lane, self.prison = name, lane.name, lane.prison
        self.board = next(each.name for each in estate.description.interlock if each.lane == lane.name)
        self._signer, self._models, self._policy = estate.signer(name), models, policy
        self._boot, self._seal_key, self._counter = secrets.token_bytes(16), X25519PrivateKey.generate(), 0
        self._loop = asyncio.get_running_loop()
        self._offers: asyncio.Queue[tuple[Offer, float]] = asyncio.Queue()
        self._answered: asyncio.Future[tuple[bytes, float]] | None = None
        folder, broker = estate.folder(name), estate.description.broker
        files = (folder / "authorities.pem", folder / "certificate.pem", folder / "key.pem")
        password = folder / "key-password"
        secret = password.read_bytes().strip() if password.exists() else None
        self.link = LoopLink(broker.host, broker.port, *files, name, None, self._hear, key_password=secret)
        self.link.subscribe(str(Topic(self.prison, name, kind)) for kind in TO_DEVICE)

    async def begin(self) -> None:
        """Connects."""
        await self.link.start()

    def say_ready(self) -> None:
        """What a kiosk says every five seconds."""
        models, policy = self._models, self._policy
        ready = Ready(
            prison=self.prison,
            kiosk=self.name,
            boot_nonce=self._boot,
            seal_key=sealing.public_bytes(self._seal_key),
            offer_sequence=0,
            model_set=models.digest,
            policy=policy.digest,
            software=models.software[0],
            tamper=False,
            lane=self.lane,
            interlock=self.board,
        )
        self.link.publish(*self._signed(Kind.READY, ready.to_map()), 10.0)

    async def offered(self) -> tuple[Offer, float]:
        """The next offer, and when it came."""
        return await asyncio.wait_for(self._offers.get(), PATIENCE_S)

    def result_for(self, offer: Offer, came: float) -> bytes:
        """The signed answer to an offer: the right person, just now."""
        self._counter += 1
        finished = int((time.perf_counter() - came) * 1_000)
        captures = tuple(
            Capture(modality=each, digest=secrets.token_bytes(32), at=finished)
            for each in (Modality.FACE, Modality.FACE, Modality.FACE, Modality.FINGER)
        )
        result = Result(
            session=offer.session,
            challenge=offer.challenge,
            kiosk=self.name,
            lane=self.lane,
            boot_nonce=self._boot,
            counter=self._counter,
            oldest_capture=finished,
            finished=finished,
            wall=int(time.time() * 1_000),
            captures=captures,
            chain=chain_head(offer.session, offer.challenge, captures),
            modalities=tuple(self._modality(each) for each in Modality),
            liveness=Liveness.PASSED,
            fused_llr=18.0,
            fused_fmr=stated(-8.6193),
            outcome=Outcome.MATCH,
            detail="",
            software=self._models.software[0],
            policy=offer.policy,
            model_set=offer.model_set,
            tamper=False,
        )
        return self._signed(Kind.RESULT, result.to_map())[1]

    async def answer(self, result: bytes) -> tuple[float, bytes]:
        """Sends a result; milliseconds from handing it to the link to the acknowledgement's arrival, and that."""
        self._answered = self._loop.create_future()
        began = time.perf_counter()
        self.link.publish(str(Topic(self.prison, self.name, Kind.RESULT)), result, 30.0)
        ack, came = await asyncio.wait_for(self._answered, PATIENCE_S)
        return (came - began) * 1_000, ack

    def _modality(self, which: Modality) -> ModalityResult:
        return ModalityResult(
            modality=which,
            outcome=ModalityOutcome.MATCH,
            attempts=1,
            llr=9.0,
            fmr=stated(-5.0),
            quality=0.8,
            attack_score=None,
            models=(self._models.models[which.value],),
            exception=None,
            reference_age_days=30,
        )

    def _signed(self, kind: Kind, content: dict[str, Any]) -> tuple[str, bytes]:
        topic = str(Topic(self.prison, self.name, kind))
        return topic, envelope.sign(content, self._signer, topic)

    def _hear(self, topic: str, message: bytes, retained: bool) -> None:
        """From the link, in this loop."""
        came, kind = time.perf_counter(), topic.rpartition("/")[2]
        if kind == Kind.OFFER:
            content = canonical.decode(canonical.decode(message, limit=_LIMIT)[2], limit=_LIMIT)
            self._offers.put_nowait((Offer.parse(content), came))
        elif kind == Kind.ACK:
            self._settle(message, came)

    def _settle(self, ack: bytes, came: float) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_result((ack, came))


class Desk:
    """One officer's connection to the gateway: signed acts over HTTP, one at a time."""

    def __init__(self, estate: Estate, officer: str) -> None:
        place = estate.description.gateway[0]
        self._host, self._port, self._gateway = place.web_host, place.web_port, place.name
        self._officer, self._signer = officer, estate.signer(officer)
        self._road: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used = 0.0

    async def start(self, lane: str, authorisation: str) -> str | None:
        """Begins a check; a sentence when it was refused."""
        fields = {"lane": lane, "authorisation": authorisation}
        now = int(time.time() * 1_000)
        act = Act(
            kind=ActKind.START,
            officer=self._officer,
            at=now,
            nonce=secrets.token_bytes(16),
            fields=fields,
            gateway=self._gateway,
        )
        answer = await self._ask("POST", "/api/acts", envelope.sign(act.to_map(), self._signer, ACT_PLACE))
        return None if answer["accepted"] else " ".join(answer["sentences"])

    async def all_heard(self) -> bool:
        """Whether the gateway hears every kiosk."""
        return all(lane["kiosk"]["connected"] for lane in (await self._ask("GET", "/api/lanes"))["lanes"])

    def close(self) -> None:
        if self._road is not None:
            self._road[1].close()
            self._road = None

    async def _ask(self, method: str, path: str, body: bytes = b"") -> dict[str, Any]:
        if time.monotonic() - self._used > IDLE_S:
            self.close()
        self._road = self._road or await asyncio.open_connection(self._host, self._port)
        reader, writer = self._road
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        headers = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)).decode().lower()
        length = int(headers.partition("content-length:")[2].partition("\r\n")[0])
        answer: dict[str, Any] = json.loads(await reader.readexactly(length))
        self._used = time.monotonic()
        return answer


def acknowledged(estate: Estate) -> Callable[[Kiosk, bytes, bytes], bool]:
    """Whether an acknowledgement is the gateway's own signed word that this result is settled."""
    resolve = signed_by(estate.certificate(estate.description.gateway[0].name))

    def check(kiosk: Kiosk, result: bytes, ack: bytes) -> bool:
        content = envelope.verify(ack, str(Topic(kiosk.prison, kiosk.name, Kind.ACK)), resolve).content
        word = Ack.parse(content)
        return word.verdict is AckVerdict.ACCEPTED and word.result == sha256(result).digest()

    return check
