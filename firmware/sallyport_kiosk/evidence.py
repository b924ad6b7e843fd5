"""What one modality showed in one session, before it becomes part of a result."""

from dataclasses import dataclass, field

from sallyport_biometrics.calibration import StatedFmr
from sallyport_biometrics.face.attack import LIMIT
from sallyport_protocol.messages import Capture, ModalityOutcome
from sallyport_protocol.subject import Modality


@dataclass(frozen=True, slots=True)
class ModalityEvidence:
    """One modality's account. `captures` are those that the outcome rests on, in order."""

    modality: Modality
    outcome: ModalityOutcome
    attempts: int = 0
    llr: float | None = None
    fmr: StatedFmr | None = None
    quality: float | None = None
    attack_score: float | None = None
    captures: tuple[Capture, ...] = ()
    models: tuple[bytes, ...] = ()
    exception: str | None = None
    reference_age_days: int | None = None
    reference_quality: float | None = None
    detail: str = field(default="")
    """Why there is no match, in words for the officer. Never a score."""

    @property
    def suspicious(self) -> bool:
        """Whether the passive signs speak of an attack: the same limit as in the gateway's check 11."""
        return self.attack_score is not None and self.attack_score >= LIMIT
