"""What may happen once, or only go forwards: sessions, counters, acts, lists, boards."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, insert
from sqlalchemy.exc import IntegrityError

from sallyport_gateway.ledger import boards, nonces, once, sessions
from sallyport_gateway.ledger.boards import Heard
from sallyport_gateway.ledger.sessions import Answered, Session, SessionState
from sallyport_gateway.ledger.words import Shown
from sallyport_gateway.store import Store
from sallyport_gateway.store.tables import boots

S, C = b"s" * 16, b"c" * 32
OFFERED = Session(S, "A", "MDI", "MDI-K01", "MDI-LANE-1", C, "gateway-1", 1)


def test_the_first_answer_counts(conn: Connection) -> None:
    sessions.open_session(conn, OFFERED)
    assert sessions.answer(conn, S, b"x" * 32, b"result", 2) is Answered.NOT_OPEN
    assert sessions.answer(conn, S, C, b"result", 2) is Answered.FIRST
    assert sessions.answer(conn, S, C, b"result", 3) is Answered.SAME
    assert sessions.answer(conn, S, C, b"another", 3) is Answered.DIFFERENT
    assert sessions.answer(conn, b"t" * 16, C, b"result", 3) is Answered.NOT_OPEN
    held = sessions.find(conn, S)
    assert held is not None and held.result == b"result" and held.answered_at == 2


def test_one_decision_for_a_session(conn: Connection) -> None:
    sessions.open_session(conn, OFFERED)
    assert not sessions.decide(conn, S, "RELEASE", b"d", 7, 2)
    sessions.answer(conn, S, C, b"result", 2)
    assert sessions.decide(conn, S, "RELEASE", b"d", 7, 3)
    assert not sessions.decide(conn, S, "HOLD", b"d", 8, 4)
    assert sessions.answer(conn, S, C, b"result", 5) is Answered.SAME
    assert [held.session for held in sessions.unended(conn, "gateway-1")] == [S]
    assert sessions.end(conn, S, "opened", 6) and not sessions.end(conn, S, "again", 7)
    assert sessions.unended(conn) == []
    held = sessions.find(conn, S)
    assert held is not None and (held.state, held.verdict, held.audit_index) == (SessionState.ENDED, "RELEASE", 7)
    assert sessions.find(conn, b"t" * 16) is None


def test_an_ended_session_takes_no_first_answer(conn: Connection) -> None:
    sessions.open_session(conn, OFFERED)
    sessions.end(conn, S, "expired", 2)
    assert sessions.answer(conn, S, C, b"result", 3) is Answered.NOT_OPEN


@pytest.mark.parametrize("session, challenge", [(S, b"d" * 32), (b"t" * 16, C)])
def test_neither_session_nor_challenge_is_used_twice(conn: Connection, session: bytes, challenge: bytes) -> None:
    sessions.open_session(conn, OFFERED)
    with pytest.raises(IntegrityError):
        sessions.open_session(conn, Session(session, "A", "MDI", "MDI-K01", "MDI-LANE-1", challenge, "gateway-1", 1))


def test_a_counter_goes_forwards_within_the_current_boot(conn: Connection) -> None:
    assert not once.forward(conn, "MDI-K01", b"1" * 16, 0)
    assert once.booted(conn, "MDI-K01", b"1" * 16, 1)
    assert once.forward(conn, "MDI-K01", b"1" * 16, 0)
    assert not once.forward(conn, "MDI-K01", b"1" * 16, 0)
    assert once.forward(conn, "MDI-K01", b"1" * 16, 5)
    assert not once.forward(conn, "MDI-K01", b"1" * 16, 4)
    assert once.booted(conn, "MDI-K01", b"2" * 16, 2)
    assert not once.forward(conn, "MDI-K01", b"1" * 16, 6)
    assert not once.booted(conn, "MDI-K01", b"1" * 16, 3), "an old READY is a replay"
    assert once.booted(conn, "MDI-K01", b"2" * 16, 4)
    assert once.forward(conn, "MDI-K01", b"2" * 16, 0)


def test_one_more_start_of_a_kiosk_goes_through_no_earlier_one(tmp_path: Path) -> None:
    def steps(conn: Connection, boot: bytes) -> int:
        """Of SQLite's machine, for one more start; in tens."""
        count, raw = [0], conn.connection.dbapi_connection
        raw.set_progress_handler(lambda: count.append(0), 10)  # type: ignore[union-attr]
        assert once.booted(conn, "MDI-K01", boot, 1)
        raw.set_progress_handler(None, 0)  # type: ignore[union-attr]
        return len(count)

    row = {"device": "MDI-K01", "counter": -1, "current": 0, "since": 1}
    rows = [row | {"boot": n.to_bytes(16, "big")} for n in range(2_000)]
    with Store(tmp_path / "store.db") as store:
        store.write_now(lambda conn: once.booted(conn, "MDI-K01", b"1" * 16, 1))
        first = store.write_now(lambda conn: steps(conn, b"2" * 16))
        store.write_now(lambda conn: conn.execute(insert(boots), rows))
        assert store.write_now(lambda conn: steps(conn, b"3" * 16)) <= first + 2


def test_an_act_counts_once(conn: Connection) -> None:
    assert once.first_act(conn, b"k" * 32, b"n" * 16, 1)
    assert not once.first_act(conn, b"k" * 32, b"n" * 16, 2)
    assert once.first_act(conn, b"l" * 32, b"n" * 16, 2)
    assert once.forget_acts(conn, 2) == 1


def test_a_revoked_key_stays_revoked(conn: Connection) -> None:
    assert once.revoked_since(conn, b"k" * 32) is None
    assert once.revoke_key(conn, b"k" * 32, "stolen", 5) and not once.revoke_key(conn, b"k" * 32, "again", 6)
    assert once.revoked_since(conn, b"k" * 32) == 5


def test_s13_an_older_list_is_refused(conn: Connection) -> None:
    assert once.list_age(conn, "ca", 10) is None
    assert once.accept_list(conn, "ca", 2, 100, 10) and once.accept_list(conn, "ca", 2, 100, 20)
    assert not once.accept_list(conn, "ca", 1, 200, 30)
    assert once.list_age(conn, "ca", 50) == 30


def test_s13_a_boards_numbers_only_rise(conn: Connection) -> None:
    assert boards.hear_nonce(conn, "L", 1, 10, 1) is Heard.FRESH
    assert boards.hear_nonce(conn, "L", 1, 10, 1) is Heard.REPLAYED
    assert boards.hear_nonce(conn, "L", 2, 11, 2) is Heard.FRESH
    assert boards.hear_nonce(conn, "L", 1, 12, 3) is Heard.OLD_EPOCH
    assert boards.hear_event(conn, "L", 1, 1, 3) is Heard.OLD_EPOCH
    assert boards.hear_event(conn, "L", 2, 1, 3) is Heard.FRESH
    assert boards.hear_event(conn, "L", 2, 1, 3) is Heard.REPLAYED
    assert boards.hear_event(conn, "L", 2, 3, 3) is Heard.GAP
    assert boards.hear_event(conn, "L", 2, 3, 3, across_gap=True) is Heard.FRESH
    held = boards.find(conn, "L")
    assert held is not None and (held.epoch, held.counter, held.seq) == (2, 11, 3)


def test_request_numbers_rise_even_when_the_clock_falls(conn: Connection) -> None:
    numbers = [boards.next_request(conn, "L", now) for now in (1_000, 1_000, 900, 2_000)]
    assert numbers == [1_000, 1_001, 1_002, 2_000]


def test_a_revoked_board_is_not_heard_until_it_has_new_keys(conn: Connection) -> None:
    boards.hear_nonce(conn, "L", 3, 10, 1)
    boards.revoke(conn, "L", "burnt", 2)
    assert boards.hear_nonce(conn, "L", 3, 11, 3) is Heard.REVOKED
    assert boards.hear_event(conn, "L", 3, 1, 3) is Heard.REVOKED
    assert not boards.enrol_again(conn, "L", 3, 4) and not boards.enrol_again(conn, "M", 3, 4)
    assert boards.enrol_again(conn, "L", 4, 4) and not boards.is_revoked(conn, "L")


def test_another_board_under_new_keys_counts_from_its_own_beginning(conn: Connection) -> None:
    boards.hear_nonce(conn, "L", 1, 10, 1)
    boards.hear_event(conn, "L", 1, 40, 1, across_gap=True)
    assert not boards.begin_journal(conn, "L", 3), "under the same keys a shorter journal is a fault, not another board"
    assert boards.enrol_again(conn, "L", 2, 2)
    assert boards.hear_event(conn, "L", 2, 1, 3) is Heard.REPLAYED, "before it has said how far its journal goes"
    assert not boards.begin_journal(conn, "L", 40), "the same board: its counters outlive its keys"
    assert boards.begin_journal(conn, "L", 3)
    assert boards.hear_event(conn, "L", 2, 1, 3) is Heard.FRESH
    assert boards.hear_nonce(conn, "L", 2, 0, 4) is Heard.FRESH
    assert not boards.begin_journal(conn, "L", 0), "once it has shown a nonce, it is known"


def test_an_opening_this_store_never_granted_shows_that_it_is_behind(conn: Connection) -> None:
    assert boards.accounts_for(conn, "L", bytes(16))
    assert not boards.accounts_for(conn, "L", b"n" * 16)
    nonces.refuse(conn, "L", Shown(b"n" * 16, 1), "A", S, 1)
    assert not boards.accounts_for(conn, "L", b"n" * 16)
    nonces.decide(conn, "L", Shown(b"m" * 16, 2), nonces.Decision.GRANT, "A", S, 1)
    assert boards.accounts_for(conn, "L", b"m" * 16)
