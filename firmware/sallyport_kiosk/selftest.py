"""The acceptance test that an installer runs on site: every device and road of the kiosk, and a signed report.

Each probe tries one thing for real and answers with a finding; none opens a door, none keeps a picture. Run it while
the kiosk's own service is stopped: both would use the same devices and the same name at the broker.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cryptography import x509

from sallyport_kiosk.assembly import approved_store, device_signer, load_approved, make_boot, model_names
from sallyport_kiosk.configuration import Configuration
from sallyport_kiosk.drivers.cameras import make_camera
from sallyport_kiosk.drivers.locks import make_lock_line
from sallyport_kiosk.drivers.outbox import Outbox
from sallyport_kiosk.drivers.sensors import make_sensor
from sallyport_kiosk.ports import Light
from sallyport_link.mqtt import MqttLink
from sallyport_link.serving import open_port
from sallyport_models.approved_data import KNOWN_ANSWERS, read_approved
from sallyport_models.known_answers import check_model, parse_known_answers
from sallyport_protocol import envelope
from sallyport_protocol.documents import signed_by
from sallyport_protocol.envelope import Signer
from sallyport_protocol.errors import RoadError, SallyportError
from sallyport_protocol.identity import read_certificates
from sallyport_protocol.topics import Kind, Topic
from sallyport_protocol.trust import Standing, read_trust, standing

PLACE: Final = "sallyport/v1/selftest"
"""External data of the report's signature."""
FRAMES: Final = 10
SLOWEST_FPS: Final = 4.0
"""Fewer frames a second cannot follow a person (five frames of one template within a second or so)."""
EXPIRY_WARNING_DAYS: Final = 14
ROAD_S: Final = 8.0
LINE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What one probe found, and what to do when it failed."""

    probe: str
    passed: bool
    words: str
    ms: int


Probe = Callable[[Configuration], str]


def run_selftest(configuration: Configuration) -> Iterator[Finding]:
    """Every probe in turn; a failed one does not stop the others."""
    for name, probe in PROBES.items():
        began = time.monotonic()
        try:
            passed, words = True, probe(configuration)
        except SallyportError as error:
            passed, words = False, str(error)
        except Exception as error:  # a probe must never hide the ones after it
            passed, words = False, f"{type(error).__name__}: {error}"
        yield Finding(name, passed, words, round((time.monotonic() - began) * 1_000))


def sign_report(findings: tuple[Finding, ...], kiosk: str, signer: Signer, now: datetime) -> bytes:
    """The report as a COSE_Sign1 by the device key."""
    content: dict[str, Any] = {
        "v": 1,
        "kiosk": kiosk,
        "at": int(now.timestamp() * 1_000),
        "passed": bool(findings) and all(each.passed for each in findings),
        "findings": [
            {"probe": each.probe, "passed": each.passed, "words": each.words[:400], "ms": each.ms} for each in findings
        ],
    }
    return envelope.sign(content, signer, PLACE)


def _documents(configuration: Configuration) -> str:
    boot = make_boot(configuration)
    return f"model set {boot.model_set.version}, policy {boot.policy.version} ({boot.policy.profile})"


def _certificate(configuration: Configuration) -> str:
    file, now = configuration.file, datetime.now(UTC)
    certificate = read_certificates(configuration.read(file.identity.certificate))[0]
    trust = read_trust(configuration.read(file.trust.authorities), configuration.read(file.trust.revoked))
    found = standing(certificate, trust, now)
    if found is not Standing.GOOD:
        raise RoadError(f"the certificate is {found.value.lower().replace('_', ' ')}; renew it, or set the clock")
    return _days_left(certificate, now)


def _days_left(certificate: x509.Certificate, now: datetime) -> str:
    days = (certificate.not_valid_after_utc - now).days
    if days < EXPIRY_WARNING_DAYS:
        raise RoadError(f"the certificate ends in {days} days; renew it now")
    return f"good for {days} more days"


def _key(configuration: Configuration) -> str:
    signer = device_signer(configuration)
    message = envelope.sign({"probe": "selftest"}, signer, PLACE)
    certificate = read_certificates(configuration.read(configuration.file.identity.certificate))[0]
    envelope.verify(message, PLACE, signed_by(certificate))
    return f"signs; {configuration.file.identity.signer.partition(':')[0]} key"


def _models(configuration: Configuration) -> str:
    boot = make_boot(configuration)
    known = parse_known_answers(read_approved(boot.model_set, KNOWN_ANSWERS))
    store = approved_store(configuration, boot.model_set)
    names = model_names(boot.model_set)
    for name in names:
        check_model(name, load_approved(store, boot.model_set, name), known)
    return f"{len(names)} models give their known answers"


def _camera(configuration: Configuration) -> str:
    camera = make_camera(configuration.file.devices.camera, configuration.home)
    camera.open()
    try:
        camera.read()
        began = time.monotonic()
        frames = [camera.read() for _ in range(FRAMES)]
        rate = FRAMES / (time.monotonic() - began)
    finally:
        camera.close()
    height, width = frames[-1].image.shape[:2]
    if rate < SLOWEST_FPS:
        raise RoadError(f"{rate:.1f} frames a second is too slow; check the camera's cable and the processor's load")
    return f"{width}x{height} at {rate:.0f} frames a second, {camera.device}"


def _sensor(configuration: Configuration) -> str:
    sensor = make_sensor(configuration.file.devices.sensor, configuration.home)
    sensor.open()
    try:
        sensor.led(Light.WAITING)
        image = sensor.capture() if sensor.present() else None
        sensor.led(Light.OFF)
    finally:
        sensor.close()
    if image is None:
        return f"answers, no finger on it; {sensor.device}"
    return f"read a finger of {image.image.shape[1]}x{image.image.shape[0]} at {image.dpi:.0f} dpi; {sensor.device}"


def _lock_line(configuration: Configuration) -> str:
    line = make_lock_line(configuration.file.devices.lock, configuration.home)
    heard: list[bytes] = []
    line.start(heard.append)
    try:
        time.sleep(LINE_S)
        connected, why, noise = line.connected, line.last_error, line.noise
    finally:
        line.stop()
    if not connected:
        raise RoadError(why)
    if noise and not heard:
        raise RoadError(f"{noise} runs of bytes that are no frame; check the baud rate and the earth of the line")
    return f"open, {len(heard)} frames heard; the gateway's status request shows lock and contacts"


def _network(configuration: Configuration) -> str:
    file, path = configuration.file, configuration.path
    link = MqttLink(
        file.broker.host,
        file.broker.port,
        path(file.trust.authorities),
        path(file.identity.certificate),
        path(file.identity.key),
        file.name,
        None,
        lambda topic, payload, retained: None,
        key_password=configuration.read(file.identity.password_file).strip(),
    )
    link.start()
    try:
        link.publish(str(Topic(file.prison, file.name, Kind.STATUS)), b"", ROAD_S)
        until = time.monotonic() + ROAD_S
        while link.counts.acknowledged + link.counts.refused == 0 and time.monotonic() < until:
            time.sleep(0.05)
        counts, error = link.counts, link.last_error
    finally:
        link.stop()
    if not counts.acknowledged:
        raise RoadError(error or f"the broker at {file.broker.host}:{file.broker.port} refused this kiosk's own topic")
    return f"broker at {file.broker.host}:{file.broker.port}, round trip {counts.round_trip_ms:.1f} ms, mutual TLS"


def _outbox(configuration: Configuration) -> str:
    outbox = Outbox(configuration.path(configuration.file.store.outbox) / "outbox.db")
    try:
        return f"writable, {outbox.waiting()} results waiting"
    finally:
        outbox.close()


def _screen(configuration: Configuration) -> str:
    place = configuration.file.screen
    open_port(place.host, place.port).close()
    return f"port {place.port} on {place.host} is free"


def _clock(configuration: Configuration) -> str:
    now = datetime.now(UTC)
    certificate = read_certificates(configuration.read(configuration.file.identity.certificate))[0]
    if now < certificate.not_valid_before_utc:
        raise RoadError("the clock is before this kiosk was enrolled; set it (timedatectl), and check the time service")
    return f"{now:%Y-%m-%d %H:%M:%S} UTC"


PROBES: Final[dict[str, Probe]] = {
    "clock": _clock,
    "certificate": _certificate,
    "signing key": _key,
    "documents": _documents,
    "models": _models,
    "outbox": _outbox,
    "screen": _screen,
    "camera": _camera,
    "fingerprint sensor": _sensor,
    "line to the interlock": _lock_line,
    "network": _network,
}
"""Every probe by its name on the report, the cheap ones first."""
