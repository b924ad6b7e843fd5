"""Each step of the life, and each refusal."""

import pytest
from sqlalchemy import Connection

from sallyport_gateway.ledger import boards, freezes, life, nonces, settlement
from sallyport_gateway.ledger.freezes import Lift, Scope
from sallyport_gateway.ledger.states import FINAL, TABLE, Event, State, after
from sallyport_gateway.ledger.words import ADVICE, Answer, Door, Moved, Reason, Refused, Shown

DOOR = Door("MDI", "MDI-LANE-1", "MDI-L01")
S1, S2 = b"1" * 16, b"2" * 16
N1, N2 = b"n" * 16, b"m" * 16
SHOWN, OTHER = Shown(N1, 1), Shown(N2, 2)
EVIDENCE = b"e" * 32


@pytest.fixture(autouse=True)
def available(conn: Connection) -> None:
    """Authorisation A is there for everybody."""
    life.create(conn, "A", 0)


def _reason(answer: Answer) -> Reason:
    assert isinstance(answer, Refused), answer
    assert answer.advice
    return answer.reason


def _state(conn: Connection) -> State:
    found = life.find(conn, "A")
    assert found is not None
    return found.state


def _granted(conn: Connection, session: bytes = S1, nonce: bytes = N1) -> None:
    assert isinstance(life.reserve(conn, "A", session, "gateway-1", 1), Moved)
    assert isinstance(life.grant(conn, "A", session, DOOR, Shown(nonce, 1), 0, 2), Moved)


def test_the_whole_way(conn: Connection) -> None:
    _granted(conn)
    assert life.opened(conn, "A", DOOR.board, N1, EVIDENCE, 3) == Moved("A", State.CONSUMED)
    assert life.opened(conn, "A", DOOR.board, N1, EVIDENCE, 4) == Moved("A", State.CONSUMED, again=True)
    assert _reason(life.reserve(conn, "A", S2, "gateway-1", 5)) is Reason.CONSUMED


def test_a_second_session_does_not_get_it(conn: Connection) -> None:
    life.reserve(conn, "A", S1, "gateway-1", 1)
    assert _reason(life.reserve(conn, "A", S2, "gateway-2", 1)) is Reason.RESERVED_ALREADY
    assert _reason(life.grant(conn, "A", S2, DOOR, SHOWN, 0, 1)) is Reason.WRONG_SESSION


def test_a_session_holds_one_authorisation(conn: Connection) -> None:
    life.create(conn, "B", 0)
    life.reserve(conn, "A", S1, "gateway-1", 1)
    assert _reason(life.reserve(conn, "B", S1, "gateway-1", 1)) is Reason.SESSION_HOLDS_ANOTHER


def test_no_grant_without_a_reservation(conn: Connection) -> None:
    assert _reason(life.grant(conn, "A", S1, DOOR, SHOWN, 0, 1)) is Reason.WRONG_STATE


def test_s11_one_decision_for_a_nonce(conn: Connection) -> None:
    _granted(conn)
    assert isinstance(life.not_opened(conn, "A", DOOR.board, N1, EVIDENCE, 3), Moved)
    life.reserve(conn, "A", S2, "gateway-1", 4)
    assert _reason(life.grant(conn, "A", S2, DOOR, SHOWN, 0, 5)) is Reason.NONCE_DECIDED
    known = nonces.find(conn, DOOR.board, N1)
    assert known is not None and known.decision is nonces.Decision.GRANT


def test_s11_a_refused_nonce_is_never_granted(conn: Connection) -> None:
    life.reserve(conn, "A", S1, "gateway-1", 1)
    assert nonces.refuse(conn, DOOR.board, SHOWN, "A", S1, 2)
    assert not nonces.refuse(conn, DOOR.board, SHOWN, "A", S1, 2)
    assert _reason(life.grant(conn, "A", S1, DOOR, SHOWN, 0, 3)) is Reason.NONCE_DECIDED
    assert isinstance(life.grant(conn, "A", S1, DOOR, OTHER, 0, 3), Moved)


def test_s12_only_the_board_gives_it_back(conn: Connection) -> None:
    _granted(conn)
    assert _reason(life.voided(conn, "A", S1, EVIDENCE, 3)) is Reason.WRONG_STATE
    assert _reason(life.not_opened(conn, "A", DOOR.board, N2, EVIDENCE, 3)) is Reason.WRONG_NONCE
    assert isinstance(life.lost(conn, "A", S1, 3), Moved)
    assert _reason(life.reserve(conn, "A", S2, "gateway-1", 4)) is Reason.OUTCOME_UNKNOWN
    assert life.not_opened(conn, "A", DOOR.board, N1, EVIDENCE, 5) == Moved("A", State.AVAILABLE)
    assert isinstance(life.reserve(conn, "A", S2, "gateway-1", 6), Moved)


def test_s12_a_reservation_without_a_grant_is_voided(conn: Connection) -> None:
    life.reserve(conn, "A", S1, "gateway-1", 1)
    assert _reason(life.voided(conn, "A", S2, EVIDENCE, 2)) is Reason.WRONG_SESSION
    assert life.voided(conn, "A", S1, EVIDENCE, 2) == Moved("A", State.AVAILABLE)


def test_without_evidence_nothing_returns(conn: Connection) -> None:
    life.reserve(conn, "A", S1, "gateway-1", 1)
    with pytest.raises(AssertionError, match="evidence"):
        life.voided(conn, "A", S1, b"", 2)


def test_a_late_opening_still_consumes(conn: Connection) -> None:
    _granted(conn)
    life.lost(conn, "A", S1, 3)
    assert life.opened(conn, "A", DOOR.board, N1, EVIDENCE, 4) == Moved("A", State.CONSUMED)


def test_an_opening_that_was_denied_before_is_an_alarm_and_consumes(conn: Connection) -> None:
    _granted(conn)
    life.not_opened(conn, "A", DOOR.board, N1, EVIDENCE, 3)
    assert _reason(life.opened(conn, "A", DOOR.board, N1, EVIDENCE, 4)) is Reason.OPENED_AGAINST_THE_LEDGER
    assert _state(conn) is State.CONSUMED


def test_a_second_opening_is_an_alarm(conn: Connection) -> None:
    _granted(conn)
    life.opened(conn, "A", DOOR.board, N1, EVIDENCE, 3)
    assert _reason(life.opened(conn, "A", DOOR.board, N2, EVIDENCE, 4)) is Reason.OPENED_AGAINST_THE_LEDGER


def test_a_withdrawal_between_reservation_and_grant_holds_the_door(conn: Connection) -> None:
    life.reserve(conn, "A", S1, "gateway-1", 1)
    assert life.stop(conn, "A", "court order", 2)
    assert _reason(life.grant(conn, "A", S1, DOOR, SHOWN, 1, 3)) is Reason.STOPPED
    life.voided(conn, "A", S1, EVIDENCE, 4)
    assert _reason(life.reserve(conn, "A", S2, "gateway-1", 5)) is Reason.STOPPED
    assert not life.stop(conn, "B", "no such", 2)


def test_a_changed_record_holds_the_door_until_decided_again(conn: Connection) -> None:
    life.reserve(conn, "A", S1, "gateway-1", 1)
    assert life.revise(conn, ["A", "A", "nobody"]) == 1
    assert _reason(life.grant(conn, "A", S1, DOOR, SHOWN, 0, 2)) is Reason.RECORDS_CHANGED
    assert isinstance(life.grant(conn, "A", S1, DOOR, SHOWN, 1, 3), Moved)


@pytest.mark.parametrize("scope, name", [(Scope.LANE, "MDI-LANE-1"), (Scope.PRISON, "MDI"), (Scope.ESTATE, "")])
def test_a_freeze_stops_grants_until_two_officers_lift_it(conn: Connection, scope: Scope, name: str) -> None:
    life.reserve(conn, "A", S1, "gateway-1", 1)
    assert freezes.freeze(conn, scope, name, "officer 1", "ungranted open", 2)
    assert not freezes.freeze(conn, scope, name, "officer 2", "again", 2)
    assert _reason(life.grant(conn, "A", S1, DOOR, SHOWN, 0, 3)) is Reason.FROZEN
    assert freezes.lift(conn, scope, name, "officer 1", 4) is Lift.ANOTHER_OFFICER_MUST
    assert freezes.lift(conn, scope, name, "Officer l", 5) is Lift.ANOTHER_OFFICER_MUST
    assert freezes.in_force(conn)
    assert freezes.lift(conn, scope, name, "officer 2", 6) is Lift.LIFTED
    assert freezes.lift(conn, scope, name, "officer 2", 7) is Lift.NOT_FROZEN
    assert isinstance(life.grant(conn, "A", S1, DOOR, SHOWN, 0, 8), Moved)


def test_a_wish_to_lift_grows_old(conn: Connection) -> None:
    freezes.freeze(conn, Scope.PRISON, "MDI", "officer 1", "outage", 0)
    freezes.lift(conn, Scope.PRISON, "MDI", "officer 1", 0)
    assert freezes.lift(conn, Scope.PRISON, "MDI", "officer 2", 600_001) is Lift.ANOTHER_OFFICER_MUST


def test_another_lanes_freeze_does_not_matter(conn: Connection) -> None:
    freezes.freeze(conn, Scope.LANE, "MDI-LANE-2", "officer 1", "why", 0)
    freezes.freeze(conn, Scope.PRISON, "PVI", "officer 1", "why", 0)
    _granted(conn)


def test_a_revoked_board_gets_no_grant(conn: Connection) -> None:
    life.reserve(conn, "A", S1, "gateway-1", 1)
    boards.revoke(conn, DOOR.board, "burnt", 2)
    assert _reason(life.grant(conn, "A", S1, DOOR, SHOWN, 0, 3)) is Reason.BOARD_REVOKED


def test_a_dead_board_is_settled_by_two_officers_and_cited(conn: Connection) -> None:
    _granted(conn)
    assert _reason(settlement.record(conn, "A", "o1", False, "shut", 3)) is Reason.WRONG_STATE
    life.lost(conn, "A", S1, 3)
    assert _reason(settlement.record(conn, "A", "o1", False, "shut", 4)) is Reason.BOARD_NOT_REVOKED
    boards.revoke(conn, DOOR.board, "burnt", 5)
    assert settlement.record(conn, "A", "o1", False, "shut", 6) == Moved("A", State.UNKNOWN)
    assert _reason(settlement.record(conn, "A", "o1", False, "shut", 7)) is Reason.SAME_OFFICER
    assert _reason(settlement.record(conn, "A", "o2", True, "open", 8)) is Reason.OFFICERS_DISAGREE
    assert _reason(life.create(conn, "A2", 9, cites="A")) is Reason.WRONG_STATE
    assert settlement.record(conn, "A", "o3", False, "shut", 9) == Moved("A", State.SETTLED)
    assert _reason(life.reserve(conn, "A", S2, "gateway-1", 10)) is Reason.SETTLED
    assert life.create(conn, "A2", 11, cites="A") == Moved("A2", State.AVAILABLE)
    assert _reason(life.create(conn, "A3", 11, cites="nobody")) is Reason.NO_SUCH_AUTHORISATION


def test_a_board_under_new_keys_does_not_answer_for_what_the_old_one_was_granted(conn: Connection) -> None:
    """Another board has no spend record of it, and would say "not opened" of what may have opened (S6)."""
    _granted(conn)
    boards.hear_nonce(conn, DOOR.board, 1, 7, 2)
    assert boards.enrol_again(conn, DOOR.board, 2, 3) and life.orphan(conn, DOOR.board, 1, 3) == 1
    assert _reason(life.not_opened(conn, "A", DOOR.board, N1, EVIDENCE, 4)) is Reason.WRONG_NONCE
    assert _state(conn) is State.UNKNOWN and not boards.is_revoked(conn, DOOR.board)
    assert settlement.record(conn, "A", "o1", False, "shut", 5) == Moved("A", State.UNKNOWN)
    assert settlement.record(conn, "A", "o2", False, "shut", 6) == Moved("A", State.SETTLED)
    assert boards.hear_nonce(conn, DOOR.board, 2, 0, 7) is boards.Heard.FRESH


def test_the_manual_path_consumes_the_same_authorisation(conn: Connection) -> None:
    assert _reason(life.released_manually(conn, "A", S1, 1)) is Reason.WRONG_STATE
    life.reserve(conn, "A", S1, "gateway-1", 1)
    assert life.released_manually(conn, "A", S1, 2) == Moved("A", State.CONSUMED)


def test_a_restored_store_trusts_none_of_its_lives(conn: Connection) -> None:
    life.create(conn, "B", 0)
    _granted(conn)
    assert life.distrust_all(conn, 5) == 2
    assert {held.state for held in life.pending(conn)} == {State.UNKNOWN}
    assert isinstance(settlement.record(conn, "B", "o1", False, "in cell", 6), Moved)
    assert settlement.record(conn, "B", "o2", False, "in cell", 6) == Moved("B", State.SETTLED)


def test_pending_lists_what_a_starting_gateway_must_reconcile(conn: Connection) -> None:
    life.create(conn, "B", 0)
    life.reserve(conn, "A", S1, "gateway-1", 1)
    life.reserve(conn, "B", S2, "gateway-2", 2)
    assert [held.authorisation for held in life.pending(conn)] == ["A", "B"]
    assert [held.authorisation for held in life.pending(conn, "gateway-2")] == ["B"]


def test_unknown_names_are_refused(conn: Connection) -> None:
    for answer in (
        life.reserve(conn, "X", S1, "g", 1),
        life.grant(conn, "X", S1, DOOR, SHOWN, 0, 1),
        life.opened(conn, "X", DOOR.board, N1, EVIDENCE, 1),
        life.not_opened(conn, "X", DOOR.board, N1, EVIDENCE, 1),
        settlement.record(conn, "X", "o1", False, "", 1),
    ):
        assert _reason(answer) is Reason.NO_SUCH_AUTHORISATION
    assert _reason(life.create(conn, "A", 1)) is Reason.EXISTS_ALREADY


def test_the_table_has_no_way_out_of_a_final_state_and_no_way_back_without_the_board() -> None:
    assert not [1 for state, _ in TABLE if state in FINAL]
    back = {event for (_, event), new in TABLE.items() if new is State.AVAILABLE}
    assert back == {Event.NOT_OPENED, Event.VOIDED}
    assert after(State.UNKNOWN, Event.LOST) is None


def test_every_reason_has_advice() -> None:
    assert set(ADVICE) == set(Reason)
