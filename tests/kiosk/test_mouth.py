"""The kiosk signs for its own topics, and believes only a gateway of its estate that speaks on them."""

import pytest
from kiosk_bench import Bench
from kiosk_doors import BOARD, KIOSK, PRISON

from sallyport_protocol import canonical, envelope
from sallyport_protocol.documents import signed_by
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.messages import Ack, AckVerdict, LockFrames
from sallyport_protocol.topics import FROM_DEVICE, TO_DEVICE, Kind, Topic

ACK = Ack(session=bytes(16), result=bytes(32), verdict=AckVerdict.ACCEPTED)


def spoken(bench: Bench, who: str, topic: str) -> bytes:
    return envelope.sign(ACK.to_map(), bench.estate.signer(who), topic)


def test_what_the_gateway_signed_is_opened(bench: Bench) -> None:
    topic = bench.mouth.topic(Kind.ACK)
    assert bench.mouth.open(topic, spoken(bench, "gateway-1", topic)) == (Kind.ACK, ACK.to_map())


@pytest.mark.parametrize("who", [KIOSK, "s.patel", "broker-1"])
def test_nobody_else_is_believed(bench: Bench, who: str) -> None:
    topic = bench.mouth.topic(Kind.ACK)
    if who == "broker-1":
        who = bench.estate.description.broker.name
    with pytest.raises(envelope.UnknownKeyError):
        bench.mouth.open(topic, spoken(bench, who, topic))


def test_a_message_for_another_kiosk_is_not_opened_even_under_its_own_topic(bench: Bench) -> None:
    theirs = str(Topic(PRISON, "MDI-K02", Kind.ACK))
    with pytest.raises(MalformedError, match="not to MDI-K01"):
        bench.mouth.open(theirs, spoken(bench, "gateway-1", theirs))
    with pytest.raises(envelope.SignatureError):
        bench.mouth.open(bench.mouth.topic(Kind.ACK), spoken(bench, "gateway-1", theirs))


@pytest.mark.parametrize("kind", FROM_DEVICE)
def test_nothing_is_believed_on_the_topics_that_the_kiosk_speaks_on(bench: Bench, kind: Kind) -> None:
    topic = bench.mouth.topic(kind)
    with pytest.raises(MalformedError):
        bench.mouth.open(topic, spoken(bench, "gateway-1", topic))


@pytest.mark.parametrize("payload", [b"", b"\x00", b"{}", b"\xff" * 300, canonical.encode([b"", {}, b"", b""])])
@pytest.mark.parametrize("kind", TO_DEVICE)
def test_other_bytes_are_malformed(bench: Bench, kind: Kind, payload: bytes) -> None:
    with pytest.raises(MalformedError):
        bench.mouth.open(bench.mouth.topic(kind), payload)


def test_a_message_cannot_be_moved_to_another_kind(bench: Bench) -> None:
    moved = spoken(bench, "gateway-1", bench.mouth.topic(Kind.ACK))
    with pytest.raises(envelope.SignatureError):
        bench.mouth.open(bench.mouth.topic(Kind.END), moved)


def test_what_the_kiosk_says_is_signed_for_its_topic(bench: Bench) -> None:
    up = LockFrames(interlock=BOARD, sequence=1, frames=b"\x01")
    said = bench.mouth.say(Kind.LOCK_UP, up)
    known = signed_by(bench.signer.certificate)
    assert envelope.verify(said, bench.mouth.topic(Kind.LOCK_UP), known).content == up.to_map()
    with pytest.raises(envelope.SignatureError):
        envelope.verify(said, bench.mouth.topic(Kind.RESULT), known)


def test_the_counter_rises_with_every_message_that_carries_one(bench: Bench) -> None:
    assert [bench.mouth.next_counter() for _ in range(3)] == [1, 2, 3]


def test_ready_and_status_name_this_boot(bench: Bench) -> None:
    ready = bench.mouth.ready(6, tamper=True)
    assert (ready.boot_nonce, ready.offer_sequence, ready.tamper) == (bench.boot.nonce, 6, True)
    assert (ready.kiosk, ready.interlock, ready.software) == (KIOSK, BOARD, bench.boot.software)
    gone = bench.mouth.status(online=False, faults=("x" * 500,))
    assert (gone.online, gone.boot_nonce, len(gone.faults[0])) == (False, bench.boot.nonce, 200)
