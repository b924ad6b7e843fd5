"""S6, S13: a gateway restored from an old backup grants nothing, and two officers, not one, bring it back."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from by_hand import entries, first, identified, key, second
from lane_kiosk import BOARD
from lane_world import APPROVERS, GOVERNOR, OFFICER, World
from sqlalchemy import Connection
from witnessed import WitnessedWorld

from sallyport_gateway.acts.doubt import seen_words
from sallyport_gateway.audit.heads import Standing
from sallyport_gateway.ledger import joint
from sallyport_gateway.ledger.joint import Together, Word
from sallyport_gateway.web.ports import ActOutcome
from sallyport_protocol.acts import ActKind
from sallyport_protocol.decision import Verdict
from sallyport_provisioning.estate import Estate


@pytest.fixture
def world(estate: Estate, template: Path, fast_folder: Path) -> Iterator[WitnessedWorld]:
    made = WitnessedWorld(estate, template, Path(tempfile.mkdtemp(dir=fast_folder)))
    yield made
    made.close()


def told(outcome: ActOutcome | None) -> str:
    assert outcome is not None and not outcome.accepted, outcome
    return " ".join(outcome.sentences)


def done(outcome: ActOutcome | None) -> None:
    assert outcome is not None and outcome.accepted, outcome


def release(world: World, paper: str) -> int:
    """Tries to release on it; how often the door has opened by then."""
    world.to_verdict(paper)
    world.confirm()
    world.pass_time(8_000)
    return len(world.site.monitor.opened)


def restore(world: WitnessedWorld, officer: str, **changes: str) -> ActOutcome | None:
    witnessed = seen_words(world.heads.behind) or "nothing"
    fields = {"log": world.heads.log, "witnessed": witnessed, "why": "the disk was replaced"}
    return world.act(officer, ActKind.RESTORE, **(fields | changes))


def account(world: World, officer: str, **changes: str) -> ActOutcome | None:
    nonce = world.lane.opening.standing.unknown
    fields = {"board": BOARD, "nonce": (nonce or b"").hex() or "00", "why": "the person has left"}
    return world.act(officer, ActKind.ACCOUNT, **(fields | changes))


def reconcile(world: World, officer: str, paper: str) -> ActOutcome | None:
    return world.act(officer, ActKind.RECONCILE, authorisation=paper, opened="yes", why="I saw the person leave")


def released_then_restored(world: WitnessedWorld) -> str:
    """One person leaves on a paper that the restored store takes for unused."""
    paper = world.authorise()
    copy = world.back_up()
    assert release(world, paper) == 1
    world.restore(copy)
    assert world.heads.standing is Standing.BEHIND and world.state_of(paper) == "AVAILABLE"
    return paper


def test_restore_no_grant_two_officers_grants_again(world: WitnessedWorld) -> None:
    paper = released_then_restored(world)
    assert release(world, paper) == 1, "S6: it opened twice on one paper"
    assert {each.reason for each in world.lane.check.decision.refused} >= {"LEDGER_BEHIND"}  # type: ignore[union-attr]
    first(world, paper)
    second(world)
    assert not world.lane.check.released, "nor by hand"  # type: ignore[union-attr]

    done(restore(world, APPROVERS[0]))
    assert "Another officer must" in told(restore(world, APPROVERS[0])), "the same one twice"
    assert "it takes a" in told(restore(world, OFFICER))
    assert world.renewed == 0 and world.heads.check() is not Standing.GOOD
    assert release(world, paper) == 1

    done(restore(world, GOVERNOR))
    assert world.renewed == 1
    world.boot()
    assert world.heads.log == "gateway-1.2" and world.heads.standing is Standing.GOOD
    assert world.state_of(paper) == "UNKNOWN"
    opened = entries(world, "log-opened")[-1]
    assert opened["officers"] == [APPROVERS[0], GOVERNOR] and opened["follows"] == "gateway-1"

    other = world.authorise()
    assert release(world, other) == 1, "the board has spent what this store does not know"
    assert "STORE_BEHIND" in {code for _, code, _ in world.lane.voice.alarms}
    done(account(world, APPROVERS[1]))
    assert "Another officer must" in told(account(world, APPROVERS[1]))
    done(account(world, GOVERNOR))
    world.pass_time(6_000)
    assert world.state_of(other) == "AVAILABLE", "it came to life after that opening"
    assert "STORE_BEHIND" not in {code for _, code, _ in world.lane.voice.alarms}, "two officers have settled it"
    for officer in (OFFICER, GOVERNOR):
        done(reconcile(world, officer, paper))
    assert world.state_of(paper) == "SETTLED"
    again = world.authorise()
    assert release(world, again) == 2
    assert world.state_of(again) == "CONSUMED"


def test_nobody_lets_a_gateway_go_on_whose_other_copy_still_runs(world: WitnessedWorld) -> None:
    released_then_restored(world)
    assert "another copy" in told(restore(world, APPROVERS[0], witnessed="3 00"))
    assert "another copy" in told(restore(world, APPROVERS[0], log="gateway-2"))
    assert world.store.read_now(lambda conn: joint.waiting(conn, "RESTORE", "gateway-1", world.clock.wall)) is None


def test_a_first_word_dies_after_ten_minutes(world: WitnessedWorld) -> None:
    released_then_restored(world)
    done(restore(world, APPROVERS[0]))
    world.clock.ms += joint.WITHIN_MS + 1_000
    done(restore(world, GOVERNOR))
    assert world.renewed == 0
    done(restore(world, APPROVERS[0]))
    assert world.renewed == 1


def test_what_is_not_in_doubt_is_not_settled(world: WitnessedWorld) -> None:
    world.authorise()
    for outcome in (restore(world, GOVERNOR), account(world, GOVERNOR)):
        assert "nothing to settle" in told(outcome) or "knows of all" in told(outcome)
    assert world.renewed == 0


def test_another_opening_is_another_act(world: WitnessedWorld) -> None:
    released_then_restored(world)
    assert "another opening" in told(account(world, GOVERNOR, nonce="00" * 16))
    assert "not here" in told(account(world, GOVERNOR, board="MDI-L09"))


def test_an_unknown_opening_holds_the_board_though_the_log_is_whole(world: WitnessedWorld) -> None:
    """A witness that was restored together with the store: only the board remembers."""
    paper = world.authorise()
    copy = world.back_up()
    assert release(world, paper) == 1
    for kept in (world.path.parent / "witness").iterdir():
        kept.unlink()
    world.restore(copy)
    assert world.heads.standing is Standing.GOOD and world.state_of(paper) == "AVAILABLE"
    assert release(world, paper) == 1
    identified(world, paper)
    assert release(world, paper) == 1
    for officer in (GOVERNOR, APPROVERS[0]):
        done(account(world, officer))
    assert world.state_of(paper) == "UNKNOWN"
    identified_now = first(world, paper)
    assert "not known" in told(identified_now)
    assert entries(world, "ACCOUNTED")[-1]["distrusted"] == 1


def test_two_words_join_only_about_the_same(conn: Connection) -> None:
    def take(officer: str, facts: bytes = b"f" * 32, now: int = 1) -> Word:
        return joint.take(conn, "RESTORE", "log", facts, officer, now)

    assert take("a") == Word(Together.FIRST, "a")
    assert take("a") == Word(Together.SAME_OFFICER, "a")
    assert take("A ").together is Together.SAME_OFFICER, "one human in another spelling is no second one"
    assert take("а").together is Together.SAME_OFFICER, "nor is who cannot be told (a Cyrillic letter)"
    assert take("b", b"g" * 32) == Word(Together.FIRST, "b"), "other facts begin anew"
    assert take("a", b"g" * 32) == Word(Together.BOTH, "b")
    assert take("a", b"g" * 32) == Word(Together.FIRST, "a"), "each word counts once"
    assert take("b", b"g" * 32, 2 + joint.WITHIN_MS) == Word(Together.FIRST, "b")


def test_by_key_on_a_store_in_doubt(world: WitnessedWorld) -> None:
    paper = released_then_restored(world)
    first(world, paper)
    second(world)
    told(key(world))
    assert world.lane.check.decision.verdict is not Verdict.RELEASE  # type: ignore[union-attr]
    assert world.state_of(paper) == "AVAILABLE"
