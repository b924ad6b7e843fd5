"""The kiosk's own session over one scene, in simulated time, and what each of its layers said."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, cast

from sallyport_biometrics.calibration import Calibration
from sallyport_biometrics.face.attack import AttackDetector
from sallyport_biometrics.face.challenge import longest_ms
from sallyport_biometrics.face.flash import SUSPECTED, Verdict
from sallyport_biometrics.face.injection import suspicions
from sallyport_biometrics.face.movement import MovementReader
from sallyport_biometrics.face.passive import ALL, NETWORKS
from sallyport_biometrics.face.pipeline import MODELS, FacePipeline
from sallyport_kiosk.evidence import ModalityEvidence
from sallyport_kiosk.face_reader import FaceReader
from sallyport_kiosk.follower import Follower
from sallyport_kiosk.light_reader import LightReader
from sallyport_kiosk.liveness_reader import LivenessReader, Proof
from sallyport_kiosk.offers import Boot
from sallyport_kiosk.presence import PresenceWatch
from sallyport_kiosk.session import Session, set_stage
from sallyport_kiosk.stage import Stage
from sallyport_models.attack_calibration import read_attack_calibration
from sallyport_models.calibrations import read_calibration
from sallyport_models.store import ModelStore
from sallyport_protocol.actions import Action
from sallyport_protocol.messages import Liveness, ModalityOutcome, Offer, Outcome, Presence, Result
from sallyport_protocol.subject import Reference, References
from sallyport_provisioning.apply import create_development_estate
from sallyport_provisioning.approved import Approved
from sallyport_rig.sessions.devices import RigCamera, RigScreen, SimulatedClock, SimulatedStop
from sallyport_rig.sessions.ears import HeardFace, HeardLight, HeardLiveness, MatchingFinger, NoLight
from sallyport_rig.sessions.scenes import Scene
from sallyport_rig.sessions.species import CAMERA

LIFE_MS: Final = longest_ms(frozenset(Action), False) + 70_000
"""Of a session, as the gateway gives it."""


class Layer(StrEnum):
    """What may stop an attack, in the order in which the session hears it."""

    LIGHT = "light"
    CHALLENGE = "challenge"
    GUARD = "injection guard"
    PASSIVE = "passive signs"
    COMPARISON = "comparison"


@dataclass(frozen=True, slots=True)
class Heard:
    """One session: how it ended, what stopped it first, and which layers alone would have stopped it."""

    outcome: Outcome
    liveness: Liveness
    first: Layer | None
    """None: it matched, or ran out of time"""
    alone: frozenset[Layer]
    light: Verdict | None
    """None: no light was shown"""
    score: float | None
    """Of the passive signs"""
    doubted: bool
    """The first look was suspicious, and the person was challenged again."""
    detail: str
    seconds: float
    """simulated, to the result"""
    frames: int
    company: bool = False
    """The first challenge was passed and the screen's light came back, whatever else was said."""


@dataclass(frozen=True, slots=True)
class RigKiosk:
    """A kiosk of a development estate with real networks and calibrations, without a gateway."""

    boot: Boot
    pipeline: FacePipeline
    movements: MovementReader
    attack: AttackDetector
    calibration: Calibration
    passive: bool
    """Whether passive networks stand beside the challenge."""

    def run(self, scene: Scene, reference: Reference, seed: int, named: str = CAMERA, keep: bool = False) -> "Run":
        """One session, and then every layer that it did not come to, asked of the same scene as it goes on."""
        clock = SimulatedClock()
        screen = RigScreen(clock)
        camera = RigCamera(clock, screen, scene, named, keep=keep)
        return Run(self, camera, reference, seed)


@dataclass
class Run:
    """One session and what its layers say."""

    kiosk: RigKiosk
    camera: RigCamera
    reference: Reference
    seed: int
    results: list[Result] = field(default_factory=list)

    def heard(self) -> Heard:
        """Runs it to its end."""
        kiosk, camera = self.kiosk, self.camera
        began, any_camera = camera.clock.now, cast(Any, camera)
        light = HeardLight(LightReader(any_camera, kiosk.pipeline))
        liveness = HeardLiveness(self._liveness(light))
        face = HeardFace(FaceReader(any_camera, kiosk.pipeline, kiosk.calibration, lambda _: 10, kiosk.attack))
        stage, offer = self.staged()
        any_doors = cast(Any, (liveness, face, MatchingFinger(), camera.screen))
        session = Session(
            kiosk.boot,
            any_doors[0],
            any_doors[1],
            any_doors[2],
            PresenceWatch(any_camera, kiosk.pipeline, kiosk.calibration),
            any_doors[3],
            camera.clock,
            lambda: 1,
            lambda: False,
            lambda result: self._ended(result, stage),
            _unheard,
        )
        session.run(offer, References(references=(self.reference,)), stage)
        result, seconds, frames = self.results[0], (camera.clock.now - began) / 1_000, len(camera._colours)
        guarded = bool(suspicions(tuple(camera.marks), camera.device))
        proofs, evidence = list(liveness.said), list(face.said)
        first = first_of(result, light.said, proofs, guarded, evidence)
        challenged = proofs[0] if proofs and light.said not in SUSPECTED else self._challenged()
        looked = evidence[-1] if evidence else self._looked()
        alone = {
            Layer.LIGHT: light.said in SUSPECTED,
            Layer.CHALLENGE: challenged.liveness is not Liveness.PASSED,
            Layer.GUARD: guarded,
            Layer.PASSIVE: looked.suspicious,
            Layer.COMPARISON: looked.outcome is ModalityOutcome.NON_MATCH,
        }
        return Heard(
            result.outcome,
            result.liveness,
            first,
            frozenset(layer for layer, stopped in alone.items() if stopped),
            light.said,
            looked.attack_score,
            bool(evidence) and evidence[0].suspicious,
            result.detail,
            round(seconds, 1),
            frames,
            light.said is Verdict.RETURNED and challenged.liveness is Liveness.PASSED,
        )

    def _liveness(self, light: Any) -> LivenessReader:
        kiosk = self.kiosk
        camera = cast(Any, self.camera)
        return LivenessReader(camera, kiosk.pipeline, kiosk.movements, light, kiosk.passive)

    def staged(self) -> tuple[Stage, Offer]:
        """The surroundings of a session that begins now."""
        clock, boot = self.camera.clock, self.kiosk.boot
        offer = offered(boot, sha256(f"session {self.seed}".encode()).digest()[:16])
        stop = SimulatedStop(clock)
        return set_stage(offer, clock.now, clock, cast(Any, self.camera.screen), stop), offer

    def _ended(self, result: Result | Presence, stage: Stage) -> None:
        assert isinstance(result, Result)
        self.results.append(result)
        stage.stop.set()  # nobody opens a door: the presence watch has nothing to do

    def _challenged(self) -> Proof:
        """The challenge alone, where the light had ended the session before it."""
        stage, offer = self.staged()
        follower = Follower(self.kiosk.pipeline, self.camera.device)
        return self._liveness(NoLight()).read(offer.liveness_seed, stage, follower)

    def _looked(self) -> ModalityEvidence:
        """Passive signs and comparison alone."""
        kiosk = self.kiosk
        reader = FaceReader(cast(Any, self.camera), kiosk.pipeline, kiosk.calibration, lambda _: 10, kiosk.attack)
        return reader.read((self.reference,), self.staged()[0])[0]


def _unheard(_: Presence) -> None:
    """Presence goes nowhere."""


def first_of(
    result: Result, light: Verdict | None, proofs: list[Proof], guarded: bool, evidence: list[ModalityEvidence]
) -> Layer | None:
    """The layer that ended the session, or that first did more than ask again."""
    if result.outcome is Outcome.MATCH:
        return None
    if light is not None and light in SUSPECTED:
        return Layer.LIGHT
    if proofs and proofs[0].liveness is Liveness.FAILED:
        return Layer.CHALLENGE
    if guarded and result.liveness is Liveness.FAILED:
        return Layer.GUARD
    if evidence and evidence[0].suspicious:
        return Layer.PASSIVE
    if evidence and evidence[-1].outcome is ModalityOutcome.NON_MATCH:
        return Layer.COMPARISON
    return None


def offered(boot: Boot, seed: bytes) -> Offer:
    """At the signed policy's operating point, with liveness required."""
    operating = boot.policy.operating.model_copy(update={"liveness_required": True})
    return Offer(
        session=secrets.token_bytes(16),
        challenge=secrets.token_bytes(32),
        kiosk=boot.kiosk,
        boot_nonce=boot.nonce,
        sequence=1,
        lane=boot.lane,
        movement="REL",
        reason="CR",
        handle=secrets.token_bytes(16),
        sealed=bytes(48),
        operating=operating,
        exceptions=(),
        liveness_seed=seed,
        model_set=boot.model_set.digest,
        policy=boot.policy.digest,
        expires_in=LIFE_MS,
    )


@contextmanager
def rig_kiosk(store: ModelStore) -> Iterator[RigKiosk]:
    """A kiosk whose papers lie in a folder that goes with the context. Raises RoadError without the models."""
    models = {name: store.load(name).bytes for name in (*MODELS, "face-blendshapes")}
    passive = {
        entry.name: (store.path / entry.file).read_bytes()
        for entry in store.manifest.models
        if entry.name in ALL and store.holds(entry)
    }
    attack = AttackDetector(passive, read_attack_calibration())
    with TemporaryDirectory() as folder:
        estate = create_development_estate(
            Path(folder) / "run", approved=Approved({"embedder": bytes(32)}, (bytes(32),), (bytes(32),))
        )
        model_set, policy = estate.model_set(), estate.policy()
        boot = Boot("MDI", "MDI-K01", "MDI-LANE-1", "MDI-L01", secrets.token_bytes(16), bytes(32), model_set, policy)
        yield RigKiosk(
            boot,
            FacePipeline(models),
            MovementReader(models["face-blendshapes"]),
            attack,
            read_calibration("face"),
            all(name in passive for name in NETWORKS),
        )
