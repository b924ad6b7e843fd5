"""A receipt of the manual path: two officers' own signatures, followed offline from the root certificate alone."""

from collections.abc import Callable
from typing import Any

import pytest
from by_hand import first, identified, key, second
from cryptography.hazmat.primitives.serialization import Encoding
from lane_world import GOVERNOR, OFFICER, World

from sallyport_gateway.audit import checkpoint, heads, log
from sallyport_gateway.audit.checkpoint import Checkpoint
from sallyport_gateway.receipts import receipt
from sallyport_gateway.receipts.issue_receipt import identifiers, issue
from sallyport_gateway.receipts.receipt import Judged, ManualReceipt, Step
from sallyport_protocol import envelope
from sallyport_protocol.acts import ACT_PLACE, Act
from sallyport_protocol.errors import RoadError

LOG = "gateway-1"


def _release(world: World, by_key: bool, **looked: str) -> ManualReceipt:
    """A manual release to its end, under a signed head; its receipt. `looked`: what the second officer adds."""
    paper = world.authorise()
    for outcome in (first(world, paper), second(world, **looked)):
        assert outcome is not None and outcome.accepted, outcome
    check = world.lane.check
    assert check is not None
    if by_key:
        key(world)
    else:
        world.confirm()
        world.pass_time(8_000)
    session = check.session

    def seal(conn: Any) -> ManualReceipt:
        size = log.size(conn, LOG)
        note = checkpoint.sign(Checkpoint(LOG, size, log.root(conn, LOG, size)), world.signer)
        heads.keep_note(conn, note, world.clock.wall)
        assert identifiers(conn, session) == (OFFICER, GOVERNOR)
        certificates = [world.estate.certificate(name) for name in (LOG, OFFICER, GOVERNOR)]
        ders = [c.public_bytes(Encoding.DER) for c in (*certificates, *world.estate.trust().authorities)]
        made = issue(conn, session, ders)
        assert isinstance(made, ManualReceipt)
        return made

    return world.store.write_now(seal)


def _judge(world: World, made: ManualReceipt) -> Judged:
    return receipt.judge(receipt.write(made), world.estate.trust().roots)


@pytest.mark.parametrize("by_key", [False, True])
def test_an_honest_one_holds(world: World, by_key: bool) -> None:
    made = _release(world, by_key)
    judged = _judge(world, made)
    assert judged.holds, judged.findings[-1]
    assert [each.step for each in judged.findings] == list(Step)
    assert ("by key" in judged.findings[-1].sentence) == by_key == (made.opening is None)
    assert len(receipt.write(made)) < 65_536


class Before(World):
    """As it was before an act said for which gateway it was made."""

    name = ""


def test_one_whose_acts_say_no_gateway_holds(new_world: Callable[..., World]) -> None:
    world = new_world(Before)
    made = _release(world, True)
    content = envelope.verify(made.statements[0], ACT_PLACE, world.book.registry.resolve).content
    assert "gateway" not in content and _judge(world, made).holds


def test_it_shows_who_signed_that_they_compared_the_photograph(new_world: Callable[[], World]) -> None:
    """The tick is one of the eight fields of the second officer's own act, and the decision repeats it."""
    for looked, words in (({"compared": "yes"}, f"{GOVERNOR} signed that they compared"), ({}, "neither, as far")):
        world = new_world()
        made = _release(world, False, **looked)
        judged = _judge(world, made)
        assert judged.holds and words in " ".join(each.sentence for each in judged.findings)
        act = Act.parse(envelope.verify(made.statements[1], ACT_PLACE, world.book.registry.resolve).content)
        assert len(act.fields) == 7 + len(looked)


def _flip(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


CHANGES: dict[str, tuple[Step, Callable[[ManualReceipt], dict[str, Any]]]] = {
    "one officer's certificate is missing": (Step.CERTIFICATES, lambda r: {"certificates": r.certificates[:2]}),
    "another officer is named": (Step.CERTIFICATES, lambda r: {"officers": (r.officers[0], "j.hughes")}),
    "a bit of a statement": (Step.RESULT, lambda r: {"statements": (r.statements[0], _flip(r.statements[1]))}),
    "one statement twice": (Step.RESULT, lambda r: {"statements": (r.statements[0],) * 2}),
    "the officers exchanged": (Step.RESULT, lambda r: {"officers": r.officers[::-1]}),
    "the opening left out": (Step.ORDER, lambda r: {"opening": None}),
    "a bolder label": (Step.OPENING, lambda r: {"opening_is": "signed by the interlock"}),
    "another decision": (Step.ENTRIES, lambda r: {"decision": r.decision.model_copy(update={"body": r.grant.body})}),
}


def test_every_change_is_found(world: World) -> None:
    made = _release(world, by_key=False)
    for name, (step, change) in CHANGES.items():
        judged = _judge(world, made.model_copy(update=change(made)))
        assert not judged.holds and judged.findings[-1].step is step, (name, judged.findings[-1])


def test_statements_of_another_session_prove_nothing(new_world: Callable[[], World]) -> None:
    """Two true signatures under a decision that was made on others."""
    made, other = (_release(new_world(), by_key=False) for _ in range(2))
    world = new_world()
    judged = _judge(world, made.model_copy(update={"statements": other.statements}))
    assert not judged.holds and judged.findings[-1].step is Step.DECISION


def test_no_receipt_before_the_end(world: World) -> None:
    paper = world.authorise()
    identified(world, paper)
    check = world.lane.check
    assert check is not None
    with pytest.raises(RoadError, match="did not end"):
        world.store.read_now(lambda conn: issue(conn, check.session, []))
