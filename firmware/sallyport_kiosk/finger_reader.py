"""Reads a finger: image -> minutiae -> template -> comparison with this one person's enrolled fingers."""

import time
from dataclasses import dataclass, replace
from hashlib import sha256

from sallyport_biometrics.calibration import Calibration
from sallyport_biometrics.finger import FingerExtractor, FingerTemplate, compare
from sallyport_kiosk import parameters
from sallyport_kiosk.comparison import Scored, judged
from sallyport_kiosk.evidence import ModalityEvidence
from sallyport_kiosk.ports import FingerImage, FingerSensor, Light
from sallyport_kiosk.stage import Age, Stage, Step
from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_protocol.messages import Capture, ModalityOutcome
from sallyport_protocol.subject import Modality, Reference


@dataclass(frozen=True, slots=True)
class FingerReader:
    """The sensor, the network and what its scores are worth."""

    sensor: FingerSensor
    extractor: FingerExtractor
    calibration: Calibration
    age: Age

    def read(self, references: tuple[Reference, ...], stage: Stage) -> ModalityEvidence:
        """The finger's evidence. Never raises."""
        if (excused := stage.exceptions.get(Modality.FINGER)) is not None:
            return ModalityEvidence(Modality.FINGER, ModalityOutcome.EXCEPTION, exception=excused)
        try:
            known = [(FingerTemplate.from_bytes(each.template), each) for each in references]
            self.sensor.open()
            evidence = self._attempts(known, stage)
            self.sensor.led(Light.DONE if evidence.outcome is ModalityOutcome.MATCH else Light.AGAIN)
            return evidence
        except (RoadError, MalformedError, ValueError) as error:
            return ModalityEvidence(Modality.FINGER, ModalityOutcome.FAULT, detail=f"finger: {error}"[:150])

    def _attempts(self, known: list[tuple[FingerTemplate, Reference]], stage: Stage) -> ModalityEvidence:
        evidence = ModalityEvidence(Modality.FINGER, ModalityOutcome.NOT_ACQUIRED, detail="no usable fingerprint")
        instruction = "PLACE_FINGER"
        for attempt in range(1, stage.attempts + 1):
            if stage.over:
                break
            image = self._wait_for_finger(instruction, stage)
            if image is None:
                evidence = replace(evidence, attempts=attempt)
                continue
            stage.display.show(Step.FINGER, "KEEP_STILL", 0.7)
            template = self.extractor.extract(image.image, image.dpi)
            if not isinstance(template, FingerTemplate):
                instruction = str(template.feedback)
                evidence = replace(evidence, attempts=attempt)
                continue
            evidence = self._judge(template, image, known, attempt, stage)
            if evidence.outcome is ModalityOutcome.MATCH:
                break
            instruction = "PLACE_FINGER"
        return evidence

    def _wait_for_finger(self, instruction: str, stage: Stage) -> FingerImage | None:
        stage.display.show(Step.FINGER, instruction)
        self.sensor.led(Light.WAITING)
        until = stage.clock.monotonic_ms() + parameters.FINGER_ATTEMPT_MS
        while not stage.over and stage.clock.monotonic_ms() < until:
            if self.sensor.present():
                stage.display.show(Step.FINGER, "KEEP_STILL", 0.3)
                self.sensor.led(Light.READING)
                image = self.sensor.capture()
                if image is not None and image.captured_ms >= stage.started:
                    return image
            time.sleep(parameters.FINGER_POLL_S)
        return None

    def _judge(
        self,
        template: FingerTemplate,
        image: FingerImage,
        known: list[tuple[FingerTemplate, Reference]],
        attempt: int,
        stage: Stage,
    ) -> ModalityEvidence:
        digest = sha256(image.image.tobytes()).digest()
        capture = Capture(modality=Modality.FINGER, digest=digest, at=stage.since_offer(image.captured_ms))
        base = ModalityEvidence(
            Modality.FINGER,
            ModalityOutcome.INCONCLUSIVE,
            attempts=attempt,
            quality=template.quality,
            captures=(capture,),
            models=(template.model,),
        )
        scored = [Scored(compare(template, each), reference, each.quality) for each, reference in known]
        return judged(base, scored, self.calibration, stage.point.floor_log10, self.age)
