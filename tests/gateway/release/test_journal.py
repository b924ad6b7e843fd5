"""How far a board's journal was read, and that a gap in it holds the door (S10)."""

from dataclasses import replace

import pytest
from lane_kiosk import BOARD, LANE
from lane_world import KEYS, World

from sallyport_gateway.ledger import boards, freezes
from sallyport_gateway.ledger.boards import Heard
from sallyport_gateway.parameters import EVENTS_WAIT_MS, JOURNAL_AGE_MS
from sallyport_gateway.release.board_words import NOT_ACCOUNTED
from sallyport_gateway.release.journal import MISSING, UNREAD, BoardJournal
from sallyport_wire import messages as wire


def _read(world: World) -> int:
    """The last event that the store has taken."""
    return world.store.read_now(lambda conn: getattr(boards.find(conn, BOARD), "seq", 0))


def _frozen(world: World) -> list[tuple[str, str]]:
    return [(each.name, each.why) for each in world.store.read_now(lambda conn: freezes.over(conn, "MDI", LANE))]


@pytest.fixture
def journal(world: World) -> BoardJournal:
    """Everything that this board noted is read."""
    world.pass_time(6_000)
    journal = world.lane.opening.journal
    assert journal.refuse() is None
    return journal


def _take(world: World, journal: BoardJournal, seq: int) -> Heard | None:
    return world.run(journal.take(seq, world.clock.wall))


def test_what_the_board_has_and_nobody_read_holds(world: World, journal: BoardJournal) -> None:
    read = _read(world)
    world.run(journal.catch_up(read + 2))
    assert journal.refuse() == UNREAD
    assert _take(world, journal, read + 1) is Heard.FRESH
    assert journal.refuse() == UNREAD, "an old event brings nobody up to date"
    assert _take(world, journal, read + 1) is Heard.REPLAYED
    assert journal.refuse() == UNREAD
    assert _take(world, journal, read + 2) is Heard.FRESH
    assert journal.refuse() is None


def test_how_far_the_board_has_got_is_known_for_a_while_only(world: World, journal: BoardJournal) -> None:
    world.run(journal.catch_up(_read(world)))
    world.clock.ms += JOURNAL_AGE_MS
    assert journal.refuse() is None
    world.clock.ms += 1
    assert journal.refuse() == NOT_ACCOUNTED[None]


def test_an_event_beyond_a_gap_holds(world: World, journal: BoardJournal) -> None:
    read = _read(world)
    assert _take(world, journal, read + 2) is Heard.GAP
    assert journal.refuse() == UNREAD


def test_s13_an_older_report_takes_no_gap_back(world: World, journal: BoardJournal) -> None:
    read = _read(world)
    assert _take(world, journal, read + 2) is Heard.GAP
    world.run(journal.catch_up(read))
    assert journal.refuse() == UNREAD


def test_what_the_board_no_longer_has_holds_until_it_is_given_up(world: World, journal: BoardJournal) -> None:
    read = _read(world)
    assert _take(world, journal, read + 500) is Heard.GAP
    world.clock.ms += EVENTS_WAIT_MS
    world.run(journal.catch_up(read + 500))
    assert journal.refuse() == UNREAD
    assert _take(world, journal, read + 500) is Heard.FRESH
    assert "EVENTS_MISSING" in [code for _, code, _ in world.lane.voice.alarms]
    assert journal.refuse() is None
    assert _frozen(world) == [(LANE, MISSING)], "what the events said nobody knows"


def test_another_board_under_new_keys_is_read_from_its_beginning(world: World, journal: BoardJournal) -> None:
    """Its few events would pass for old ones, and an alarm among them for heard."""
    world.store.write_now(lambda conn: boards.hear_event(conn, BOARD, 1, 900, world.clock.wall, across_gap=True))
    world.store.write_now(lambda conn: boards.enrol_again(conn, BOARD, 2, world.clock.wall))
    fresh = BoardJournal(world.office, replace(KEYS, epoch=2), world.lane.voice)
    world.run(fresh.catch_up(2))
    assert fresh.refuse() == UNREAD and _read(world) == 0
    assert _take(world, fresh, 1) is Heard.FRESH and _take(world, fresh, 2) is Heard.FRESH
    assert fresh.refuse() is None


def test_what_arrives_in_time_freezes_nothing(world: World, journal: BoardJournal) -> None:
    read = _read(world)
    assert _take(world, journal, read + 2) is Heard.GAP
    world.clock.ms += EVENTS_WAIT_MS - 1
    assert _take(world, journal, read + 1) is Heard.FRESH and _take(world, journal, read + 2) is Heard.FRESH
    assert not _frozen(world)


def test_a_restarted_gateway_has_read_all_within_two_seconds(world: World) -> None:
    """More than two requests' worth of events was lost meanwhile."""
    before = _read(world)
    assert world.site.loop is not None
    for _ in range(20):
        world.site.loop.gate._journal.note(1, wire.DOOR_CLOSED, bytes(16), bytes(16), 1)
    world.start_gateway()
    world.say_ready()
    world.pass_time(2_000)
    assert world.lane.opening.journal.refuse() is None
    assert _read(world) == before + 20


def test_a_gateway_that_missed_nothing_is_not_held_up(world: World) -> None:
    test_a_restarted_gateway_has_read_all_within_two_seconds(world)
    world.start_gateway()
    world.say_ready()
    world.pass_time(1_000)
    assert world.lane.opening.journal.refuse() is None
    world.to_verdict(world.authorise())
    outcome = world.confirm()
    assert outcome is not None and outcome.accepted, outcome
