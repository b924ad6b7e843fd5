"""Reads a face: frames -> one usable face in each -> template -> comparison with this one person's references."""

from dataclasses import dataclass, replace
from hashlib import sha256

from sallyport_biometrics.calibration import Calibration
from sallyport_biometrics.face.attack import AttackDetector, Seen
from sallyport_biometrics.face.compare import compare
from sallyport_biometrics.face.pipeline import FacePipeline
from sallyport_biometrics.face.template import FaceTemplate
from sallyport_biometrics.face.words import Embedding, FrameAnalysis
from sallyport_kiosk import parameters
from sallyport_kiosk.comparison import Scored, judged
from sallyport_kiosk.evidence import ModalityEvidence
from sallyport_kiosk.follower import Follower
from sallyport_kiosk.frames import fresh_frame
from sallyport_kiosk.ports import Camera, Frame
from sallyport_kiosk.stage import Age, Stage, Step
from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_protocol.messages import Capture, ModalityOutcome
from sallyport_protocol.subject import Modality, Reference


@dataclass(frozen=True, slots=True)
class Look:
    """One usable frame, and what it shows of a picture that is held before the camera."""

    frame: Frame
    embedding: Embedding
    quality: float
    seen: Seen | None


@dataclass(frozen=True, slots=True)
class FaceReader:
    """The camera, the networks and what their scores are worth; `attack` where pictures of pictures are looked for."""

    camera: Camera
    pipeline: FacePipeline
    calibration: Calibration
    age: Age
    attack: AttackDetector | None = None

    def read(
        self,
        references: tuple[Reference, ...],
        stage: Stage,
        follower: Follower | None = None,
        earlier: int = 0,
        company: bool = False,
    ) -> tuple[ModalityEvidence, FaceTemplate | None]:
        """The face's evidence and the template of the person seen, for the presence watch. Never raises.

        `follower`, where liveness is required, sees the same frames, and the first suspicion ends the reading: the
        person is challenged again before the next. `earlier` attempts of this session came before; `company` says
        that the person returned the screen's light and answered again.
        """
        if (excused := stage.exceptions.get(Modality.FACE)) is not None:
            return ModalityEvidence(Modality.FACE, ModalityOutcome.EXCEPTION, exception=excused), None
        try:
            known = [(FaceTemplate.from_bytes(each.template), each) for each in references]
            self.camera.open()
            return self._attempts(known, stage, follower, earlier, company)
        except (RoadError, MalformedError, ValueError) as error:
            return ModalityEvidence(Modality.FACE, ModalityOutcome.FAULT, detail=f"face: {error}"[:150]), None

    def _attempts(
        self,
        known: list[tuple[FaceTemplate, Reference]],
        stage: Stage,
        follower: Follower | None,
        earlier: int,
        company: bool,
    ) -> tuple[ModalityEvidence, FaceTemplate | None]:
        evidence = ModalityEvidence(Modality.FACE, ModalityOutcome.NOT_ACQUIRED, detail="no usable picture of a face")
        template: FaceTemplate | None = None
        doubts = parameters.ATTACK_RETRIES if follower is None else 0
        for attempt in range(earlier + 1, stage.attempts + 1):
            if stage.over:
                break
            looks = self._looks(stage, follower)
            if len(looks) < parameters.FRAMES:
                evidence = replace(evidence, attempts=attempt)
                continue
            template = self.pipeline.template([(look.embedding, look.quality) for look in looks])
            captures = tuple(_capture(look.frame, stage) for look in looks)
            evidence = self._with_attack(self._judge(template, known, captures, attempt, stage), looks, company)
            if evidence.suspicious and doubts == 0:
                break
            doubts -= evidence.suspicious
            if evidence.outcome is ModalityOutcome.MATCH and not evidence.suspicious:
                break
        return evidence, template

    def _with_attack(self, evidence: ModalityEvidence, looks: list[Look], company: bool) -> ModalityEvidence:
        """The evidence with the score of a picture of a picture, which asks for one more attempt."""
        seen = [look.seen for look in looks if look.seen is not None]
        score = self.attack.score(seen, company) if self.attack else None
        if self.attack is None or score is None:
            return evidence
        scored = replace(evidence, attack_score=score, models=(*evidence.models, *self.attack.digests))
        return replace(scored, detail="the camera may see a picture of a face") if scored.suspicious else scored

    def _looks(self, stage: Stage, follower: Follower | None) -> list[Look]:
        """Up to `FRAMES` usable frames of one attempt; fewer when its time runs out."""
        taken: list[Look] = []
        until = stage.clock.monotonic_ms() + parameters.FACE_ATTEMPT_MS
        stage.display.show(Step.FACE, "LOOK_AT_CAMERA")
        while len(taken) < parameters.FRAMES and not stage.over and stage.clock.monotonic_ms() < until:
            if (fresh := fresh_frame(self.camera, stage)) is None:
                continue  # taken before the offer: not an answer to this challenge
            frame, arrived = fresh
            analysis = self.pipeline.analyse(frame.image, frozenset(stage.needs.covered))
            embedding = self.pipeline.embed(frame.image, analysis.face) if analysis.usable and analysis.face else None
            if follower is not None:
                follower.see(frame, arrived, analysis, embedding)
            if embedding is None or analysis.quality is None:
                taken.clear()  # the frames of one template follow each other
                stage.display.show(Step.FACE, _instruction(analysis))
                continue
            seen = self.attack.look(frame.image, analysis.face) if self.attack and analysis.face else None
            taken.append(Look(frame, embedding, analysis.quality.overall, seen))
            stage.display.show(Step.FACE, "KEEP_STILL", len(taken) / parameters.FRAMES)
        return taken

    def _judge(
        self,
        template: FaceTemplate,
        known: list[tuple[FaceTemplate, Reference]],
        captures: tuple[Capture, ...],
        attempt: int,
        stage: Stage,
    ) -> ModalityEvidence:
        """Strictly one to one: the best of this person's own references, never anybody else's."""
        base = ModalityEvidence(
            Modality.FACE,
            ModalityOutcome.INCONCLUSIVE,
            attempts=attempt,
            quality=template.quality,
            captures=captures,
            models=template.models,
        )
        scored = [Scored(compare(template, each), reference, each.quality) for each, reference in known]
        return judged(base, scored, self.calibration, stage.point.floor_log10, self.age)


def _instruction(analysis: FrameAnalysis) -> str:
    return str(analysis.feedback[0]) if analysis.feedback else "LOOK_AT_CAMERA"


def _capture(frame: Frame, stage: Stage) -> Capture:
    digest = sha256(frame.image.tobytes()).digest()
    return Capture(modality=Modality.FACE, digest=digest, at=stage.since_offer(frame.captured_ms))
