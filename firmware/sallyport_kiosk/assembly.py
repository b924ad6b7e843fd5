"""Puts a kiosk together from its configuration: the only place that knows which driver stands behind which port."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sallyport_biometrics.calibration import Calibration
from sallyport_biometrics.face.attack import AttackDetector
from sallyport_biometrics.face.movement import MovementReader
from sallyport_biometrics.face.passive import ALL as PASSIVE_MODELS
from sallyport_biometrics.face.passive import NETWORKS as SUPPLIED
from sallyport_biometrics.face.pipeline import MODELS as FACE_MODELS
from sallyport_biometrics.face.pipeline import FacePipeline
from sallyport_biometrics.finger import FingerExtractor
from sallyport_biometrics.fusion import FusedCalibration
from sallyport_kiosk.clock import SystemClock
from sallyport_kiosk.configuration import Configuration
from sallyport_kiosk.drivers.accepted import AcceptedVersions
from sallyport_kiosk.drivers.cameras import make_camera, require_sensor
from sallyport_kiosk.drivers.gateways import KnownGateways
from sallyport_kiosk.drivers.locks import make_lock_line
from sallyport_kiosk.drivers.outbox import Outbox
from sallyport_kiosk.drivers.sensors import make_sensor
from sallyport_kiosk.drivers.signers import make_signer
from sallyport_kiosk.face_reader import FaceReader
from sallyport_kiosk.finger_reader import FingerReader
from sallyport_kiosk.kiosk import Kiosk
from sallyport_kiosk.light_reader import LightReader
from sallyport_kiosk.liveness_reader import LivenessReader
from sallyport_kiosk.mouth import Mouth
from sallyport_kiosk.offers import Boot
from sallyport_kiosk.presence import PresenceWatch
from sallyport_kiosk.screen.board import Board
from sallyport_kiosk.session import Session, age_in_days
from sallyport_link.connection import OnMessage
from sallyport_link.mqtt import MqttLink
from sallyport_models.approved_data import ATTACK, FILES, KNOWN_ANSWERS, MANIFEST, read_approved
from sallyport_models.attack_calibration import parse_attack_calibration
from sallyport_models.calibrations import FUSED, name_of, parse_calibration, parse_fused, path_of, require_models
from sallyport_models.known_answers import check_model, parse_known_answers
from sallyport_models.manifest import Manifest
from sallyport_models.software import software_digest
from sallyport_models.store import ModelStore
from sallyport_protocol.documents import ModelSet, Profile, load_model_set, load_policy, signed_by
from sallyport_protocol.envelope import Signer
from sallyport_protocol.errors import MalformedError, naming
from sallyport_protocol.identity import Role, identity_of, read_certificates
from sallyport_protocol.sealing import public_bytes
from sallyport_protocol.subject import Reference
from sallyport_protocol.topics import Kind
from sallyport_protocol.trust import Standing, read_trust, standing

FINGER_MODEL: Final = "leader"
MOVEMENT_MODEL: Final = "face-blendshapes"


@dataclass(frozen=True, slots=True)
class Parts:
    """A kiosk that is ready to run."""

    kiosk: Kiosk
    session: Session
    link: MqttLink
    board: Board


def assemble(configuration: Configuration) -> Parts:
    """Reads, verifies and joins everything. Raises RoadError or MalformedError that say what to do."""
    file, path = configuration.file, configuration.path
    boot = make_boot(configuration)
    signer = device_signer(configuration)
    seal_key, clock, board = X25519PrivateKey.generate(), SystemClock(), Board()
    mouth = Mouth(boot, signer, known_gateways(configuration), public_bytes(seal_key))
    kiosk = Kiosk(
        boot,
        mouth,
        seal_key,
        Outbox(path(file.store.outbox) / "outbox.db"),
        make_lock_line(file.devices.lock, configuration.home),
        board,
        clock,
        lambda: False,
    )
    session = make_session(configuration, boot, kiosk, mouth, board, clock)
    will = (mouth.topic(Kind.STATUS), mouth.say(Kind.STATUS, mouth.status(online=False)))
    return Parts(kiosk, session, make_link(configuration, will, kiosk.arrive), board)


def known_gateways(configuration: Configuration) -> KnownGateways:
    """Whom this kiosk hears, now and when the files have changed. Raises MalformedError for nobody."""
    trust = configuration.file.trust
    files = [configuration.path(each) for each in (trust.gateways, trust.authorities, trust.revoked)]
    return KnownGateways(lambda: trusted(configuration, trust.gateways, Role.GATEWAY), files)


def make_link(configuration: Configuration, will: tuple[str, bytes] | None, on_message: OnMessage) -> MqttLink:
    """The kiosk's road to the broker, under its own name; not yet open."""
    file, path = configuration.file, configuration.path
    return MqttLink(
        file.broker.host,
        file.broker.port,
        path(file.trust.authorities),
        path(file.identity.certificate),
        path(file.identity.key),
        file.name,
        will,
        on_message,
        key_password=configuration.read(file.identity.password_file).strip(),
    )


def make_boot(configuration: Configuration) -> Boot:
    """The signed documents in force and a fresh boot nonce."""
    file, read = configuration.file, configuration.read
    provisioner = signed_by(*trusted(configuration, file.trust.provisioner, Role.PROVISIONER))
    accepted = AcceptedVersions(configuration.path(file.store.outbox) / "accepted.json")
    with naming(configuration.path(file.documents.model_set)):
        model_set = load_model_set(read(file.documents.model_set), provisioner, accepted.of("model_set"))
    with naming(configuration.path(file.documents.policy)):
        policy = load_policy(read(file.documents.policy), provisioner, accepted.of("policy"))
    accepted.accept(model_set=model_set.version, policy=policy.version)
    return Boot(
        file.prison,
        file.name,
        file.lane,
        file.interlock,
        secrets.token_bytes(16),
        software_digest(),
        model_set,
        policy,
    )


def device_signer(configuration: Configuration) -> Signer:
    """The device key: in a TPM or a token; in development a password-protected file, which production refuses."""
    file, identity = configuration.file, configuration.file.identity
    if identity.signer.startswith("file:") and file.profile is not Profile.DEVELOPMENT:
        raise MalformedError("a key in a file is for development only; name a token or a TPM as identity.signer")
    password = configuration.read(identity.password_file).strip()
    return make_signer(identity.signer, configuration.path(identity.certificate), password, configuration.home)


def make_session(
    configuration: Configuration, boot: Boot, kiosk: Kiosk, mouth: Mouth, board: Board, clock: SystemClock
) -> Session:
    """The networks, each checked against the signed set, and the devices."""
    file = configuration.file
    store = approved_store(configuration, boot.model_set)
    names = model_names(boot.model_set, store)
    loaded = {name: load_approved(store, boot.model_set, name) for name in names}
    known = parse_known_answers(read_approved(boot.model_set, KNOWN_ANSWERS))
    for name, content in loaded.items():
        check_model(name, content, known)
    if file.profile is not Profile.DEVELOPMENT:
        require_sensor(file.devices.camera)
    camera = make_camera(file.devices.camera, configuration.home)
    sensor = make_sensor(file.devices.sensor, configuration.home)
    pipeline, extractor = FacePipeline(loaded), FingerExtractor(loaded[FINGER_MODEL])
    face_rates = calibration_for(boot.model_set, "face", pipeline.digests)
    finger_rates = calibration_for(boot.model_set, "finger", (sha256(loaded[FINGER_MODEL]).digest(),))
    attack = AttackDetector(loaded, parse_attack_calibration(read_approved(boot.model_set, ATTACK)))
    movements, light = MovementReader(loaded[MOVEMENT_MODEL]), LightReader(camera, pipeline)
    liveness = LivenessReader(camera, pipeline, movements, light, has_passive(names))

    def age(reference: Reference) -> int | None:
        return age_in_days(reference, clock.wall_ms())

    return Session(
        boot,
        liveness,
        FaceReader(camera, pipeline, face_rates, age, attack),
        FingerReader(sensor, extractor, finger_rates, age),
        PresenceWatch(camera, pipeline, face_rates),
        board,
        clock,
        mouth.next_counter,
        lambda: False,
        kiosk.report,
        kiosk.report,
        fused_calibration(boot.model_set, face_rates, finger_rates),
    )


def model_names(approved: ModelSet, store: ModelStore) -> tuple[str, ...]:
    """What a kiosk runs: the models that it needs, and those passive networks of the signed set that are here."""
    named = (name for name in PASSIVE_MODELS if name in approved.models)
    passive = (name for name in named if store.holds(store.manifest.model(name)))
    return (*FACE_MODELS, MOVEMENT_MODEL, FINGER_MODEL, *passive)


def has_passive(names: Collection[str]) -> bool:
    """Whether every passive network that was taught on real attacks is there; without one the challenge is stricter."""
    return all(name in names for name in SUPPLIED)


def load_approved(store: ModelStore, approved: ModelSet, name: str) -> bytes:
    """A model's bytes, believed by the manifest's digest and by the signed set's (S15)."""
    model = store.load(name)
    if not approved.approves(name, model.bytes):
        path = store.path / model.entry.file
        raise MalformedError(f"{path}: {name} is not in the signed model set; provision this kiosk again")
    return model.bytes


def approved_store(configuration: Configuration, approved: ModelSet) -> ModelStore:
    """The models on disk and the manifest, which the signed set approves too."""
    manifest = Manifest.from_bytes(read_approved(approved, MANIFEST), str(FILES[MANIFEST]))
    return ModelStore(configuration.path(configuration.file.store.models), manifest)


def fused_calibration(approved: ModelSet, *parts: Calibration) -> FusedCalibration:
    """What the sum of these modalities is worth, as the signed set approves it."""
    content = read_approved(approved, FUSED)
    return parse_fused(content, {each.modality: each.model for each in parts}, FILES[FUSED])


def calibration_for(approved: ModelSet, modality: str, models: Sequence[bytes]) -> Calibration:
    """What scores of these models (digests, in the order of use) are worth, as the signed set approves it."""
    content = read_approved(approved, name_of(modality))
    return require_models(parse_calibration(content, modality, path_of(modality)), models)


def trusted(configuration: Configuration, name: str, role: Role) -> list[x509.Certificate]:
    """The certificates of a file whose holders have the role and stand well now. Raises MalformedError for none."""
    file, read = configuration.file, configuration.read
    trust, now = read_trust(read(file.trust.authorities), read(file.trust.revoked)), datetime.now(UTC)
    found = [
        each
        for each in read_certificates(read(name))
        if _has_role(each, role) and standing(each, trust, now) is Standing.GOOD
    ]
    if not found:
        raise MalformedError(f"{configuration.path(name)} holds no {role} in good standing; provision this kiosk again")
    return found


def _has_role(certificate: x509.Certificate, role: Role) -> bool:
    try:
        return role in identity_of(certificate).roles
    except MalformedError:
        return False
