"""A receipt is believed only whole: every part of it that is changed is found, offline."""

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from typer.testing import CliRunner

from sallyport_gateway.audit import checkpoint, heads, log
from sallyport_gateway.audit.checkpoint import Checkpoint
from sallyport_gateway.commands.cli_receipt import app
from sallyport_gateway.ledger import sessions
from sallyport_gateway.ledger.sessions import Session
from sallyport_gateway.receipts import receipt
from sallyport_gateway.receipts.issue_receipt import issue
from sallyport_gateway.receipts.receipt import Receipt, Step
from sallyport_gateway.receipts.receipt_parts import Elsewhere
from sallyport_gateway.store import Store
from sallyport_protocol import envelope
from sallyport_protocol.envelope import Signer
from sallyport_protocol.errors import RoadError
from sallyport_protocol.messages import Capture, Liveness, Outcome, Result, chain_head
from sallyport_protocol.subject import Modality
from sallyport_protocol.topics import Kind, Topic
from sallyport_provisioning.estate import Estate

KIOSK, LANE, BOARD, LOG, NEXT = "MDI-K01", "MDI-LANE-1", "MDI-L01", "gateway-1", "gateway-1.2"
S, C, N = b"s" * 16, b"c" * 32, b"n" * 16
TOPIC, READY = (Topic("MDI", KIOSK, kind) for kind in (Kind.RESULT, Kind.READY))


def _flip(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def _result() -> Result:
    captures = (Capture(modality=Modality.FACE, digest=b"f" * 32, at=900),)
    return Result(
        session=S,
        challenge=C,
        kiosk=KIOSK,
        lane=LANE,
        boot_nonce=b"b" * 16,
        counter=1,
        oldest_capture=900,
        finished=1_500,
        wall=1,
        captures=captures,
        chain=chain_head(S, C, captures),
        modalities=(),
        liveness=Liveness.PASSED,
        fused_llr=None,
        fused_fmr=None,
        outcome=Outcome.MATCH,
        detail="",
        software=b"w" * 32,
        policy=b"p" * 32,
        model_set=b"m" * 32,
        tamper=False,
    )


def _story(estate: Estate, now: int, **changes: Any) -> dict[str, Any]:
    """The parts of an honest release, by name, with some changed."""
    result = changes.get("result", _result())
    message = envelope.sign(result.to_map(), changes.get("kiosk", estate.signer(KIOSK)), str(TOPIC))
    decision = {"lane": LANE, "result": sha256(message).digest(), "verdict": "RELEASE", "session": S.hex()}
    decision |= {"authorisation_id": "A", "checks": [{}] * 25} | changes.get("decision", {})
    grant = {"lane": LANE, "board": BOARD, "session": S, "authorisation": "A", "officer": "o", "nonce": N}
    grant |= changes.get("grant", {})
    opening = {"board": BOARD, "nonce": N, "evidence": b"e" * 32, "authorisation": "A"} | changes.get("opening", {})
    return {"message": message, "decision": decision, "grant": grant, "opening": opening, "now": now}


def _release(store: Store, story: dict[str, Any], signer: Signer, opened_in: str = LOG) -> None:
    now = story["now"]

    def job(conn: Any) -> None:
        log.append(conn, LOG, "CHECK_STARTED", {}, now)
        sessions.open_session(conn, Session(S, "A", "MDI", KIOSK, LANE, C, LOG, now))
        sessions.answer(conn, S, C, story["message"], now)
        index = log.append(conn, LOG, "DECISION", story["decision"], now).index
        sessions.decide(conn, S, "RELEASE", b"d", index, now)
        for at in range(300):
            log.append(conn, LOG, "OPENED", {"nonce": b"other"}, now + at)
        log.append(conn, LOG, "GRANT", story["grant"], now)
        log.append(conn, opened_in, "OPENED", story["opening"], now)
        log.append(conn, LOG, "LATER", {}, now)
        for name in {LOG, opened_in}:
            size = log.size(conn, name)
            note = checkpoint.sign(Checkpoint(name, size, log.root(conn, name, size)), signer)
            heads.keep_note(conn, note, now)

    store.write_now(job)


@pytest.fixture(scope="module")
def now(estate: Estate) -> int:
    return int(estate.certificate(LOG).not_valid_before_utc.timestamp() * 1_000) + 3_600_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store.db") as made:
        yield made


def _ders(estate: Estate) -> list[bytes]:
    certificates = [estate.certificate(LOG), estate.certificate(KIOSK), *estate.trust().authorities]
    return [each.public_bytes(Encoding.DER) for each in certificates]


def _judge(estate: Estate, data: bytes) -> receipt.Judged:
    return receipt.judge(data, estate.trust().roots)


@pytest.fixture
def honest(store: Store, estate: Estate, now: int) -> Receipt:
    _release(store, _story(estate, now), estate.signer(LOG))
    return store.read_now(lambda conn: issue(conn, S, _ders(estate)))


def test_an_honest_receipt_holds(honest: Receipt, estate: Estate) -> None:
    data = receipt.write(honest)
    judged = _judge(estate, data)
    assert judged.holds, judged
    assert [each.step for each in judged.findings] == list(Step)
    assert "attested by the gateway" in judged.findings[-1].sentence
    assert len(data) < 65_536


def test_an_opening_that_the_lanes_next_keeper_heard_of(store: Store, estate: Estate, now: int) -> None:
    """Decision and grant stand in one log, the opening in another: both heads are signed by gateways of the estate."""
    _release(store, _story(estate, now), estate.signer(LOG), opened_in=NEXT)
    told = store.read_now(lambda conn: issue(conn, S, _ders(estate)))
    assert told.opened_in is not None and told.opened_in.log == NEXT
    judged = _judge(estate, receipt.write(told))
    assert judged.holds, judged.findings[-1]
    there = told.opened_in
    for step, other in (
        (Step.ENTRIES, None),
        (Step.HEAD, there.model_copy(update={"head": told.head})),
        (Step.HEAD, Elsewhere(log=LOG, head=told.head)),
        (Step.HEAD, there.model_copy(update={"log": KIOSK})),
    ):
        changed = _judge(estate, receipt.write(told.model_copy(update={"opened_in": other})))
        assert not changed.holds and changed.findings[-1].step is step, changed.findings[-1]


CHANGES: dict[str, tuple[Step, Callable[[Receipt], Receipt]]] = {
    "no gateway certificate": (Step.CERTIFICATES, lambda r: r.model_copy(update={"certificates": r.certificates[1:]})),
    "no authority": (Step.CERTIFICATES, lambda r: r.model_copy(update={"certificates": r.certificates[:2]})),
    "a certificate in pieces": (Step.CERTIFICATES, lambda r: r.model_copy(update={"certificates": (b"x",)})),
    "another log": (Step.CERTIFICATES, lambda r: r.model_copy(update={"log": "gateway-2"})),
    "another generation": (Step.HEAD, lambda r: r.model_copy(update={"log": "gateway-1.2"})),
    "another size": (Step.HEAD, lambda r: r.model_copy(update={"head": r.head.replace("\n305\n", "\n306\n")})),
    "another decision": (Step.ENTRIES, lambda r: _with(r, "decision", body=r.grant.body)),
    "another time": (Step.ENTRIES, lambda r: _with(r, "grant", at=r.grant.at + 1)),
    "another index": (Step.ENTRIES, lambda r: _with(r, "grant", index=r.grant.index + 1)),
    "a shorter path": (Step.ENTRIES, lambda r: _with(r, "opening", path=r.opening.path[1:])),
    "grant for opening": (Step.ORDER, lambda r: r.model_copy(update={"opening": r.grant})),
    "another topic": (Step.CERTIFICATES, lambda r: r.model_copy(update={"topic": "sallyport/v1/MDI/MDI-K02/result"})),
    "another kind of topic": (Step.RESULT, lambda r: r.model_copy(update={"topic": str(READY)})),
    "a bit of the result": (Step.RESULT, lambda r: r.model_copy(update={"result": _flip(r.result)})),
    "a bolder label": (Step.OPENING, lambda r: r.model_copy(update={"opening_is": "signed by the interlock"})),
}  # fmt: skip


def _with(whole: Receipt, part: str, **changes: Any) -> Receipt:
    return whole.model_copy(update={part: getattr(whole, part).model_copy(update=changes)})


def test_every_change_is_found(honest: Receipt, estate: Estate) -> None:
    for name, (step, change) in CHANGES.items():
        judged = _judge(estate, receipt.write(change(honest)))
        assert not judged.holds, name
        assert judged.findings[-1].step is step, (name, judged.findings[-1])


STORIES: dict[str, tuple[Step, dict[str, Any]]] = {
    "a hold": (Step.ORDER, {"decision": {"verdict": "HOLD"}}),
    "no match": (Step.RESULT, {"result": _result().model_copy(update={"outcome": Outcome.NON_MATCH})}),
    "another kiosk's word": (Step.RESULT, {"result": _result().model_copy(update={"kiosk": "MDI-K02"})}),
    "another result": (Step.DECISION, {"decision": {"result": b"x" * 32}}),
    "another session decided": (Step.DECISION, {"decision": {"session": "00"}}),
    "another lane decided": (Step.DECISION, {"decision": {"lane": "MDI-LANE-2"}}),
    "captures of another session": (Step.CAPTURES, {"result": _result().model_copy(update={"chain": b"x" * 32})}),
    "another lane granted": (Step.GRANT, {"grant": {"lane": "MDI-LANE-2"}}),
    "another authorisation granted": (Step.GRANT, {"grant": {"authorisation": "B"}}),
    "another authorisation opened": (Step.OPENING, {"opening": {"authorisation": "B"}}),
}


@pytest.mark.parametrize("name", STORIES)
def test_a_gateway_that_recorded_something_else_is_found(store: Store, estate: Estate, now: int, name: str) -> None:
    step, changes = STORIES[name]
    _release(store, _story(estate, now, **changes), estate.signer(LOG))
    told = store.read_now(lambda conn: issue(conn, S, _ders(estate)))
    judged = _judge(estate, receipt.write(told))
    assert not judged.holds and judged.findings[-1].step is step, judged.findings[-1]


def test_only_the_gateway_may_sign_the_head(store: Store, estate: Estate, now: int) -> None:
    _release(store, _story(estate, now), estate.signer(KIOSK))
    told = store.read_now(lambda conn: issue(conn, S, _ders(estate)))
    assert _judge(estate, receipt.write(told)).findings[-1].step is Step.HEAD


@pytest.mark.parametrize("data", [b"", b"\xa0", b"\x80", b"\xff" * 10, b"x" * 100])
def test_bytes_that_are_no_receipt_are_refused(estate: Estate, data: bytes) -> None:
    judged = _judge(estate, data)
    assert not judged.holds and judged.findings[-1].step is Step.SHAPE


def test_nothing_found_is_not_holding() -> None:
    assert not receipt.Judged(()).holds


def test_no_receipt_without_an_opening_or_a_head(store: Store, estate: Estate, now: int) -> None:
    with pytest.raises(RoadError, match="no decision"):
        store.read_now(lambda conn: issue(conn, S, []))
    story = _story(estate, now, opening={"nonce": b"other" * 3})
    _release(store, story, estate.signer(LOG))
    with pytest.raises(RoadError, match="did not end in an opening"):
        store.read_now(lambda conn: issue(conn, S, []))
    late = {**story["opening"], "nonce": N}
    store.write_now(lambda conn: log.append(conn, LOG, "OPENED", late, now))
    with pytest.raises(RoadError, match="No signed head"):
        store.read_now(lambda conn: issue(conn, S, []))


def test_issued_and_checked_from_the_command_line(own_estate: Estate, tmp_path: Path) -> None:
    from sallyport_gateway.configuration import load_configuration

    configuration = load_configuration(own_estate.gateway_config)
    moment = int(own_estate.certificate(LOG).not_valid_before_utc.timestamp() * 1_000) + 3_600_000
    with Store(configuration.store_url) as store:
        _release(store, _story(own_estate, moment), own_estate.signer(LOG))
    out, run = tmp_path / "release.receipt", CliRunner()
    made = run.invoke(app, ["issue", S.hex(), "--config", str(own_estate.gateway_config), "--out", str(out)])
    assert made.exit_code == 0, made.output
    authorities = str(configuration.path(configuration.file.trust.authorities))
    checked = run.invoke(app, ["verify", str(out), "--authority", authorities, "--json"])
    assert checked.exit_code == 0 and json.loads(checked.stdout)["holds"], checked.output
    out.write_bytes(out.read_bytes()[:-1])
    assert run.invoke(app, ["verify", str(out), "--authority", authorities]).exit_code == 1
    assert run.invoke(app, ["verify", str(tmp_path / "none"), "--authority", authorities]).exit_code == 2
    for session in ("xyz", "00"):
        args = ["issue", session, "--config", str(own_estate.gateway_config), "--out", str(out)]
        assert run.invoke(app, args).exit_code == 2
