"""What the kiosk has and is: clock, certificate, key, signed documents, its own build, networks, places to write."""

import subprocess
from datetime import UTC, datetime
from typing import Final

from cryptography import x509

from sallyport_kiosk.assembly import approved_store, device_signer, load_approved, make_boot, model_names
from sallyport_kiosk.configuration import Configuration
from sallyport_kiosk.drivers.outbox import Outbox
from sallyport_kiosk.drivers.speech import speech_missing
from sallyport_link.serving import open_port
from sallyport_models.approved_data import KNOWN_ANSWERS, read_approved
from sallyport_models.known_answers import check_model, parse_known_answers
from sallyport_protocol import envelope
from sallyport_protocol.documents import Profile, signed_by
from sallyport_protocol.errors import RoadError
from sallyport_protocol.identity import read_certificates
from sallyport_protocol.trust import Standing, read_trust, standing

PLACE: Final = "sallyport/v1/selftest"
"""External data of the report's signature."""
EXPIRY_WARNING_DAYS: Final = 14
_UNKNOWN: Final = "whether it is kept right cannot be seen here"


def clock(configuration: Configuration) -> str:
    """Not before the kiosk was enrolled, and kept right by the time service; in production unknown is not a pass."""
    now = datetime.now(UTC)
    if now < _own_certificate(configuration).not_valid_before_utc:
        raise RoadError("the clock is before this kiosk was enrolled; set it (timedatectl), and check the time service")
    kept = _synchronised()
    if kept is None and configuration.file.profile is not Profile.DEVELOPMENT:
        raise RoadError(f"{now:%Y-%m-%d %H:%M:%S} UTC, but {_UNKNOWN}; is systemd's timedated there?")
    if kept is False:
        raise RoadError("the time service keeps the clock not yet; wait some minutes, or check the road to its servers")
    return f"{now:%Y-%m-%d %H:%M:%S} UTC, {'kept by the time service' if kept else _UNKNOWN}"


def _synchronised() -> bool | None:
    """What the system says of its clock; None where it does not say."""
    command = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return {"yes": True, "no": False}.get(done.stdout.strip())


def certificate(configuration: Configuration) -> str:
    """In good standing, and not about to end."""
    file, now = configuration.file, datetime.now(UTC)
    own = _own_certificate(configuration)
    trust = read_trust(configuration.read(file.trust.authorities), configuration.read(file.trust.revoked))
    found = standing(own, trust, now)
    if found is not Standing.GOOD:
        raise RoadError(f"the certificate is {found.value.lower().replace('_', ' ')}; renew it, or set the clock")
    days = (own.not_valid_after_utc - now).days
    if days < EXPIRY_WARNING_DAYS:
        raise RoadError(f"the certificate ends in {days} days; renew it now")
    return f"good for {days} more days"


def key(configuration: Configuration) -> str:
    """Signs, and the certificate is its own."""
    message = envelope.sign({"probe": "selftest"}, device_signer(configuration), PLACE)
    envelope.verify(message, PLACE, signed_by(_own_certificate(configuration)))
    return f"signs; {configuration.file.identity.signer.partition(':')[0]} key"


def documents(configuration: Configuration) -> str:
    """Signed by the provisioner, and none older than one that was accepted before."""
    boot = make_boot(configuration)
    return f"model set {boot.model_set.version}, policy {boot.policy.version} ({boot.policy.profile})"


def software(configuration: Configuration) -> str:
    """This build is one of those that gateways believe (check 9)."""
    boot = make_boot(configuration)
    if boot.software not in boot.model_set.software:
        raise RoadError(f"this build, {boot.software.hex()}, is not approved; update it, or approve it for the estate")
    return f"approved build {boot.software.hex()[:16]}"


def models(configuration: Configuration) -> str:
    """Each is in the signed set, loads here, and gives its known answers on this processor."""
    boot = make_boot(configuration)
    known = parse_known_answers(read_approved(boot.model_set, KNOWN_ANSWERS))
    store = approved_store(configuration, boot.model_set)
    names = model_names(boot.model_set, store)
    for name in names:
        check_model(name, load_approved(store, boot.model_set, name), known)
    return f"{len(names)} models give their known answers"


def outbox(configuration: Configuration) -> str:
    """Writable."""
    box = Outbox(configuration.path(configuration.file.store.outbox) / "outbox.db")
    try:
        return f"writable, {box.waiting()} results waiting"
    finally:
        box.close()


def screen(configuration: Configuration) -> str:
    """Its port can be had; whether it can speak is said, too: the words on it suffice."""
    place = configuration.file.screen
    open_port(place.host, place.port).close()
    return f"port {place.port} on {place.host} is free; {speech_missing() or 'a speech engine is there'}"


def _own_certificate(configuration: Configuration) -> x509.Certificate:
    return read_certificates(configuration.read(configuration.file.identity.certificate))[0]
