"""Makes and signs the three documents; signs again only what changed, always with a higher version (S13)."""

import math
import tomllib
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding

from sallyport_protocol.documents import (
    Document,
    Entry,
    Lane,
    ModelSet,
    Policy,
    Profile,
    Registry,
    Status,
    sign_document,
)
from sallyport_protocol.envelope import Signer
from sallyport_protocol.errors import RoadError
from sallyport_protocol.identity import fingerprint
from sallyport_protocol.messages import Modality, Operating
from sallyport_provisioning.approved import Approved
from sallyport_provisioning.estate import Estate
from sallyport_provisioning.files import write
from sallyport_provisioning.holders import Holder
from sallyport_provisioning.state import State

_NAMES: Final[dict[type[Document], str]] = {Registry: "registry", ModelSet: "model-set", Policy: "policy"}


def publish(estate: Estate, state: State, approved: Approved | None, now: datetime) -> list[str]:
    """Signs what is new or changed; `approved` None keeps the model set. Returns the documents' names."""
    issued = millis(now)
    signer = estate.signer(estate.description.provisioner)
    wanted: list[Document] = [registry_of(estate, state, issued), policy_of(estate.description.profile, issued)]
    if approved is not None or not document_path(estate, ModelSet).exists():
        wanted.append(_model_set(approved or Approved({}, ()), issued))
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
    )
    return Policy.parse({"version": 1, "issued": issued, "profile": profile, "operating": operating.to_map(), **table})


def millis(now: datetime) -> int:
    """Milliseconds since 1970-01-01 UTC."""
    return int(now.timestamp() * 1_000)


def _model_set(approved: Approved, issued: int) -> ModelSet:
    models = dict(sorted(approved.models.items()))
    return ModelSet(version=1, issued=issued, models=models, software=tuple(sorted(approved.software)))


def registry_of(estate: Estate, state: State, issued: int) -> Registry:
    """Who is who, from description, certificates and state."""
    lanes = tuple(Lane.parse(lane.to_map()) for lane in estate.description.lane)
    entries = tuple(_entry(estate, state, each) for each in estate.holders())
    return Registry(version=1, issued=issued, lanes=lanes, entries=entries)


def _entry(estate: Estate, state: State, holder: Holder) -> Entry:
    certificate, epoch = None, 0
    if holder.certified:
        current = estate.certificate(holder.name)
        certificate, mark = current.public_bytes(Encoding.DER), fingerprint(current)
    else:
        keys = state.interlocks.get(holder.name)
        if keys is None:
            raise RoadError(f"{holder.name} has no keys yet: run `sallyport-estate dev` or `apply`")
        epoch, mark = keys.epoch, bytes.fromhex(keys.fingerprint)
    return Entry(
        name=holder.name,
        roles=holder.roles,
        prison=holder.prison,
        lane=holder.lane,
        fingerprint=mark,
        certificate=certificate,
        epoch=epoch,
        status=Status.REVOKED if state.revoked(mark) else Status.ACTIVE,
    )


def _signed_if_changed(estate: Estate, wanted: Document, signer: Signer) -> bool:
    path = document_path(estate, type(wanted))
    if path.exists():
        current = _current(estate, wanted)
        unchanged = {"version": current.version, "issued": current.issued}
        if wanted.model_copy(update=unchanged) == current:
            return False
        wanted = wanted.model_copy(update={"version": current.version + 1})
    write(path, sign_document(wanted, signer))
    return True


def _current(estate: Estate, wanted: Document) -> Document:
    match wanted:
        case Registry():
            return estate.registry()
        case ModelSet():
            return estate.model_set()
        case _:
            return estate.policy()


def document_path(estate: Estate, kind: type[Document]) -> Path:
    """Where the authority keeps a signed document."""
    return estate.authority_dir / "documents" / f"{_NAMES[kind]}.cose"
