"""What whole sessions came to: BPCER and APCER by species, which layer stopped what. Pure numbers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sallyport_models.evaluate.scores import Interval, fnmr_interval
from sallyport_protocol.messages import Outcome
from sallyport_rig.sessions.kiosk import Heard, Layer
from sallyport_rig.sessions.people import Left
from sallyport_rig.sessions.species import SPECIES

NOT_SHOWN = (
    "People and attacks are rendered: these figures show that the kiosk's layers work together on pictures, not how "
    "real people move, what real prints, displays and masks look like, or how bright a given room is; nobody's finger "
    "was read (it always matches). They are no conformance with ISO/IEC 30107-3."
)


@dataclass(frozen=True, slots=True)
class Tried:
    """One session of one person."""

    person: str
    species: str
    """`genuine` for the person herself"""
    heard: Heard


@dataclass(frozen=True, slots=True)
class Share:
    """A share of sessions, with its 95 % interval by person; nothing seen: the exact bound (rule of three)."""

    sessions: int
    people: int
    count: int
    rate: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class OfSpecies:
    """One species of attack."""

    apcer: Share
    """accepted: the session matched, and a door could have opened"""
    suspected: int
    """sessions that ended as suspected attacks; the others ended without a match"""
    first: Mapping[str, int]
    """sessions by the layer that stopped them first; "" for those that ran out of time or of attempts"""
    alone: Mapping[str, int]
    """sessions that each layer alone would have stopped"""
    light: Mapping[str, int]
    """what the screen's light said"""
    seconds: float
    """simulated, median to the result"""
    held: str
    """what was held before the camera (`Species.held`)"""
    company: int
    """sessions in which a challenge was answered and the screen's light came back (`Weights.company`)"""


@dataclass(frozen=True, slots=True)
class SessionReport:
    """All of it."""

    people: int
    with_another_photograph: int
    """compared with another photograph than the one that moves"""
    unfit: int
    undrawn: Mapping[str, int]
    """people left out because an action cannot be seen in their drawing, by action"""
    bpcer: Share
    """genuine sessions that ended as suspected attacks"""
    not_matched: Share
    """genuine sessions that ended otherwise without a match"""
    genuine_reasons: Mapping[str, int]
    genuine_light: Mapping[str, int]
    genuine_company: int
    """genuine sessions in which a challenge was answered and the screen's light came back"""
    genuine_doubted: int
    """genuine sessions whose first look was suspicious, and which were challenged again"""
    seconds: float
    """simulated, median of genuine sessions that matched"""
    species: Mapping[str, OfSpecies]
    not_shown: str = NOT_SHOWN

    @property
    def worst(self) -> float:
        """The greatest APCER of any species."""
        return max((each.apcer.rate for each in self.species.values()), default=0.0)


def report_of(tried: Sequence[Tried], left: Left, another: int, genuine: str) -> SessionReport:
    """The figures of these sessions."""
    own = [each for each in tried if each.species == genuine]
    names = dict.fromkeys(each.species for each in tried if each.species != genuine)
    matched = [each.heard for each in own if each.heard.outcome is Outcome.MATCH]
    ends = (Outcome.MATCH, Outcome.ATTACK_SUSPECTED)
    return SessionReport(
        people=len({each.person for each in own}),
        with_another_photograph=another,
        unfit=left.unfit,
        undrawn=dict(Counter(left.undrawn)),
        bpcer=share_of(own, [each.heard.outcome is Outcome.ATTACK_SUSPECTED for each in own]),
        not_matched=share_of(own, [each.heard.outcome not in ends for each in own]),
        genuine_reasons=dict(Counter(each.heard.detail for each in own if each.heard.outcome is not Outcome.MATCH)),
        genuine_light=dict(Counter(str(each.heard.light or "") for each in own)),
        genuine_company=sum(each.heard.company for each in own),
        genuine_doubted=sum(each.heard.doubted for each in own),
        seconds=float(np.median([each.seconds for each in matched])) if matched else 0.0,
        species={name: _of_species([each for each in tried if each.species == name]) for name in names},
    )


def _of_species(tried: Sequence[Tried]) -> OfSpecies:
    heard = [each.heard for each in tried]
    accepted = [each.outcome is Outcome.MATCH for each in heard]
    stopped = [each for each in heard if each.outcome is not Outcome.MATCH]
    return OfSpecies(
        apcer=share_of(tried, accepted),
        suspected=sum(each.outcome is Outcome.ATTACK_SUSPECTED for each in heard),
        first=dict(Counter(str(each.first or "") for each in stopped)),
        alone={str(layer): sum(layer in each.alone for each in heard) for layer in Layer},
        light=dict(Counter(str(each.light or "") for each in heard)),
        seconds=float(np.median([each.seconds for each in heard])),
        held=SPECIES[tried[0].species].held,
        company=sum(each.company for each in heard),
    )


def share_of(tried: Sequence[Tried], wrong: Sequence[bool]) -> Share:
    """The share of `wrong` sessions; its interval draws people."""
    people = np.unique([each.person for each in tried], return_inverse=True)[1]
    scores = np.where(np.array(wrong, bool), 0.0, 1.0).astype(np.float32)
    interval = fnmr_interval(scores, people, 0.5) if tried else Interval(0.0, 1.0)
    rate = float(np.mean(wrong)) if tried else 0.0
    return Share(len(tried), len(set(people.tolist())), sum(wrong), rate, interval)
