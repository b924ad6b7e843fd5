"""Officers' acts: believed once, from who may, at the right door; and how often one paper may be tried (S16)."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from lane_kiosk import KIOSK, LANE, non_match
from lane_world import APPROVERS, GOVERNOR, OFFICER, World

from sallyport_gateway import parameters
from sallyport_gateway.acts.officer_acts import ALLOWED, BelievedAct, RefusedAct, judge_act, refuse_officer
from sallyport_gateway.acts.signposts import here
from sallyport_gateway.ledger import freezes, leases
from sallyport_gateway.ledger.leases import Peer
from sallyport_gateway.release.attempts import refuse_attempt
from sallyport_protocol import envelope
from sallyport_protocol.actions import Action
from sallyport_protocol.acts import ACT_PLACE, ActKind
from sallyport_protocol.documents import Registry, Status
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import Role


def refused(world: World, message: bytes) -> str:
    found = judge_act(message, world.book, world.clock.now(), {world.name})
    assert isinstance(found, RefusedAct), found
    return found.sentence


def test_an_act_by_who_may_is_believed(world: World) -> None:
    message = world.signed(OFFICER, ActKind.START, lane=LANE)
    found = judge_act(message, world.book, world.clock.now(), {world.name})
    assert isinstance(found, BelievedAct)
    assert found.officer.name == OFFICER


@pytest.mark.parametrize("kind", ActKind)
@pytest.mark.parametrize("officer", [*APPROVERS[:1], OFFICER, GOVERNOR, "a.lind", KIOSK, "gateway-1"])
def test_each_role_may_do_what_is_named_and_nothing_else(world: World, kind: ActKind, officer: str) -> None:
    entry = world.book.registry.named(officer)
    assert entry is not None
    refusal = refuse_officer(entry, kind, world.book, world.clock.now())
    assert (refusal is None) == bool(ALLOWED[kind] & set(entry.roles))


def test_every_act_has_somebody_who_may_and_no_device_may_anything() -> None:
    assert set(ALLOWED) == set(ActKind)
    names = {role.value for roles in ALLOWED.values() for role in roles}
    assert names == {"confirming-officer", "approver", "duty-governor", "auditor"}
    assert [kind for kind in ActKind if Role.AUDITOR in ALLOWED[kind]] == [ActKind.SIGN_IN], "an auditor only reads"


def test_an_altered_act(world: World) -> None:
    message = world.signed(OFFICER, ActKind.START, lane=LANE)
    assert "cannot be read" in refused(world, message[:-1] + bytes([message[-1] ^ 1]))
    assert "cannot be read" in refused(world, b"")


def test_an_act_of_a_stranger(world: World) -> None:
    known = world.book.registry
    entries = tuple(each for each in known.entries if each.name != OFFICER)
    registry = Registry(version=known.version, issued=known.issued, lanes=known.lanes, entries=entries)
    world.book = replace(world.book, registry=registry)
    assert "not in the estate" in refused(world, world.signed(OFFICER, ActKind.START, lane=LANE))


def test_an_act_of_a_revoked_officer(world: World) -> None:
    world.revoke(OFFICER)
    entry = world.book.registry.named(OFFICER)
    assert entry is not None and entry.status is Status.REVOKED
    assert "revoked" in refused(world, world.signed(OFFICER, ActKind.START, lane=LANE))


def test_an_act_in_another_officers_name(world: World) -> None:
    content = {"v": 1, "kind": "START", "officer": GOVERNOR, "at": world.clock.wall, "nonce": b"n" * 16, "fields": {}}
    message = envelope.sign(content, world.estate.signer(OFFICER), ACT_PLACE)
    assert f"names {GOVERNOR}" in refused(world, message)


@pytest.mark.parametrize("off_ms", [-121_000, 121_000])
def test_an_act_from_another_time(world: World, off_ms: int) -> None:
    message = world.signed(OFFICER, ActKind.START, at=world.clock.wall + off_ms, lane=LANE)
    assert "two minutes" in refused(world, message)


def test_a_result_is_no_act(world: World) -> None:
    paper = world.authorise()
    world.start(paper)
    world.settle_roads()
    world.answer()
    assert "cannot be read" in refused(world, world.up[-1][1])


def test_an_act_counts_once(world: World) -> None:
    message = world.signed(GOVERNOR, ActKind.FREEZE, scope="lane", name=LANE, why="look")
    first, second = world.run(world.desk.do(message)), world.run(world.desk.do(message))
    assert first is not None and first.accepted
    assert second is not None and not second.accepted and "before" in second.sentences[0]


def test_an_act_counts_only_on_the_store_that_it_was_made_for(new_world: Callable[..., World]) -> None:
    """The same papers, officers and doors' names may be known to several gateways with a store each."""
    here, there = new_world(), new_world(Next)
    for officer, kind, fields in (
        (GOVERNOR, ActKind.HEARD, {"source": "WARRANTS"}),
        (OFFICER, ActKind.FREEZE, {"scope": "estate", "why": "a drill here"}),
    ):
        message = here.signed(officer, kind, **fields)
        away = there.run(there.desk.do(message))
        assert away is not None and not away.accepted
        assert "made for gateway-1, not for this gateway" in away.sentences[0]
        home = here.run(here.desk.do(message))
        assert home is not None and home.accepted
    assert there.store.read_now(freezes.in_force) == []


class Next(World):
    """Another gateway of the estate, with a store of its own."""

    name = "gateway-2"


def test_an_act_that_says_no_gateway_does_nothing(world: World) -> None:
    """As they were signed before acts said so."""
    content = {"v": 1, "kind": "HEARD", "officer": GOVERNOR, "at": world.clock.wall, "nonce": b"n" * 16}
    content["fields"] = {"source": "WARRANTS"}
    message = envelope.sign(content, world.estate.signer(GOVERNOR), ACT_PLACE)
    assert "made for no gateway by name" in refused(world, message)


def test_gateways_that_share_a_store_take_each_others_acts(world: World) -> None:
    def peer(name: str, now: int) -> Peer:
        one = Peer(name, f"process of {name}", frozenset({LANE}))
        assert world.store.write_now(lambda conn: leases.beat(conn, one, now, 1_500))
        return one

    world.behind.keeper = "shared"
    now = world.store.read_now(leases.clock)
    peer("gateway-2", now)
    peer("gateway-3", now - parameters.ACT_CLOCK_MS - 2_000)
    assert world.run(here(world.behind)) == {"gateway-1", "gateway-2"}, "the third left before such an act was signed"  # type: ignore[arg-type]


def test_what_a_browser_signs_is_what_was_prepared(world: World) -> None:
    signer = world.estate.signer(OFFICER)
    paper = world.authorise()
    fields = {"lane": LANE, "authorisation": paper}
    prepared = world.run(world.desk.prepare("start", fields, signer.certificate_der))
    signature = signer.sign(prepared.to_be_signed)  # type: ignore[union-attr]
    token = prepared.token  # type: ignore[union-attr]
    wrong = world.run(world.desk.submit("another", signature))
    assert wrong is not None and not wrong.accepted
    done = world.run(world.desk.submit(token, signature))
    assert done is not None and done.accepted, done
    again = world.run(world.desk.submit(token, signature))
    assert again is not None and not again.accepted


def test_an_officer_of_another_prison_acts_at_no_door_here(world: World) -> None:
    paper = world.authorise()
    world.to_verdict(paper)
    known = world.book.registry
    entries = tuple(e.model_copy(update={"prison": "LEI"}) if e.name == OFFICER else e for e in known.entries)
    registry = Registry(version=known.version, issued=known.issued, lanes=known.lanes, entries=entries)
    world.book = replace(world.book, registry=registry)
    outcome = world.confirm()
    assert outcome is not None and not outcome.accepted
    assert "LEI" in outcome.sentences[0]
    started = world.start(paper)
    assert started is not None and not started.accepted


def test_an_officer_of_another_prison_lifts_no_freeze_here(world: World) -> None:
    known = world.book.registry
    entries = tuple(e.model_copy(update={"prison": "LEI"}) if e.name == GOVERNOR else e for e in known.entries)
    registry = Registry(version=known.version, issued=known.issued, lanes=known.lanes, entries=entries)
    world.book = replace(world.book, registry=registry)
    for scope, name in (("lane", LANE), ("prison", "MDI")):
        assert world.act(GOVERNOR, ActKind.FREEZE, scope=scope, name=name, why="look").accepted  # type: ignore[union-attr]
        world.act(APPROVERS[0], ActKind.UNFREEZE, scope=scope, name=name, why="looked")
        outcome = world.act(GOVERNOR, ActKind.UNFREEZE, scope=scope, name=name, why="looked")
        assert outcome is not None and not outcome.accepted and "LEI" in outcome.sentences[0]
    assert len(world.store.read_now(freezes.in_force)) == 2


@pytest.mark.parametrize(("scope", "name"), [("lane", "MDI-LANE-9"), ("prison", "XXI"), ("everything", LANE)])
def test_a_freeze_that_would_stop_nothing_is_refused(world: World, scope: str, name: str) -> None:
    with pytest.raises(MalformedError):
        world.act(GOVERNOR, ActKind.FREEZE, scope=scope, name=name, why="look")
    assert world.store.read_now(freezes.in_force) == []


@pytest.mark.parametrize(("scope", "name"), [("lane", LANE), ("prison", "MDI"), ("estate", "")])
def test_a_freeze_takes_one_officer_and_its_end_two(world: World, scope: str, name: str) -> None:
    def act(officer: str, kind: ActKind) -> bool:
        outcome = world.act(officer, kind, scope=scope, name=name, why="look")
        return outcome is not None and outcome.accepted

    assert act(GOVERNOR, ActKind.FREEZE)
    assert len(world.store.read_now(freezes.in_force)) == 1
    assert not act(APPROVERS[0], ActKind.UNFREEZE)
    assert not act(APPROVERS[0], ActKind.UNFREEZE), "the same officer twice is one officer"
    assert act(APPROVERS[1], ActKind.UNFREEZE)
    assert world.store.read_now(freezes.in_force) == []


def test_an_approver_is_not_the_officer_at_the_door(world: World) -> None:
    """S5, for one who holds both roles."""
    known = world.book.registry
    roles = {role for each in known.entries if each.name in (OFFICER, APPROVERS[0]) for role in each.roles}
    entries = tuple(
        e.model_copy(update={"roles": tuple(roles)}) if e.name == APPROVERS[0] else e for e in known.entries
    )
    registry = Registry(version=known.version, issued=known.issued, lanes=known.lanes, entries=entries)
    world.book = replace(world.book, registry=registry)
    world.to_verdict(world.authorise())
    check = world.lane.check
    assert check is not None
    outcome = world.act(APPROVERS[0], ActKind.CONFIRM, session=check.session.hex())
    assert outcome is not None and not outcome.accepted
    world.pass_time(2_000)
    assert world.site.monitor.opened == []


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (ActKind.START, {}),
        (ActKind.CONFIRM, {"session": "xyz"}),
        (ActKind.WITHDRAW, {"authorisation": "x" * 201}),
        (ActKind.CREATE, {"document": "{}"}),
        (ActKind.CREATE, {"document": "'; DROP TABLE life; --"}),
        (ActKind.RECORD, {"kind": "RUMOUR", "document": "{}", "reason": "r"}),
        (ActKind.HEARD, {"source": "a friend"}),
        (ActKind.FREEZE, {"scope": "lane"}),
    ],
)
def test_a_field_that_is_missing_or_wrong_is_said(world: World, kind: ActKind, fields: dict[str, str]) -> None:
    who = OFFICER if kind in (ActKind.START, ActKind.CONFIRM) else GOVERNOR
    with pytest.raises(MalformedError):
        world.act(who, kind, **fields)


# -- S16 -------------------------------------------------------------------------------------------------------------


def _fail(world: World, paper: str) -> None:
    world.to_verdict(paper, non_match)
    check = world.lane.check
    assert check is not None
    world.act(OFFICER, ActKind.CANCEL, session=check.session.hex())


def test_attempts_end_with_the_manual_path_and_lock_out_nobody_else(new_world: Callable[[], World]) -> None:
    world = new_world()
    most = world.book.policy.operating.attempts
    paper = world.authorise()
    for _ in range(most):
        _fail(world, paper)
    outcome = world.start(paper)
    assert outcome is not None and not outcome.accepted
    assert "Wait" in outcome.sentences[0] and "manual path" in outcome.sentences[0]
    world.pass_time(world.book.policy.attempts_pause_s * 1_000 + 1_000)
    outcome = world.start(paper)
    assert outcome is not None and not outcome.accepted
    assert "duty governor" in outcome.sentences[0]
    other = world.authorise()
    world.to_verdict(other)
    confirmed = world.confirm()
    assert confirmed is not None and confirmed.accepted


def test_what_is_not_about_the_person_is_no_attempt(world: World) -> None:
    """A session that is ended before its answer, or whose paper is not in order, costs nothing."""
    paper = world.authorise()
    for _ in range(world.book.policy.operating.attempts + 1):
        outcome = world.start(paper)
        assert outcome is not None and outcome.accepted, outcome
        check = world.lane.check
        assert check is not None
        world.act(OFFICER, ActKind.CANCEL, session=check.session.hex())


def test_the_pause_is_counted_from_the_last_failure(world: World) -> None:
    policy = world.book.policy
    failures = [1_000 * n for n in range(policy.operating.attempts)]
    assert refuse_attempt(failures[:-1], policy, 10**9) is None
    waiting = refuse_attempt(failures, policy, failures[-1] + 1)
    assert waiting is not None and f"Wait {policy.attempts_pause_s} s" in waiting
    over = refuse_attempt(failures, policy, failures[-1] + policy.attempts_pause_s * 1_000)
    assert over is not None and "Wait" not in over


# What a person cannot do


def test_an_officer_at_the_door_records_what_a_person_cannot_do_and_the_next_check_asks_otherwise(world: World) -> None:
    paper = world.authorise()
    outcome = world.act(OFFICER, ActKind.EXCUSE, authorisation=paper, cannot="SMILE", why="dental surgery")
    assert outcome is not None and outcome.accepted, outcome
    started = world.start(paper)
    assert started is not None and started.accepted
    check = world.lane.check
    assert check is not None and check.offer is not None and check.offer.needs is not None
    assert check.offer.needs.unable == (Action.SMILE,)


def test_what_is_no_need_and_whose_person_is_elsewhere_are_refused(world: World) -> None:
    paper = world.authorise()
    with pytest.raises(MalformedError, match="cannot must be one of"):
        world.act(OFFICER, ActKind.EXCUSE, authorisation=paper, cannot="WALK", why="tired")
    unknown = world.act(OFFICER, ActKind.EXCUSE, authorisation="nothing", cannot="SMILE", why="tired")
    assert unknown is not None and not unknown.accepted
    approver = world.act(APPROVERS[0], ActKind.EXCUSE, authorisation=paper, cannot="SMILE", why="tired")
    assert approver is not None and not approver.accepted
