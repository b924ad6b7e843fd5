"""Puts into each holder's folder exactly what that holder needs, and nothing of anybody else's."""

import os
import pwd
from pathlib import Path

from sallyport_protocol.identity import Role
from sallyport_provisioning.broker_config import access_rules, mosquitto_conf
from sallyport_provisioning.configuration import RELEASE_POLICY, gateway_toml, kiosk_toml
from sallyport_provisioning.description import Gateway, Interlock, Kiosk
from sallyport_provisioning.development import WITNESS
from sallyport_provisioning.estate import Estate
from sallyport_provisioning.files import FOLDER, PUBLIC, SECRET, mode_of, read, write

Delivery = dict[str, tuple[bytes, int]]
"""Path relative to the estate's directory -> content and permission bits."""


def deliver(estate: Estate) -> list[str]:
    """Writes what differs; returns the relative paths written. Safe to repeat."""
    written = []
    for name, (content, mode) in deliveries(estate).items():
        path = estate.root / name
        if not (path.exists() and read(path) == content and mode_of(path) == mode):
            write(path, content, mode, durable=False)
            written.append(name)
    if any(gateway.witness == WITNESS for gateway in estate.description.gateway):
        (estate.root / "gateway" / "witness").mkdir(mode=FOLDER, exist_ok=True)
    return written


def deliveries(estate: Estate) -> Delivery:
    """Everything that is copied or derived, for all holders. Private keys are made in place and not listed."""
    authority = estate.authority_dir
    common = {each: read(authority / each) for each in ("authorities.pem", "revoked.pem")}
    found: Delivery = {}
    for holder in estate.holders():
        if not holder.certified:
            continue
        chain = read(authority / "certificates" / f"{holder.name}.pem") + read(authority / "issuing.pem")
        found[f"{holder.folder}/certificate.pem"] = (chain, PUBLIC)
        if {Role.BROKER, Role.GATEWAY, Role.KIOSK, Role.LISTENER}.intersection(holder.roles):
            found |= {f"{holder.folder}/{name}": (content, PUBLIC) for name, content in common.items()}
    found |= _to_broker(estate)
    for gateway in estate.description.gateway:
        found |= _to_gateway(estate, gateway)
    boards = {interlock.lane: interlock for interlock in estate.description.interlock}
    for kiosk in estate.description.kiosk:
        found |= _to_kiosk(estate, kiosk, boards.get(kiosk.lane))
    return found


def _to_broker(estate: Estate) -> Delivery:
    conf = mosquitto_conf(estate.description, account_name())
    rules = access_rules(estate.description)
    return {
        "broker/mosquitto.conf": (conf.encode(), PUBLIC),
        "broker/access.acl": (rules.encode(), 0o600),
    }


def _to_gateway(estate: Estate, gateway: Gateway) -> Delivery:
    folder = f"gateway/{gateway.name}"
    signed = ("registry", "model-set", "policy", *((RELEASE_POLICY,) if estate.description.release_policy else ()))
    found = _documents(estate, folder, *signed)
    found[f"{folder}/gateway.toml"] = (gateway_toml(estate.description, gateway).encode(), PUBLIC)
    for interlock in estate.description.interlock:
        if estate.description.lane_named(interlock.lane).prison in gateway.prisons:
            keys = read(estate.folder(interlock.name) / "keys.json")
            found[f"{folder}/interlocks/{interlock.name}.json"] = (keys, SECRET)
    return found


def _to_kiosk(estate: Estate, kiosk: Kiosk, interlock: Interlock | None) -> Delivery:
    folder = f"kiosk/{kiosk.name}"
    found = _documents(estate, folder, "model-set", "policy")
    prison = estate.description.lane_named(kiosk.lane).prison
    gateways = [each.name for each in estate.description.gateway if prison in each.prisons]
    pems = b"".join(read(estate.authority_dir / "certificates" / f"{name}.pem") for name in gateways)
    found[f"{folder}/gateways.pem"] = (pems, PUBLIC)
    text = kiosk_toml(estate.description, kiosk, interlock, _models_from(estate.description.models))
    found[f"{folder}/kiosk.toml"] = (text.encode(), PUBLIC)
    return found


def _documents(estate: Estate, folder: str, *names: str) -> Delivery:
    documents = estate.authority_dir / "documents"
    provisioner = estate.authority_dir / "certificates" / f"{estate.description.provisioner}.pem"
    found = {f"{folder}/{name}.cose": (read(documents / f"{name}.cose"), PUBLIC) for name in names}
    found[f"{folder}/provisioner.pem"] = (read(provisioner), PUBLIC)
    return found


def _models_from(store: str) -> str:
    """The store as seen from a kiosk's folder, two levels below the estate's directory."""
    return store if Path(store).is_absolute() else str(Path("../..") / store)


def account_name() -> str | None:
    """Who will own the broker's files; None where the account has no name (some containers)."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return None
