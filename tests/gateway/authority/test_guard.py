"""Namesakes, relatives and twins: what a check must allow for, and that no twin ever passes by the face."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from sallyport_gateway.authority.guard import WEIGHT, guard_by, is_alike
from sallyport_gateway.authority.records import Named, Namesake, PrisonerRecord, Relation
from sallyport_gateway.authority.words import InOutStatus, RelationKind
from sallyport_gateway.casebook.words import Case
from sallyport_gateway.drivers import authority_embedded as embedded
from sallyport_gateway.drivers.authority_access import By
from sallyport_gateway.drivers.authority_office import EmbeddedAuthority
from sallyport_gateway.drivers.authority_records import Kind, put, records_about
from sallyport_gateway.ports import Question, RecordEntry
from sallyport_protocol.checks import ADMISSION, CheckOutcome, passed
from sallyport_protocol.decision import Verdict
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.subject import Guard

CLERK = By("omu.clerk", "release due")
NUMBER, OTHER = "A1234BC", "A4321CB"


@pytest.fixture
def office() -> EmbeddedAuthority:
    return EmbeddedAuthority(b"k" * 32, ledger_current=lambda: True)


def relation(now: datetime, kind: RelationKind = RelationKind.TWIN, **more: object) -> Relation:
    made = Relation(relation_id="rel-1", kind=kind, other="Ryan Harte", recorded_by="r.reception", recorded_at=now)
    return made.model_copy(update=more)


def another(base: Case, **more: object) -> PrisonerRecord:
    assert base.evidence.prisoner is not None
    changes = {"prisoner_number": OTHER, "forenames": "Rowen", "date_of_birth": None, **more}
    return base.evidence.prisoner.model_copy(update=changes)


def test_nobody_to_be_mistaken_for(settled: Connection, office: EmbeddedAuthority, base: Case) -> None:
    assert office.guard(settled, NUMBER, base.now) is Guard.NONE


@pytest.mark.parametrize(
    ("changes", "guard"),
    [
        ({}, Guard.ALIKE),
        ({"surname": "Hart"}, Guard.ALIKE),
        ({"surname": "Rowan", "forenames": "Harte"}, Guard.ALIKE),
        ({"forenames": "Quentin"}, Guard.NONE),
        ({"surname": "Obi", "forenames": "Ngozi"}, Guard.NONE),
        ({"prison_id": "WWI"}, Guard.NONE),
        ({"in_out_status": InOutStatus.OUT}, Guard.NONE),
        ({"surname": "Obi", "aliases": (Named(surname="Harte", forenames="Rowan"),)}, Guard.ALIKE),
    ],
)
def test_a_similar_name_on_the_roll(
    settled: Connection, office: EmbeddedAuthority, base: Case, changes: dict[str, object], guard: Guard
) -> None:
    put(settled, Kind.PRISONER, OTHER, another(base, **changes), CLERK, base.now)
    assert office.guard(settled, NUMBER, base.now) is guard


def test_the_roll_is_what_the_transaction_sees(settled: Connection, office: EmbeddedAuthority, base: Case) -> None:
    for changes, guard in (({}, Guard.ALIKE), ({"prison_id": "WWI"}, Guard.NONE), ({"surname": "Hart"}, Guard.ALIKE)):
        put(settled, Kind.PRISONER, OTHER, another(base, **changes), CLERK, base.now)
        assert office.guard(settled, NUMBER, base.now) is guard


def test_one_surname_and_one_birthday_is_alike(base: Case) -> None:
    me = base.evidence.prisoner
    assert me is not None
    twin = Named(surname=me.surname, forenames="Zebedee", date_of_birth=me.date_of_birth)
    assert is_alike(me, twin, 0.88)
    assert not is_alike(me, twin.model_copy(update={"date_of_birth": None}), 0.88)


def test_a_relation_is_found_from_both_sides(settled: Connection, office: EmbeddedAuthority, base: Case) -> None:
    put(settled, Kind.RELATION, NUMBER, relation(base.now, other_number=OTHER), CLERK, base.now)
    assert office.guard(settled, NUMBER, base.now) is office.guard(settled, OTHER, base.now) is Guard.TWIN
    mirrored = [Relation.parse(row.document) for row in records_about(settled, [OTHER])]
    assert [(each.other_number, each.recorded_by, each.recorded_at) for each in mirrored] == [
        (NUMBER, "r.reception", base.now)
    ]
    ended = relation(base.now, other_number=OTHER, ended_by="k.lane", ended_at=base.now)
    put(settled, Kind.RELATION, NUMBER, ended, CLERK, base.now)
    later = base.now + timedelta(seconds=1)
    assert office.guard(settled, NUMBER, later) is office.guard(settled, OTHER, later) is Guard.NONE


def test_nobody_enters_or_ends_a_relation_in_another_s_name(
    settled: Connection, office: EmbeddedAuthority, base: Case
) -> None:
    def record(made: Relation, officer: str) -> None:
        office.record(settled, RecordEntry("RELATION", NUMBER, made.to_json(), "told at reception"), officer, base.now)

    with pytest.raises(MalformedError, match="Name yourself"):
        record(relation(base.now), "k.lane")
    record(relation(base.now), "r.reception")
    assert office.guard(settled, NUMBER, base.now) is Guard.TWIN
    ended = relation(base.now, ended_by="r.reception", ended_at=base.now)
    with pytest.raises(MalformedError, match="Name yourself"):
        record(ended, "k.lane")
    record(ended.model_copy(update={"ended_by": "k.lane"}), "k.lane")
    assert office.guard(settled, NUMBER, base.now) is Guard.NONE


def test_nobody_is_a_relation_of_the_same_number(settled: Connection, base: Case) -> None:
    with pytest.raises(MalformedError, match="not a relation"):
        put(settled, Kind.RELATION, NUMBER, relation(base.now, other_number=NUMBER), CLERK, base.now)


def test_a_relation_that_becomes_known_voids_the_approvals(settled: Connection, base: Case) -> None:
    embedded.create(settled, base.evidence.authorisations[0], CLERK, base.now)
    for officer in ("a.bell", "c.dale"):
        embedded.approve(settled, "auth-1", By(officer, "approval"), base.now)
    assert put(settled, Kind.RELATION, NUMBER, relation(base.now), CLERK, base.now).paused == ("auth-1",)


def test_the_decision_compares_what_the_check_allowed_for_with_the_records_of_now(
    settled: Connection, office: EmbeddedAuthority, base: Case
) -> None:
    put(settled, Kind.RELATION, NUMBER, relation(base.now), CLERK, base.now)
    embedded.create(settled, base.evidence.authorisations[0], CLERK, base.now)
    for officer in ("a.bell", "c.dale"):
        embedded.approve(settled, "auth-1", By(officer, "approval"), base.now)
    checks = tuple(passed(number) for number in ADMISSION)
    question = Question("auth-1", "MDI", "MDI-LANE-1", "pedestrian", b"\x5e" * 16, checks, base.now, "k.lane")
    for guard in Guard:
        decision = office.decide(settled, replace(question, guard=guard))
        raised = [each for each in decision.checks if each.reason == "GUARD_RAISED"]
        assert bool(raised) is (guard is not Guard.TWIN)
        assert (22 in decision.numbers(CheckOutcome.UNKNOWN)) is (guard is not Guard.TWIN)
        if raised:
            assert decision.verdict is Verdict.HOLD and raised[0].records == ("rel-1",)


@given(
    st.lists(st.tuples(st.sampled_from(RelationKind), st.booleans()), max_size=4),
    st.integers(0, 2),
)
def test_the_most_that_any_record_asks_for(kinds: list[tuple[RelationKind, bool]], namesakes: int) -> None:
    now = datetime.fromisoformat("2026-06-10T09:30:00+00:00")
    relations = [
        relation(now, kind, ended_at=now if ended else None, ended_by="k.lane" if ended else None)
        for kind, ended in kinds
    ]
    standing = [kind for kind, ended in kinds if not ended]
    found = guard_by(relations, [Namesake(prisoner_number=OTHER, surname="Harte")] * namesakes, now)
    assert (found.guard is Guard.TWIN) == (RelationKind.TWIN in standing)
    assert (found.guard is Guard.NONE) == (not standing and not namesakes)
    assert bool(found.because) == (found.guard is not Guard.NONE)
    assert WEIGHT[found.guard] == max(WEIGHT.values()) or RelationKind.TWIN not in standing
