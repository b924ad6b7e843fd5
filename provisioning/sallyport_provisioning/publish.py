"""Makes and signs the three documents; signs again only what changed, always with a higher version (S13)."""

import json
import math
import tomllib
from collections.abc import Callable, Iterable
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sallyport_protocol.documents import (
    Document,
    Entry,
    Lane,
    ModelSet,
    Policy,
    Profile,
    Registry,
    ReleaseRules,
    Status,
    load_model_set,
    load_policy,
    load_registry,
    load_release_rules,
    sign_document,
)
from sallyport_protocol.envelope import KeyResolver, Signer, claimed_key_id
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import fingerprint
from sallyport_protocol.messages import Operating
from sallyport_protocol.subject import Modality
from sallyport_provisioning.approved import Approved
from sallyport_provisioning.configuration import RELEASE_POLICY
from sallyport_provisioning.estate import Estate
from sallyport_provisioning.files import read, write
from sallyport_provisioning.holders import Holder

_NAMES: Final[dict[type[Document], str]] = {
    Registry: "registry",
    ModelSet: "model-set",
    Policy: "policy",
    ReleaseRules: RELEASE_POLICY,
}
_LOADERS: Final[dict[type[Document], Callable[[bytes, KeyResolver], Document]]] = {
    Registry: load_registry,
    ModelSet: load_model_set,
    Policy: load_policy,
    ReleaseRules: load_release_rules,
}


def publish(estate: Estate, approved: Approved | None, now: datetime) -> list[str]:
    """Signs what is new or changed; `approved` None keeps the model set. Returns the documents' names."""
    issued = millis(now)
    signer = estate.signer(estate.description.provisioner)
    wanted: list[Document] = [registry_of(estate, issued), policy_of(estate.description.profile, issued)]
    wanted.append(_model_set(approved or approved_before(estate), issued))
    if estate.description.release_policy:
        rules = read(estate.root / estate.description.release_policy)
        wanted.append(ReleaseRules(version=1, issued=issued, rules=_json(rules, estate.description.release_policy)))
    return [_NAMES[type(each)] for each in wanted if _signed_if_changed(estate, each, signer)]


def policy_of(profile: Profile, issued: int) -> Policy:
    """The policy of a profile, from `parameters/policy.toml`."""
    text = files("sallyport_provisioning").joinpath("parameters/policy.toml").read_text()
    table: dict[str, Any] = tomllib.loads(text)[profile]
    operating = Operating(
        modalities=tuple(Modality(each) for each in table.pop("modalities")),
        fused_fmr_log10=round(math.log10(table.pop("fused_fmr")), 6),
        floor_fmr_log10=round(math.log10(table.pop("floor_fmr")), 6),
        attempts=table.pop("attempts"),
        liveness_required=table.pop("liveness_required"),
        twin_fmr_log10=round(math.log10(table.pop("twin_fmr")), 6),
    )
    return Policy.parse({"version": 1, "issued": issued, "profile": profile, "operating": operating.to_map(), **table})


def _json(rules: bytes, name: str) -> bytes:
    """Signed as it is written; only the gateways know what must stand in it, and refuse what is wrong."""
    try:
        json.loads(rules)
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"{name} is not JSON in UTF-8: {error}") from None
    return rules


def millis(now: datetime) -> int:
    """Milliseconds since 1970-01-01 UTC."""
    return int(now.timestamp() * 1_000)


def approved_before(estate: Estate) -> Approved:
    """What the signed model set approves now; nothing where there is none yet."""
    path = document_path(estate, ModelSet)
    if not path.exists():
        return Approved({}, ())
    current = load_model_set(read(path), estate.ever_provisioner)
    return Approved(current.models, current.software, current.firmware, current.data)


def _model_set(approved: Approved, issued: int) -> ModelSet:
    models, data = dict(sorted(approved.models.items())), dict(sorted(approved.data.items()))
    software, firmware = tuple(sorted(approved.software)), tuple(sorted(approved.firmware))
    return ModelSet(version=1, issued=issued, models=models, data=data, software=software, firmware=firmware)


def registry_of(estate: Estate, issued: int) -> Registry:
    """Who is who, from description, certificates and state."""
    revoked = {each.fingerprint for each in estate.state().revocations}
    lanes = tuple(Lane.parse(lane.to_map()) for lane in estate.description.lane)
    entries = tuple(_entry(estate, revoked, each) for each in estate.holders())
    _own_keys(entries)
    return Registry(version=1, issued=issued, lanes=lanes, entries=entries)


def _own_keys(entries: Iterable[Entry]) -> None:
    """Whoever holds one key under two names could be two people. Raises MalformedError."""
    held: dict[bytes, str] = {}
    for each in entries:
        if each.certificate is None:
            continue
        key = each.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        if (other := held.setdefault(key, each.name)) != each.name:
            raise MalformedError(f"{other} and {each.name} have the same key: let one of them make a new one")


def _entry(estate: Estate, revoked: set[str], holder: Holder) -> Entry:
    certificate, epoch = None, 0
    if holder.certified:
        current = estate.certificate(holder.name)
        certificate, mark = current.public_bytes(Encoding.DER), fingerprint(current)
    else:
        keys = estate.board(holder.name)
        epoch, mark = keys.epoch, bytes.fromhex(keys.fingerprint)
    return Entry(
        name=holder.name,
        roles=holder.roles,
        prison=holder.prison,
        lane=holder.lane,
        fingerprint=mark,
        certificate=certificate,
        epoch=epoch,
        status=Status.REVOKED if mark.hex() in revoked else Status.ACTIVE,
    )


def _signed_if_changed(estate: Estate, wanted: Document, signer: Signer) -> bool:
    path = document_path(estate, type(wanted))
    if path.exists():
        message = read(path)
        current = _LOADERS[type(wanted)](message, estate.ever_provisioner)
        as_current = wanted.model_copy(update={"version": current.version, "issued": current.issued})
        if as_current == current and claimed_key_id(message) == signer.key_id:
            return False
        wanted = wanted.model_copy(update={"version": current.version + 1})
    write(path, sign_document(wanted, signer))
    return True


def document_path(estate: Estate, kind: type[Document]) -> Path:
    """Where the authority keeps a signed document."""
    return estate.authority_dir / "documents" / f"{_NAMES[kind]}.cose"
