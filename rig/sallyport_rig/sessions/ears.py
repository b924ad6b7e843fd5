"""Ears on the layers of a session: each reader of the kiosk, and what it said."""

from dataclasses import dataclass, field
from typing import Any, Final

from sallyport_biometrics.calibration import StatedFmr
from sallyport_biometrics.face.flash import Verdict
from sallyport_biometrics.face.template import FaceTemplate
from sallyport_kiosk.evidence import ModalityEvidence
from sallyport_kiosk.face_reader import FaceReader
from sallyport_kiosk.follower import Follower
from sallyport_kiosk.light_reader import LightReader
from sallyport_kiosk.liveness_reader import LivenessReader, Proof
from sallyport_kiosk.stage import Stage
from sallyport_protocol.messages import ModalityOutcome
from sallyport_protocol.subject import Modality, Reference

FINGER: Final = StatedFmr(-5.0, -4.5, False)


@dataclass
class HeardLight:
    """The light reader, and what it said."""

    reader: LightReader
    said: Verdict | None = None

    def read(self, seed: bytes, stage: Stage, follower: Follower) -> Verdict:
        """See `LightReader`."""
        self.said = self.reader.read(seed, stage, follower)
        return self.said


@dataclass
class NoLight:
    """A light reader that says nothing."""

    def read(self, seed: bytes, stage: Stage, follower: Follower) -> Verdict:
        """See `LightReader`."""
        return Verdict.UNCLEAR


@dataclass
class HeardLiveness:
    """The liveness reader, and what it said."""

    reader: LivenessReader
    said: list[Proof] = field(default_factory=list)

    def read(self, seed: bytes, stage: Stage, follower: Follower) -> Proof:
        """See `LivenessReader`."""
        self.said.append(self.reader.read(seed, stage, follower))
        return self.said[-1]

    def read_again(self, seed: bytes, stage: Stage, follower: Follower) -> Proof:
        """See `LivenessReader`."""
        self.said.append(self.reader.read_again(seed, stage, follower))
        return self.said[-1]


@dataclass
class HeardFace:
    """The face reader, and what it said."""

    reader: FaceReader
    said: list[ModalityEvidence] = field(default_factory=list)

    def read(self, *asked: Any) -> tuple[ModalityEvidence, FaceTemplate | None]:
        """See `FaceReader`."""
        evidence, template = self.reader.read(*asked)
        self.said.append(evidence)
        return evidence, template

    def __getattr__(self, name: str) -> Any:
        return getattr(self.reader, name)


class MatchingFinger:
    """The enrolled finger, always."""

    def read(self, references: tuple[Reference, ...], stage: Stage) -> ModalityEvidence:
        """See `FingerReader`."""
        return ModalityEvidence(Modality.FINGER, ModalityOutcome.MATCH, attempts=1, llr=8.0, fmr=FINGER)
