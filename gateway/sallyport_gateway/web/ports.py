"""What the officer's pages need from the gateway."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from sallyport_gateway.web.lane_view import LanesView, LaneView
from sallyport_protocol.errors import RoadError


@dataclass(frozen=True, slots=True)
class PreparedAct:
    """An act waiting for its signature."""

    to_be_signed: bytes
    """The COSE Sig_structure; the browser answers with ECDSA P-256 over its SHA-256."""
    token: str
    """Names the prepared act at `submit`: unguessable, short-lived, good for one use."""


@dataclass(frozen=True, slots=True)
class ActOutcome:
    """What became of an act, in sentences for the officer."""

    accepted: bool
    sentences: tuple[str, ...]
    token: str = ""
    """Of a sign-in: what the browser shows from now on to read."""
    token_life_s: int = 0


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, and why, as the log of consultations keeps it."""

    who: str
    why: str
    key: str
    """Names this sign-in in memory; nothing secret."""
    prison: str | None = None
    """Where the reader belongs; None for the whole estate."""


NOBODY: Final = Reader("nobody", "development estate, on its own machine", "")
"""The reader where nobody needs to sign in."""


class Readers(Protocol):
    """Who is signed in to read."""

    async def reader(self, token: str) -> Reader | None:
        """Whose sign-in this is; None where it is over, or its holder may not read any more."""

    async def leave(self, token: str) -> None:
        """Ends a sign-in."""


class ElsewhereError(RoadError):
    """Another gateway keeps the lane that was asked for; nothing was done. `address` is empty where none is known."""

    def __init__(self, sentence: str, address: str) -> None:
        super().__init__(sentence)
        self.address = address


class OfficerActs(Protocol):
    """Acts that officers sign. A refusal is a value; RoadError and MalformedError are for roads and bytes."""

    async def prepare(self, kind: str, fields: Mapping[str, str], certificate_der: bytes) -> PreparedAct | ActOutcome:
        """Builds the message to be signed by the holder of this certificate, or says why not."""

    async def submit(self, token: str, signature: bytes) -> ActOutcome:
        """Takes the 64-byte r‖s signature, verifies it, judges the act and does it."""


class OfficerViews(Protocol):
    """What officers see. All reads must be quick: a page re-reads its lane twice a second and after every tick."""

    @property
    def acts(self) -> OfficerActs:
        """Where the officers' acts go."""

    async def lanes(self) -> LanesView:
        """The whole desk."""

    async def lane(self, lane: str) -> LaneView | None:
        """One lane; None when there is none of that name. Raises ElsewhereError when another gateway keeps it."""

    async def photograph(self, lane: str, key: str, reader: Reader) -> bytes | None:
        """The JPEG that `SubjectView.photograph` names, while that subject is in that lane; else None. Logged."""

    async def consulted(self, reader: Reader, people: Iterable[str], what: str) -> None:
        """Logs that somebody reads about these prisoner numbers, before they do. Raises RoadError where it cannot."""

    def subscribe(self, lane: str | None) -> AsyncIterator[None]:
        """A tick after every change of that lane, or of anything (None). A missed tick costs half a second."""
