"""What a lane needs from the rest of the gateway. Drivers and the service stand behind these; tests may too."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from sallyport_gateway.book import Book
from sallyport_protocol.decision import CheckResult, Decision
from sallyport_protocol.envelope import Signer
from sallyport_protocol.subject import Guard, Needs, RecordedException, Reference
from sallyport_protocol.topics import Topic

T = TypeVar("T")


class Clock(Protocol):
    def monotonic_ms(self) -> int:
        """Milliseconds that never go back, from an arbitrary start."""

    def now(self) -> datetime:
        """Aware, UTC."""


@dataclass(frozen=True, slots=True)
class Case:
    """One authorisation and the person it is for, as pages, offers and receipts need them."""

    authorisation: str
    prisoner_number: str
    name: str
    born: date | None
    movement: str
    reason: str
    purpose: str
    """The reason in words."""
    opens: datetime
    closes: datetime
    state: str
    approvers: tuple[str, ...]
    prison: str = ""
    cites: str | None = None
    """The settled authorisation that this one replaces."""


@dataclass(frozen=True, slots=True)
class Photographed:
    """That there is a photograph on record: the day it was taken, and when it was stored (ms since 1970 UTC)."""

    captured_on: date
    stored_at: int


@dataclass(frozen=True, slots=True)
class Identified:
    """A manual identification as check 26 needs it. `governor` names the duty governor among the officers."""

    officers: tuple[str, ...]
    why: str
    after: str
    """What the kiosk said before: NON_MATCH, ATTACK_SUSPECTED, another outcome, or NO_ATTEMPT."""
    governor: str | None


@dataclass(frozen=True, slots=True)
class Question:
    """What a decision is asked about. `checks` are the findings of checks 1 to 12, on the manual path of 1 to 8."""

    authorisation: str
    prison: str
    lane: str
    lane_kind: str
    session: bytes
    checks: tuple[CheckResult, ...]
    now: datetime
    officer: str
    """The officer at the door: neither approver nor calculator (S5)."""
    manual: Identified | None = None
    """Two officers' word in place of checks 9 to 12."""
    guard: Guard = Guard.NONE
    """What the check at the kiosk allowed for; the records of now may ask for more."""


@dataclass(frozen=True, slots=True)
class RecordEntry:
    """One record of one source, as JSON."""

    kind: str
    prisoner_number: str | None
    document: str
    reason: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What officers recorded that a person cannot do or show at the kiosk, and who may be mistaken for them."""

    needs: Needs | None = None
    exceptions: tuple[RecordedException, ...] = ()
    alike: str = ""
    """A twin, a relative or somebody of a similar name here, as an officer reads it."""


class Authority(Protocol):
    """The central release authorisation. Every call runs on the store's connection, inside the caller's transaction."""

    def case(self, conn: Connection, authorisation: str) -> Case | None:
        """One authorisation; None when there is none of that name."""

    def cases(self, conn: Connection, prison: str, now: datetime) -> list[Case]:
        """The prison's authorisations that live or ended lately, newest first."""

    def decide(self, conn: Connection, question: Question) -> Decision:
        """Composes what every source says now, runs checks 13 to 25 and judges all twenty-five."""

    def references(self, conn: Connection, prisoner_number: str, officer: str, now: datetime) -> tuple[Reference, ...]:
        """The person's enrolled references, decrypted; the consultation is logged."""

    def photographed(self, conn: Connection, prisoner_number: str) -> Photographed | None:
        """Whether a photograph is on record, without opening it."""

    def photograph(self, conn: Connection, prisoner_number: str) -> bytes | None:
        """The photograph on record, decrypted: a JPEG. The caller logs the consultation."""

    def enrolled(self, conn: Connection, prisoner_number: str) -> bool:
        """Whether any biometric reference is in force for the person."""

    def exceptions(self, conn: Connection, prisoner_number: str, now: datetime) -> tuple[RecordedException, ...]:
        """Modalities that an officer recorded as unusable, as of `now`."""

    def needs(self, conn: Connection, prisoner_number: str, now: datetime) -> Needs | None:
        """What the person cannot do before the camera, as an officer recorded; None for nothing."""

    def recorded(self, conn: Connection, numbers: Collection[str], now: datetime) -> dict[str, Recorded]:
        """Needs and exceptions of these people, by prisoner number; who has none is not in it."""

    def guard(self, conn: Connection, prisoner_number: str, now: datetime) -> Guard:
        """What a check at the kiosk must allow for: a similar name on the roll, a relative, a twin."""

    def approve(
        self, conn: Connection, authorisation: str, officer: str, now: datetime, *, duty_governor: bool = False
    ) -> str | None:
        """One officer's approval; a sentence when it is refused."""

    def withdraw(self, conn: Connection, authorisation: str, officer: str, why: str, now: datetime) -> str | None:
        """Withdraws an authorisation at once; a sentence when it is refused."""

    def create(self, conn: Connection, document: str, officer: str, now: datetime) -> str | None:
        """Enters an authorisation as PENDING; a sentence when it is refused."""

    def record(self, conn: Connection, entry: RecordEntry, officer: str, now: datetime) -> tuple[str, ...]:
        """Enters what a source says; approvals that it voids are paused. The authorisations that it concerns."""

    def heard(self, conn: Connection, source: str, now: datetime) -> None:
        """A source was heard about everybody."""

    def released(self, conn: Connection, authorisation: str, now: datetime) -> None:
        """The person has left on it."""


class LaneStore(Protocol):
    """The store as lanes use it. Where several gateways share one, a lane writes through the fence of its lease."""

    async def write(self, job: Callable[[Connection], T]) -> T:
        """Runs `job` in one transaction; its value once that is durable."""

    async def read(self, job: Callable[[Connection], T]) -> T:
        """Runs `job` on a connection that cannot write."""


async def gather_nothing(authorisation: str, thoroughly: bool) -> None:
    """Where the records are kept in the store itself."""


async def gather_nobody(prisoner_number: str) -> None:
    """The same."""


@dataclass(frozen=True, slots=True)
class Office:
    """What all lanes of one gateway share."""

    name: str
    """Also the name of the audit log that it writes now."""
    store: LaneStore
    book: Callable[[], Book]
    authority: Authority
    signer: Signer
    clock: Clock
    send: Callable[[Topic, bytes, float], None]
    """Topic, signed message, expiry in seconds."""
    changed: Callable[[str], None]
    """Tells the pages that a lane's state changed."""
    cover: Callable[[int], Awaitable[bool]]
    """Whether the outside witness has seen this audit entry; waits for it. Before that no grant leaves."""
    gather: Callable[[str, bool], Awaitable[None]] = gather_nothing
    """Reads anew, in no transaction, what sources elsewhere say of an authorisation's person. With True it waits for
    every source as long as the road allows, else only as long as a step of an opening may take. Raises nothing."""
    gather_person: Callable[[str], Awaitable[None]] = gather_nobody
    """The same of a prisoner number, thoroughly."""
