"""S17 and L3: the manual path takes two officers and a reason, replaces checks 9 to 12 and nothing else, and is audited
like every release."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from by_hand import entries, first, identified, key, refused_by_the_kiosk, same_words, second
from intrusions import EVENTS, Intruder, nobody_there, put_back, revoke_the_kiosk
from lane_kiosk import LANE, PRISON, honest_result
from lane_world import APPROVERS, GOVERNOR, OFFICER, World
from sqlalchemy import delete

from sallyport_gateway.acts.manual import Facts, after, refuse_reason
from sallyport_gateway.drivers.authority_tables import references
from sallyport_gateway.ledger import freezes, sessions
from sallyport_gateway.release.attempts import Attempt
from sallyport_gateway.release.check import Stage
from sallyport_gateway.web.ports import ActOutcome
from sallyport_protocol import canonical, envelope
from sallyport_protocol.acts import ACT_PLACE, Act, ActKind, ManualReason
from sallyport_protocol.checks import REQUIRED, Path
from sallyport_protocol.decision import Decision, Verdict
from sallyport_protocol.documents import Registry
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import Role
from sallyport_rig.demonstration import records
from sallyport_wire import messages as wire

AUDITOR = "a.lind"


def also(world: World, officer: str, *roles: Role) -> None:
    """The registry gives an officer more roles."""
    known = world.book.registry
    entries = tuple(
        e.model_copy(update={"roles": (*e.roles, *roles)}) if e.name == officer else e for e in known.entries
    )
    registry = Registry(version=known.version, issued=known.issued, lanes=known.lanes, entries=entries)
    world.book = replace(world.book, registry=registry)


def decision(world: World) -> Decision:
    assert world.lane.check is not None and world.lane.check.decision is not None, world.lane.check
    return world.lane.check.decision


def said(outcome: ActOutcome | None) -> str:
    """What a refused officer is told."""
    assert outcome is not None and not outcome.accepted, outcome
    return " ".join(outcome.sentences)


def opens(world: World) -> bool:
    """Whether the confirmed door opens."""
    world.confirm()
    world.pass_time(8_000)
    return bool(world.site.monitor.opened)


def test_two_officers_stand_in_for_checks_9_to_12_and_the_interlock_opens(world: World) -> None:
    paper = world.authorise()
    refused_by_the_kiosk(world, paper)
    identified(world, paper, reason="NOT_RECOGNISED")
    made = decision(world)
    assert made.verdict is Verdict.RELEASE and made.path is Path.MANUAL
    assert tuple(each.number for each in made.checks) == REQUIRED[Path.MANUAL]
    assert opens(world)
    assert world.state_of(paper) == "CONSUMED"
    world.start(paper)
    assert len(world.site.monitor.opened) == 1
    again = first(world, paper)
    assert "has been used" in said(again)


def test_what_each_officer_signed_is_kept_and_audited(world: World) -> None:
    paper = world.authorise()
    identified(world, paper)
    check = world.lane.check
    assert check is not None and check.manual is not None
    held = world.store.read_now(lambda conn: sessions.find(conn, check.session))
    assert held is not None and held.result is not None and held.verdict == "RELEASE"
    acts = [
        Act.parse(envelope.verify(message, ACT_PLACE, world.book.registry.resolve).content)
        for message in canonical.decode(held.result, limit=1 << 20)
    ]
    assert [(each.kind, each.officer) for each in acts] == [(ActKind.MANUAL, OFFICER), (ActKind.SECOND, GOVERNOR)]
    assert acts[1].fields["statement"] == check.manual.first.digest.hex()
    assert acts[0].fields["why"] == acts[1].fields["why"] and acts[0].fields["prisoner"] == records.PRISONER
    recorded = entries(world, "DECISION")[-1]
    assert recorded["path"] == "MANUAL"
    assert [each["statement"] for each in recorded["manual"]["officers"]] == [  # type: ignore[index]
        each.digest for each in check.manual.statements
    ]
    assert recorded["manual"]["reason"] == "CANNOT_BE_CAPTURED" and recorded["manual"]["after"] == "NO_ATTEMPT"  # type: ignore[index]


def test_one_officer_is_not_two(world: World) -> None:
    paper = world.authorise()
    first(world, paper)
    assert "Another officer must" in said(second(world, OFFICER))
    assert not opens(world) and world.state_of(paper) == "AVAILABLE"


@pytest.mark.parametrize(
    "changes",
    [
        {"why": "something else"},
        {"prisoner": "A9999ZZ"},
        {"reason": "KIOSK_OUT_OF_SERVICE"},
        {"lane": "MDI-LANE-2"},
        {"authorisation": "auth-9"},
        {"statement": "00" * 32},
    ],
)
def test_both_sign_the_same_words(world: World, changes: dict[str, str]) -> None:
    paper = world.authorise()
    first(world, paper)
    assert "statement" in said(second(world, **changes))
    assert world.lane.check is not None and world.lane.check.stage is Stage.STATED
    assert not opens(world)


@pytest.mark.parametrize("fields", [{"why": " . "}, {"reason": "IN_A_HURRY"}, {"means": "WRISTBAND"}, {"why": ""}])
def test_a_reason_from_the_list_in_words(world: World, fields: dict[str, str]) -> None:
    paper = world.authorise()
    with pytest.raises(MalformedError):
        first(world, paper, **fields)
    assert world.lane.check is None or world.lane.check.over


def test_an_approver_is_neither_of_them(world: World) -> None:
    for officer in APPROVERS:
        also(world, officer, Role.CONFIRMING_OFFICER)
    paper = world.authorise()
    assert "approved" in said(first(world, paper, APPROVERS[0]))
    first(world, paper)
    assert "approved" in said(second(world, APPROVERS[1]))
    assert not opens(world)


def test_the_calculator_is_neither_of_them(world: World) -> None:
    paper = world.authorise()
    person = dict(records.standing(world.clock.now()))["CALCULATION"] | {"calculatedByUsername": "D.Morgan"}
    world.record("CALCULATION", person)
    first(world, paper)
    second(world)
    assert decision(world).verdict is not Verdict.RELEASE
    assert "MANUAL_BY_CALCULATOR" in {each.reason for each in decision(world).refused}
    assert not opens(world)


def test_after_a_mismatch_one_of_them_is_the_duty_governor(world: World) -> None:
    also(world, AUDITOR, Role.CONFIRMING_OFFICER)
    paper = world.authorise()
    refused_by_the_kiosk(world, paper)
    first(world, paper, reason="NOT_RECOGNISED")
    second(world, AUDITOR)
    assert [each.reason for each in decision(world).refused] == ["MANUAL_NO_GOVERNOR"]
    assert not opens(world)
    first(world, paper, reason="NOT_RECOGNISED")
    second(world, GOVERNOR)
    assert opens(world)


def test_without_a_mismatch_two_officers_of_the_door_suffice(world: World) -> None:
    also(world, AUDITOR, Role.CONFIRMING_OFFICER)
    paper = world.authorise()
    first(world, paper)
    second(world, AUDITOR)
    assert opens(world)


def test_only_who_identified_the_person_lets_them_out(world: World) -> None:
    also(world, AUDITOR, Role.CONFIRMING_OFFICER)
    paper = world.authorise()
    identified(world, paper)
    check = world.lane.check
    assert check is not None
    assert "Only the two" in said(world.act(AUDITOR, ActKind.CONFIRM, session=check.session.hex()))
    assert "Only the two" in said(key(world, AUDITOR))


def test_the_gateway_believes_no_reason_that_it_knows_to_be_untrue(world: World) -> None:
    paper = world.authorise()
    assert "Let them try first" in said(first(world, paper, reason="NOT_RECOGNISED"))
    assert "suspected no attack" in said(first(world, paper, reason="ATTACK_SUSPECTED"))
    assert "is enrolled" in said(first(world, paper, reason="NO_REFERENCE"))
    assert "answers" in said(first(world, paper, reason="KIOSK_OUT_OF_SERVICE"))
    assert "no such authorisation for this person" in said(first(world, paper, prisoner="A9999ZZ"))
    world.store.write_now(lambda conn: conn.execute(delete(references)))
    outcome = first(world, paper, reason="NO_REFERENCE")
    assert outcome is not None and outcome.accepted


def test_a_kiosk_that_is_not_believed_is_out_of_service(world: World) -> None:
    """Its match counts for nothing, so the person must not be held for its sake."""
    paper = world.authorise()
    world.to_verdict(paper, lambda *args, **kw: honest_result(*args, **(kw | {"software": b"?" * 32})))
    check = world.lane.check
    assert check is not None and not check.released
    assert "has not refused" in said(first(world, paper, reason="NOT_RECOGNISED"))
    assert first(world, paper, reason="KIOSK_OUT_OF_SERVICE").accepted  # type: ignore[union-attr]
    second(world)
    assert decision(world).verdict is Verdict.RELEASE


def test_models_that_are_held_leave_the_manual_path(world: World) -> None:
    assert world.act(GOVERNOR, ActKind.FREEZE, scope="models", name=PRISON, why="they drift").accepted  # type: ignore[union-attr]
    identified(world, world.authorise(), reason="KIOSK_OUT_OF_SERVICE")
    assert opens(world)


def test_the_gravest_attempt_counts() -> None:
    attempts = (Attempt(1, "ATTACK_SUSPECTED"), Attempt(2, "INCONCLUSIVE"))
    assert after(attempts) == "ATTACK_SUSPECTED" and after(attempts[1:]) == "INCONCLUSIVE" and after(()) == "NO_ATTEMPT"
    matched = Facts(kiosk_serves=True, enrolled=True, attempts=(Attempt(1, "MATCH"),))
    assert refuse_reason(ManualReason.NOT_RECOGNISED, matched) is not None, "it did recognise the person"


def test_no_hold_is_overridden(world: World) -> None:
    """13 to 25: whatever bars the release bars it by hand as well, the duty governor among the two or not."""
    for name in ("warrant", "legal status", "freeze of the estate", "store behind", "window closed"):
        book, paper = world.book, world.authorise()
        EVENTS[name](world, paper)
        first(world, paper)
        if world.lane.check is not None and world.lane.check.stage is Stage.STATED:
            second(world)
            assert decision(world).verdict is not Verdict.RELEASE, name
        assert not opens(world), name
        put_back(world, book)


def cut_the_line(world: World) -> None:
    """Neither the kiosk nor, through it, the interlock is heard any more."""
    world.wait(40_000)
    world.up.clear()
    world.down.clear()


def test_the_kiosks_silence_is_a_reason_and_the_key_a_way(world: World) -> None:
    paper = world.authorise()
    cut_the_line(world)
    assert not world.lane.contact.here
    identified(world, paper, reason="KIOSK_OUT_OF_SERVICE")
    outcome = key(world)
    assert outcome is not None and outcome.accepted, outcome
    assert world.state_of(paper) == "CONSUMED"
    assert entries(world, "KEY_RELEASE")[-1]["authorisation"] == paper
    assert [(each.scope, each.name) for each in world.store.read_now(freezes.in_force)] == [("PRISON", PRISON)]
    assert "KEY_RELEASE" in {code for _, code, _ in world.lane.voice.alarms}
    assert "waits for its confirmation" in said(key(world)), "one verdict, one person"


def test_a_board_that_lives_sees_the_key_and_its_lane_is_frozen_too(world: World) -> None:
    paper = world.authorise()
    identified(world, paper)
    key(world)
    world.site.contacts_now &= ~wire.DOOR_IS_CLOSED
    world.pass_time(1_000)
    assert "UNGRANTED_OPEN" in {code for _, code, _ in world.lane.voice.alarms}
    assert {each.scope for each in world.store.read_now(freezes.in_force)} == {"LANE", "PRISON"}
    assert world.state_of(paper) == "CONSUMED" and world.site.monitor.opened == []


@pytest.mark.parametrize("tried", ["at the kiosk", "by hand"])
def test_an_interlock_that_falls_silent_when_asked_holds_nobody_back(world: World, tried: str) -> None:
    """The reservation does not return; the manual path takes it over and uses it up, and the board gets no grant."""
    paper = world.authorise()
    if tried == "by hand":
        identified(world, paper)
    else:
        world.to_verdict(paper)
    world.confirm()
    assert "Another session" in said(first(world, paper)) or "is running" in said(first(world, paper))
    asked = list(world.down)
    cut_the_line(world)
    assert world.state_of(paper) == "RESERVED"
    identified(world, paper)
    outcome = key(world)
    assert outcome is not None and outcome.accepted, outcome
    assert world.state_of(paper) == "CONSUMED"
    world.down = [(topic, message, world.clock.ms + 5_000) for topic, message, _ in asked]
    world.pass_time(20_000)
    assert world.site.monitor.opened == [] and world.state_of(paper) == "CONSUMED"


def test_after_a_key_nothing_is_granted_until_two_officers_have_reconciled(world: World) -> None:
    paper = world.authorise()
    identified(world, paper)
    key(world)
    other = world.authorise()
    world.record("PRISONER", records.person())
    for officer in APPROVERS:
        world.act(officer, ActKind.APPROVE, authorisation=other)
    world.to_verdict(other)
    assert "FROZEN" in {each.reason for each in decision(world).refused}
    for officer in APPROVERS:
        world.act(officer, ActKind.UNFREEZE, scope="prison", name=PRISON, why="reconciled")
    world.to_verdict(other)
    assert decision(world).verdict is Verdict.RELEASE


@pytest.mark.parametrize("late", ["before the statement", "after the verdict"])
def test_a_key_turns_for_nobody_whose_release_was_stopped(world: World, late: str) -> None:
    paper = world.authorise()
    if late == "before the statement":
        EVENTS["warrant"](world, paper)
    first(world, paper)
    second(world)
    if late == "after the verdict":
        EVENTS["warrant"](world, paper)
    outcome = key(world)
    assert outcome is not None and not outcome.accepted
    assert world.state_of(paper) == "AVAILABLE" and entries(world, "KEY_RELEASE") == []


def test_a_key_needs_the_witness(world: World) -> None:
    paper = world.authorise()
    identified(world, paper)
    world.witness = False
    assert "witness" in said(key(world))
    assert world.state_of(paper) == "AVAILABLE"


def test_a_statement_waits_five_minutes(world: World) -> None:
    paper = world.authorise()
    first(world, paper)
    world.clock.ms += 285_000
    world.pass_time(5_000)
    assert world.lane.check is not None and world.lane.check.stage is Stage.STATED
    signed = same_words(world)
    world.pass_time(12_000)
    assert "in time" in said(world.act(GOVERNOR, ActKind.SECOND, **signed))
    assert world.state_of(paper) == "AVAILABLE"


def test_a_manual_verdict_dies_like_any_other(world: World) -> None:
    paper = world.authorise()
    identified(world, paper)
    world.pass_time(61_000)
    assert not opens(world)


def test_a_crash_between_the_statements_costs_nothing_but_the_first(world: World) -> None:
    paper = world.authorise()
    first(world, paper)
    signed = same_words(world)
    world.start_gateway()
    assert "No such statement" in said(world.act(GOVERNOR, ActKind.SECOND, **signed))
    identified(world, paper)
    world.connect()
    assert world.lane.check is not None and world.lane.check.released


def test_it_is_reachable_within_90_seconds_of_the_last_attempt(new_world: Callable[[], World]) -> None:
    """S16, L3."""
    world = new_world()
    paper = world.authorise()
    for _ in range(world.book.policy.operating.attempts):
        refused_by_the_kiosk(world, paper)
    failed = world.clock.ms
    assert "Wait" in said(first(world, paper, reason="NOT_RECOGNISED"))
    while True:
        outcome = first(world, paper, reason="NOT_RECOGNISED")
        if outcome is not None and outcome.accepted:
            break
        world.pass_time(1_000)
    second(world)
    assert decision(world).verdict is Verdict.RELEASE
    assert world.clock.ms - failed <= 90_000


QUICK = ("withdrawal", "freeze of the prison", "officer revoked", "store behind")
"""One of each kind in every run; the others are the same code under another name."""
OTHERS = sorted(set(EVENTS) - {"nobody there", "kiosk revoked", *QUICK})


@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(each, marks=pytest.mark.long) for each in OTHERS)])
def test_whatever_stops_it_stops_it_by_hand_at_every_step(world: World, name: str) -> None:
    """The officers stand with the person and the kiosk only relays: so the kiosk's revocation and an empty picture
    stop nothing here, everything else does."""
    assert {EVENTS["nobody there"], EVENTS["kiosk revoked"]} == {nobody_there, revoke_the_kiosk}
    at = tried = 0
    while True:
        at += 1
        book, paper = world.book, world.authorise()
        watch = Intruder(world, paper, at, EVENTS[name])
        world.visitor = watch
        first(world, paper)
        if world.lane.check is not None and world.lane.check.stage is Stage.STATED:
            second(world)
            world.confirm()
        world.settle_roads()
        world.pass_time(1_000)
        watch.truth.look()
        watch.truth.close()
        if not watch.came:
            break
        tried += 1
        assert watch.truth.left == {}, f"a grant left after the event at step {at}"
        assert watch.truth.opened == {}, f"the door opened after the event at step {at}"
        world.visitor = lambda _: None
        put_back(world, book)
    assert tried >= 10


def test_an_officer_who_identified_is_revoked_before_the_grant(world: World) -> None:
    paper = world.authorise()
    identified(world, paper)
    world.revoke(GOVERNOR)
    assert not opens(world) and world.state_of(paper) == "AVAILABLE"
    outcome = key(world)
    assert outcome is not None and not outcome.accepted


def test_a_statement_is_not_made_at_another_prisons_door(world: World) -> None:
    known = world.book.registry
    moved = tuple(e.model_copy(update={"prison": "LEI"}) if e.name == GOVERNOR else e for e in known.entries)
    paper = world.authorise()
    first(world, paper)
    registry = Registry(version=known.version, issued=known.issued, lanes=known.lanes, entries=moved)
    world.book = replace(world.book, registry=registry)
    assert "LEI" in said(second(world))
    assert world.lane.entry.name == LANE


# -- by key while no desk could be reached ---------------------------------------------------------------------------


def left(world: World, paper: str, officer: str, when: str = "14:05") -> ActOutcome | None:
    return world.act(officer, ActKind.LEFT, authorisation=paper, when=when, why="the power was out")


def test_two_officers_state_afterwards_who_left_by_key(world: World) -> None:
    paper = world.authorise()
    assert left(world, paper, OFFICER).accepted  # type: ignore[union-attr]
    assert [(each.scope, each.name) for each in world.store.read_now(freezes.in_force)] == [("PRISON", PRISON)]
    assert "Another officer must" in said(left(world, paper, OFFICER)) and world.state_of(paper) == "AVAILABLE"
    assert left(world, paper, GOVERNOR, when="15:00").accepted  # type: ignore[union-attr]
    assert world.state_of(paper) == "AVAILABLE", "they say different things"
    assert left(world, paper, OFFICER, when="15:00").accepted  # type: ignore[union-attr]
    assert world.state_of(paper) == "CONSUMED"
    assert entries(world, "LEFT_BY_KEY")[-1]["ledger"] == "CONSUMED"
    assert "otherwise" in said(left(world, paper, GOVERNOR))
    world.start(paper)
    assert not opens(world)


def test_nobody_states_it_who_approved_it_or_belongs_elsewhere(world: World) -> None:
    also(world, APPROVERS[0], Role.CONFIRMING_OFFICER)
    paper = world.authorise()
    assert "approved" in said(left(world, paper, APPROVERS[0]))
    assert "no such" in said(left(world, "auth-9", OFFICER))
    assert world.store.read_now(freezes.in_force) == []
