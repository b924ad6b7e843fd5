"""Whether an officer's act may be believed: signature, certificate, role, clock. Pure. Once-only is the ledger's."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sallyport_gateway import parameters
from sallyport_gateway.book import Book
from sallyport_protocol import envelope
from sallyport_protocol.acts import ACT_PLACE, Act, ActKind
from sallyport_protocol.documents import Entry
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import OFFICER_ROLES, Role
from sallyport_protocol.trust import Standing, standing

ALLOWED: Final[dict[ActKind, frozenset[Role]]] = {
    ActKind.START: frozenset({Role.CONFIRMING_OFFICER}),
    ActKind.CONFIRM: frozenset({Role.CONFIRMING_OFFICER}),
    ActKind.CANCEL: frozenset({Role.CONFIRMING_OFFICER, Role.DUTY_GOVERNOR}),
    ActKind.APPROVE: frozenset({Role.APPROVER}),
    ActKind.WITHDRAW: frozenset({Role.APPROVER, Role.DUTY_GOVERNOR}),
    ActKind.FREEZE: frozenset({Role.CONFIRMING_OFFICER, Role.APPROVER, Role.DUTY_GOVERNOR}),
    ActKind.UNFREEZE: frozenset({Role.APPROVER, Role.DUTY_GOVERNOR}),
    ActKind.CREATE: frozenset({Role.APPROVER, Role.DUTY_GOVERNOR}),
    ActKind.RECORD: frozenset({Role.APPROVER, Role.DUTY_GOVERNOR}),
    ActKind.HEARD: frozenset({Role.APPROVER, Role.DUTY_GOVERNOR}),
    ActKind.SETTLE: frozenset({Role.APPROVER, Role.DUTY_GOVERNOR}),
    ActKind.ANSWER: frozenset({Role.DUTY_GOVERNOR}),
    ActKind.RECONCILE: frozenset({Role.CONFIRMING_OFFICER, Role.DUTY_GOVERNOR}),
    ActKind.MANUAL: frozenset({Role.CONFIRMING_OFFICER, Role.DUTY_GOVERNOR}),
    ActKind.SECOND: frozenset({Role.CONFIRMING_OFFICER, Role.DUTY_GOVERNOR}),
    ActKind.KEY: frozenset({Role.CONFIRMING_OFFICER}),
    ActKind.RESTORE: frozenset({Role.APPROVER, Role.DUTY_GOVERNOR}),
    ActKind.LEFT: frozenset({Role.CONFIRMING_OFFICER, Role.DUTY_GOVERNOR}),
    ActKind.EXCUSE: frozenset({Role.CONFIRMING_OFFICER, Role.DUTY_GOVERNOR}),
    ActKind.SIGN_IN: OFFICER_ROLES,
    ActKind.ACCOUNT: frozenset({Role.APPROVER, Role.DUTY_GOVERNOR}),
}
"""Which role may do what (design §1). What is not named here, nobody may do."""


@dataclass(frozen=True, slots=True)
class BelievedAct:
    """An authentic act by a holder who may do it."""

    act: Act
    officer: Entry
    digest: bytes
    """SHA-256 of the message."""
    message: bytes
    """As it was signed."""


@dataclass(frozen=True, slots=True)
class RefusedAct:
    """Why an act does nothing, for the officer to read."""

    sentence: str


def judge_act(message: bytes, book: Book, now: datetime, here: Collection[str]) -> BelievedAct | RefusedAct:
    """Verifies an act and its signer's right to it. `here`: the gateways on this store; an act for another one was
    believed there, once, and does nothing here."""
    try:
        verified = envelope.verify(message, ACT_PLACE, book.registry.resolve)
        act = Act.parse(verified.content)
    except envelope.UnknownKeyError:
        return RefusedAct("This certificate is not in the estate. Sign in with your own.")
    except MalformedError as error:
        return RefusedAct(f"The act cannot be read: {error}.")
    entry = book.entry(verified.key_id)
    assert entry is not None  # resolve knew the key
    refusal = refuse_officer(entry, act.kind, book, now)
    if refusal is None and act.officer != entry.name:
        refusal = f"The act names {act.officer}, but {entry.name} signed it."
    if refusal is None and act.gateway not in here:
        refusal = f"The act was made for {act.gateway or 'no gateway by name'}, not for this gateway. Do it again here."
    if refusal is None and abs(act.at - now.timestamp() * 1_000) > parameters.ACT_CLOCK_MS:
        refusal = "The act was signed more than two minutes ago, or this computer's clock is wrong. Do it again."
    return RefusedAct(refusal) if refusal else BelievedAct(act, entry, verified.digest, message)


def foreign(officer: Entry, prison: str | None) -> str | None:
    """Why this officer has no say in that prison (None: in the whole estate); None when they have."""
    if prison is None or officer.prison in (None, prison):
        return None
    return f"{officer.name} belongs to {officer.prison}, this to {prison}."


def refuse_officer(entry: Entry, kind: ActKind, book: Book, now: datetime) -> str | None:
    """Why this holder may not do this now; None when they may."""
    if not entry.active or standing(entry.x509, book.trust, now, book.revocation_age) is not Standing.GOOD:
        return f"The certificate of {entry.name} is not valid, or was revoked."
    if not ALLOWED.get(kind, frozenset()) & set(entry.roles):
        roles = " or ".join(sorted(role.value.replace("-", " ") for role in ALLOWED.get(kind, ())))
        return f"{entry.name} may not do this; it takes a {roles}."
    return None
