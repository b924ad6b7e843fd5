"""The embedded authority: two approvals, pauses by news, withdrawals, and the evidence that comes out."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, delete, update
from sqlalchemy.exc import DBAPIError

from sallyport_gateway.authority.records import Alert, Hold, Identity, LinkedNumber, Warrant
from sallyport_gateway.authority.words import AuthorisationState, HoldKind, WarrantKind, WarrantStatus
from sallyport_gateway.casebook.words import Case
from sallyport_gateway.drivers import authority_embedded as embedded
from sallyport_gateway.drivers.authority_access import Action, By, accesses_of
from sallyport_gateway.drivers.authority_compose import compose, consult
from sallyport_gateway.drivers.authority_embedded import Changed, Refused
from sallyport_gateway.drivers.authority_records import Kind, put, void
from sallyport_gateway.drivers.authority_tables import accesses
from sallyport_protocol.errors import MalformedError

CLERK = By("omu.clerk", "release due")
BELL, DALE = By("a.bell", "read the file"), By("c.dale", "read the file")
NUMBER = "A1234BC"


def created(conn: Connection, base: Case) -> str:
    answer = embedded.create(conn, base.evidence.authorisations[0], CLERK, base.now)
    assert isinstance(answer, Changed), answer
    return answer.id


def approved(conn: Connection, base: Case) -> str:
    name = created(conn, base)
    embedded.approve(conn, name, BELL, base.now)
    assert embedded.approve(conn, name, DALE, base.now) == Changed(name, AuthorisationState.APPROVED, approved=True)
    return name


def state(conn: Connection, name: str) -> str:
    found = embedded.find(conn, name)
    assert found is not None
    return found.state.value


def test_what_was_put_in_comes_out_as_evidence(settled: Connection, base: Case) -> None:
    approved(settled, base)
    found = compose(settled, NUMBER)
    wanted = base.evidence
    for field in ("prisoner", "identity", "calculation", "alerts", "warrants", "court_cases", "licences", "as_of"):
        assert getattr(found, field) == getattr(wanted, field), field
    assert [each.officer for each in found.authorisations[0].approvals] == ["a.bell", "c.dale"]
    assert found.lives == {} and found.ledger_current is None


def test_a_new_authorisation_has_no_approval_whatever_it_claims(settled: Connection, base: Case) -> None:
    assert base.evidence.authorisations[0].state is AuthorisationState.APPROVED
    found = embedded.find(settled, created(settled, base))
    assert found is not None and found.state is AuthorisationState.PENDING and not found.approvals


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"prisoner_number": "A1234B"}, "NUMBER"),
        ({"prisoner_number": "A1234BD"}, "UNKNOWN_PRISONER"),
        ({"prison_id": "MDX"}, "PRISON"),
        ({"movement_reason": "UAL"}, "MOVEMENT"),
        ({"surname": "Hart"}, "OTHER_PERSON"),
        ({"surname": " "}, "PERSON"),
        ({"date_of_birth": None}, "PERSON"),
        ({"date_of_birth": datetime(1991, 4, 18).date()}, "OTHER_PERSON"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(
    settled: Connection, base: Case, change: dict[str, object], code: str
) -> None:
    wanted = base.evidence.authorisations[0].model_copy(update=change)
    answer = embedded.create(settled, wanted, CLERK, base.now)
    assert isinstance(answer, Refused) and answer.code == code


def test_a_window_in_the_past_or_backwards_is_refused(settled: Connection, base: Case) -> None:
    wanted = base.evidence.authorisations[0]
    for closes in (base.now, wanted.window_opens):
        answer = embedded.create(settled, wanted.model_copy(update={"window_closes": closes}), CLERK, base.now)
        assert isinstance(answer, Refused) and answer.code == "WINDOW"


def test_one_living_authorisation_for_a_person(settled: Connection, base: Case) -> None:
    first = created(settled, base)
    other = base.evidence.authorisations[0].model_copy(update={"id": "auth-2"})
    answer = embedded.create(settled, other, CLERK, base.now)
    assert isinstance(answer, Refused) and answer.code == "DUPLICATE"
    embedded.withdraw(settled, first, BELL, base.now)
    assert isinstance(embedded.create(settled, other, CLERK, base.now), Changed)


def test_two_distinct_officers_and_never_the_calculator(settled: Connection, base: Case) -> None:
    name = created(settled, base)
    assert embedded.approve(settled, name, BELL, base.now) == Changed(name, AuthorisationState.PENDING)
    for who, code in [("A.Bell ", "TWICE"), ("E.FENN", "CALCULATOR")]:
        answer = embedded.approve(settled, name, By(who, "read the file"), base.now)
        assert isinstance(answer, Refused) and answer.code == code
    assert state(settled, name) == "PENDING"
    assert embedded.approve(settled, name, DALE, base.now) == Changed(name, AuthorisationState.APPROVED, approved=True)
    answer = embedded.approve(settled, name, By("x.third", "read"), base.now)
    assert isinstance(answer, Refused) and answer.code == "STATE"


def test_nobody_approves_after_the_window_or_what_is_not_there(settled: Connection, base: Case) -> None:
    name = created(settled, base)
    late = base.evidence.authorisations[0].window_closes
    answer = embedded.approve(settled, name, BELL, late)
    assert isinstance(answer, Refused) and answer.code == "EXPIRED"
    answer = embedded.approve(settled, "nothing", BELL, base.now)
    assert isinstance(answer, Refused) and answer.code == "NOT_FOUND"


def test_news_about_the_person_pauses_the_approval_and_two_must_look_again(settled: Connection, base: Case) -> None:
    name = approved(settled, base)
    news = Alert(alert_id="al-2", alert_type="X", alert_code="XNR")
    change = put(settled, Kind.ALERT, NUMBER, news, CLERK, base.now)
    assert change.touched == change.paused == (name,) and state(settled, name) == "PAUSED"
    assert put(settled, Kind.ALERT, NUMBER, news, CLERK, base.now).changed is False
    assert embedded.resume(settled, name, BELL, base.now) == Changed(name, AuthorisationState.PENDING)
    assert embedded.approve(settled, name, BELL, base.now) == Changed(name, AuthorisationState.PENDING)
    assert embedded.approve(settled, name, DALE, base.now) == Changed(name, AuthorisationState.APPROVED, approved=True)


@pytest.mark.parametrize("kind", ["hold", "warrant", "event"])
def test_every_kind_of_news_pauses(settled: Connection, base: Case, kind: str) -> None:
    name = approved(settled, base)
    if kind == "event":
        change = void(settled, NUMBER, "recall.inserted", base.now)
    elif kind == "hold":
        hold = Hold(hold_id="h", kind=HoldKind.SECURITY, why="x", placed_by="s", placed_at=base.now)
        change = put(settled, Kind.HOLD, NUMBER, hold, CLERK, base.now)
    else:
        warrant = Warrant(warrant_id="w", kind=WarrantKind.FINE, status=WarrantStatus.OUTSTANDING, surname="Harte")
        change = put(settled, Kind.WARRANT, NUMBER, warrant, CLERK, base.now)
    assert change.paused == (name,) and state(settled, name) == "PAUSED"


def test_news_under_a_linked_number_counts(settled: Connection, base: Case) -> None:
    name = approved(settled, base)
    other = Identity(cpr_uuids=("same",), numbers=(LinkedNumber(prisoner_number=NUMBER),))
    put(settled, Kind.IDENTITY, "Z9999ZZ", other, CLERK, base.now)
    assert state(settled, name) == "PAUSED"
    linked = Identity(cpr_uuids=("same",), numbers=(LinkedNumber(prisoner_number="Z9999ZZ"),))
    put(settled, Kind.IDENTITY, NUMBER, linked, CLERK, base.now)
    warrant = Warrant(warrant_id="w-z", kind=WarrantKind.FINE, status=WarrantStatus.OUTSTANDING, surname="Harte")
    put(settled, Kind.WARRANT, "Z9999ZZ", warrant, CLERK, base.now)
    found = compose(settled, NUMBER)
    assert "w-z" in {each.warrant_id for each in found.warrants}
    assert found.as_of == {}, "the linked number was never heard of: nothing is fresh"


def test_a_warrant_linked_to_nobody_is_everybodys_evidence(settled: Connection, base: Case) -> None:
    warrant = Warrant(warrant_id="w-?", kind=WarrantKind.REMAND, status=WarrantStatus.OUTSTANDING, surname="Harte")
    put(settled, Kind.WARRANT, None, warrant, CLERK, base.now)
    found = compose(settled, NUMBER)
    assert [each.warrant_id for each in found.unmatched_warrants] == ["w-?"]
    put(settled, Kind.WARRANT, NUMBER, warrant.model_copy(update={"prisoner_number": NUMBER}), CLERK, base.now)
    found = compose(settled, NUMBER)
    assert not found.unmatched_warrants and "w-?" in {each.warrant_id for each in found.warrants}


def test_a_withdrawal_is_for_good(settled: Connection, base: Case) -> None:
    name = approved(settled, base)
    assert embedded.withdraw(settled, name, BELL, base.now) == Changed(name, AuthorisationState.CANCELLED)
    for act in (embedded.withdraw, embedded.resume, embedded.pause, embedded.deny, embedded.approve):
        answer = act(settled, name, BELL, base.now)
        assert isinstance(answer, Refused) and answer.code == "STATE"


def test_a_denied_one_cannot_be_approved(settled: Connection, base: Case) -> None:
    name = created(settled, base)
    assert embedded.deny(settled, name, BELL, base.now) == Changed(name, AuthorisationState.DENIED)
    assert isinstance(embedded.approve(settled, name, DALE, base.now), Refused)


def test_windows_run_out(settled: Connection, base: Case) -> None:
    name = approved(settled, base)
    closes = base.evidence.authorisations[0].window_closes
    assert embedded.expire(settled, closes - timedelta(milliseconds=1)) == ()
    assert embedded.expire(settled, closes) == (name,)
    assert state(settled, name) == "EXPIRED" and embedded.expire(settled, closes) == ()


def test_every_read_and_change_is_logged_with_who_and_why(settled: Connection, base: Case) -> None:
    before = len(accesses_of(settled, NUMBER))
    name = approved(settled, base)
    consult(settled, NUMBER, By("p.dpo", "subject access request"), base.now)
    embedded.withdraw(settled, name, By("a.bell", "court order"), base.now)
    told = [(line.who, line.action, line.why) for line in accesses_of(settled, NUMBER)[before:]]
    assert told == [
        ("omu.clerk", Action.COLLECTED, "release due"),
        ("a.bell", Action.ALTERED, "read the file"),
        ("c.dale", Action.ALTERED, "read the file"),
        ("p.dpo", Action.CONSULTED, "subject access request"),
        ("a.bell", Action.ALTERED, "court order"),
    ]
    for who, why in [("", "x"), ("x", " "), ("x" * 65, "x"), ("x", "y" * 501)]:
        with pytest.raises(MalformedError):
            By(who, why)


@pytest.mark.parametrize("act", [delete(accesses), update(accesses).values(who="nobody")])
def test_the_log_is_only_added_to(settled: Connection, act: object) -> None:
    with pytest.raises(DBAPIError, match="never rewritten"):
        settled.execute(act)  # type: ignore[call-overload]


def test_a_record_of_the_wrong_kind_or_without_a_number_is_malformed(conn: Connection, base: Case) -> None:
    alert = Alert(alert_id="a", alert_type="X", alert_code="XNR")
    with pytest.raises(MalformedError):
        put(conn, Kind.WARRANT, NUMBER, alert, CLERK, base.now)
    with pytest.raises(MalformedError):
        put(conn, Kind.ALERT, None, alert, CLERK, base.now)
    assert base.evidence.prisoner is not None
    with pytest.raises(MalformedError):
        put(conn, Kind.PRISONER, "B1234BC", base.evidence.prisoner, CLERK, base.now)
