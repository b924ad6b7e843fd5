"""What an officer may do now, as the pages offer it. Whether it is done, the desk decides."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from sallyport_gateway.ledger.freezes import ESTATE, Freeze, Scope
from sallyport_gateway.ports import Case
from sallyport_gateway.release.check import Check, Stage
from sallyport_gateway.release.lane import Lane
from sallyport_gateway.web.act_view import ActView, InputKind, InputView
from sallyport_protocol.acts import Cannot, ManualReason, Means

_REASON: Final = InputView(
    "reason",
    "Why not by the kiosk?",
    kind=InputKind.CHOICE,
    choices=tuple((each.value, each.wording) for each in ManualReason),
)
_WHY: Final = InputView("why", "In your own words", "What happened, for whoever reads this later")
_MEANS: Final = InputView(
    "means",
    "How do you know the person?",
    "Not by the wristband, and not by what the person says",
    InputKind.CHOICE,
    tuple((each.value, each.wording) for each in Means),
)
_CANNOT: Final = InputView(
    "cannot",
    "What can the person not do or show?",
    kind=InputKind.CHOICE,
    choices=tuple((each.value, each.wording) for each in Cannot),
)
_LOOK: Final = InputView("compared", "The person in the lane is the one in the photograph", kind=InputKind.TICK)
_STOP: Final = InputView("why", "Why?")
_WHEN: Final = InputView(
    "when", "When did the person leave?", "The same for both officers, such as 14:05", pattern="[0-2][0-9]:[0-5][0-9]"
)
_OPENED: Final = InputView(
    "opened",
    "What did you see?",
    kind=InputKind.CHOICE,
    choices=(("yes", "The person has left"), ("no", "The person has not left")),
)


def door_acts(
    lane: Lane,
    check: Check | None,
    papers: list[tuple[Case, str]],
    *,
    pictured: bool = False,
    notes: Mapping[str, str] = MappingProxyType({}),
    warnings: Mapping[str, str] = MappingProxyType({}),
) -> Iterable[ActView]:
    """What the officer at this door may do. `pictured`: a photograph of the person is on the page.

    `notes`, by prisoner number, stand beside the start of a check, `warnings` beside the manual path.
    """
    look = (_LOOK,) if pictured else ()
    session = ("session", check.session.hex()) if check else ("session", "")
    if check is not None and check.stage is Stage.STATED:
        yield second(check, warnings.get(check.prisoner_number, ""), look)
    may_open = check is not None and check.stage is Stage.DECIDED and check.released and check.void is None
    if check is not None and may_open:
        until = check.decision.valid_until if check.decision is not None else None
        yield ActView("confirm", "Open the door", (session,), look, primary=True, until=until)
        if check.manual is not None:
            yield by_key(lane, session, look)
    if check is not None and check.stage in (Stage.DECIDED, Stage.OFFERED, Stage.STATED):
        yield ActView("cancel", "End this check", (session,))
    for case, state in papers:
        taken = check is not None and not check.over and check.authorisation == case.authorisation
        fields = (("lane", lane.entry.name), ("authorisation", case.authorisation))
        if state.endswith("available") and lane.contact.here and not taken:
            note = notes.get(case.prisoner_number, "")
            yield ActView("start", f"Start check: {case.name}, {case.prisoner_number}", fields, note=note)
        if state.endswith(("available", "reserved")) and not may_open:
            by_hand = (*fields, ("prisoner", case.prisoner_number))
            label = f"Manual path: {case.name}, {case.prisoner_number}"
            note = f"{MANUAL_NOTE} {warnings.get(case.prisoner_number, '')}".strip()
            yield ActView("manual", label, by_hand, (_REASON, _WHY, _MEANS), folded=True, note=note)
        if state.endswith("available") and not taken:
            yield excuse(case)
    yield freeze(Scope.LANE, lane.entry.name, f"Freeze {lane.entry.name}")


def excuse(case: Case) -> ActView:
    """What this person cannot do or show, recorded by the officer who sees it."""
    label = f"Record a need: {case.name}, {case.prisoner_number}"
    fields = (("authorisation", case.authorisation),)
    return ActView("excuse", label, fields, (_CANNOT, _STOP), folded=True, note=EXCUSE_NOTE)


def second(check: Check, warning: str = "", look: tuple[InputView, ...] = ()) -> ActView:
    """The second officer signs what is on the page: the person, the reason and the first officer's statement."""
    assert check.manual is not None, "a statement waits"
    first = check.manual.first
    fields = (
        ("statement", first.digest.hex()),
        ("lane", first.lane),
        ("authorisation", first.authorisation),
        ("prisoner", first.prisoner),
        ("reason", first.reason.value),
        ("why", first.why),
    )
    label = f"Sign as second officer: this is {first.prisoner}"
    note = f"{SECOND_NOTE} {warning}".strip()
    return ActView("second", label, fields, (_MEANS, *look), primary=True, note=note)


def by_key(lane: Lane, session: tuple[str, str], look: tuple[InputView, ...] = ()) -> ActView:
    """The way out when the interlock does not open."""
    note = f"Only if the interlock does not open. It uses the authorisation up and freezes {lane.entry.prison}."
    return ActView("key", "Let the person out by key", (session,), look, warning=True, folded=True, note=note)


def paper_acts(case: Case, state: str) -> tuple[ActView, ...]:
    """What may be done with one authorisation."""
    number = ("authorisation", case.authorisation)
    acts: list[ActView] = []
    if case.state == "PENDING":
        acts.append(ActView("approve", "Approve", (number,)))
    if case.state in ("PENDING", "APPROVED"):
        why = InputView("reason", "Why is it withdrawn?")
        acts.append(ActView("withdraw", "Withdraw", (number,), (why,), warning=True))
    if state.endswith(("available", "reserved")):
        acts.append(
            ActView("left", "Let out by key in an outage", (number,), (_WHEN, _WHY), folded=True, note=LEFT_NOTE)
        )
    if state.endswith("unknown"):
        acts.append(ActView("reconcile", "Record what you saw", (number,), (_OPENED, _STOP), note=RECONCILE_NOTE))
    return tuple(acts)


def freeze(scope: Scope, name: str, label: str) -> ActView:
    """One officer stops every grant there at once."""
    fields = (("scope", scope.value.lower()), ("name", name))
    return ActView("freeze", label, fields, (_STOP,), warning=True, folded=True, note=FREEZE_NOTE)


def lift(held: Freeze) -> ActView:
    """One of the two officers who end it."""
    fields = (("scope", held.scope.value.lower()), ("name", held.name))
    label = "Lift this freeze as second officer" if held.lift_asked_by else "Lift this freeze"
    return ActView("unfreeze", label, fields, (_STOP,))


def restore(log: str, witnessed: str) -> ActView:
    """One of the two officers who let a restored gateway go on."""
    fields = (("log", log), ("witnessed", witnessed))
    return ActView("restore", "State that this store was restored", fields, (_STOP,), folded=True, note=RESTORE_NOTE)


def account(board: str, nonce: str) -> ActView:
    """One of the two officers who account for an opening that the store does not know."""
    fields = (("board", board), ("nonce", nonce))
    return ActView("account", "Account for this opening", fields, (_STOP,), folded=True, note=ACCOUNT_NOTE)


def desk_acts(prisons: Iterable[str]) -> Iterable[ActView]:
    """What may be done from the first page."""
    for prison in prisons:
        yield freeze(Scope.PRISON, prison, f"Freeze every lane of {prison}")
    yield freeze(Scope.ESTATE, ESTATE, "Freeze the whole estate")


MANUAL_NOTE: Final = (
    "Two officers, neither of whom approved this release, each sign who the person is. It replaces the kiosk and no"
    " other check. After a mismatch one of them is the duty governor."
)
EXCUSE_NOTE: Final = (
    "It changes what the kiosk asks for, never how certain it must be. It holds for a day; record one thing at a time."
)
SECOND_NOTE: Final = "You sign the person, the reason and the words that stand here under your own name."
FREEZE_NOTE: Final = "Stops every grant there at once. Two officers must lift it."
RESTORE_NOTE: Final = (
    "First make sure that no other copy of this gateway runs. Every authorisation that was alive becomes unknown, until"
    " two officers have said of each whether the person has left."
)
ACCOUNT_NOTE: Final = (
    "Find out who left by that opening. Every authorisation that was alive then becomes unknown, until two officers"
    " have said of each whether the person has left."
)
LEFT_NOTE: Final = (
    "Only if the person has left while no desk could be reached. The first of two officers suspends the prison's"
    " authorisations; with the second this one is used up."
)
RECONCILE_NOTE: Final = (
    "It is not known whether the door opened. Two officers who saw the same close this authorisation."
)
