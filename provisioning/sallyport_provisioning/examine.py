"""Compares what exists with the description: chains, keys, permissions, signatures, digests. Changes nothing."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sallyport_models.approved_data import FILES
from sallyport_models.manifest import Manifest
from sallyport_models.store import has_digest
from sallyport_protocol.documents import Profile, Status, interlock_fingerprint
from sallyport_protocol.errors import MalformedError, SallyportError
from sallyport_protocol.identity import identity_of
from sallyport_protocol.trust import Standing, standing
from sallyport_provisioning.deliver import deliveries
from sallyport_provisioning.estate import Estate
from sallyport_provisioning.files import mode_of, read
from sallyport_provisioning.holders import Holder
from sallyport_provisioning.publish import registry_of

_OTHERS: Final = 0o077


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    what: str
    good: bool
    detail: str


def examine(estate: Estate, now: datetime) -> tuple[Finding, ...]:
    """Every finding, good and bad. An exception in one look is that look's bad finding; the others still happen."""
    found: list[Finding] = []
    for holder in estate.holders():
        found += _look(holder.name, "key and certificate", lambda h=holder: _holder(estate, h, now))  # type: ignore[misc]
    found += _look("gateways", "one key for the references of one store", lambda: _references(estate))
    found += _look("registry", "signature and content", lambda: _registry(estate))
    found += _look("model set", "signature and digests", lambda: _models(estate))
    found += _look("policy", "signature and profile", lambda: _policy(estate))
    found += _look("estate", "everybody has what is current", lambda: _delivered(estate))
    found += _look("estate", "secrets are readable by their owner alone", lambda: _permissions(estate))
    return tuple(found)


def _look(subject: str, what: str, look: Callable[[], str]) -> Iterator[Finding]:
    try:
        yield Finding(subject, what, True, look())
    except (SallyportError, OSError) as error:
        yield Finding(subject, what, False, str(error))


def _holder(estate: Estate, holder: Holder, now: datetime) -> str:
    if not holder.certified:
        return _interlock(estate, holder)
    signer = estate.signer(holder.name)
    if signer.certificate != estate.certificate(holder.name):
        raise MalformedError("the holder's certificate is not the one that the authority issued last: run `apply`")
    identity = identity_of(signer.certificate)
    if (identity.name, identity.roles) != (holder.name, frozenset(holder.roles)):
        raise MalformedError("name or roles differ from estate.toml: run `sallyport-estate renew`")
    found = standing(signer.certificate, estate.trust(), now)
    if found is Standing.REVOKED:
        return "revoked, and listed so"
    if found is not Standing.GOOD:
        raise MalformedError(f"{found.value.lower().replace('_', ' ')}: run `sallyport-estate renew`")
    if estate.state().revoked(signer.key_id):
        raise MalformedError("revoked, but not on the list yet: run `sallyport-estate apply`")
    return f"valid until {signer.certificate.not_valid_after_utc:%Y-%m-%d}"


def _interlock(estate: Estate, holder: Holder) -> str:
    content = json.loads(read(estate.folder(holder.name) / "keys.json"))
    up, down = bytes.fromhex(content["key_up"]), bytes.fromhex(content["key_down"])
    if interlock_fingerprint(up, down, content["epoch"]) != estate.current_fingerprint(holder.name):
        raise MalformedError("its keys are not those of the registry: run `sallyport-estate renew`, reflash by cable")
    return f"keys of epoch {content['epoch']}"


def _references(estate: Estate) -> str:
    for gateway in estate.description.gateway:
        mine = read(estate.folder(gateway.name) / "references.key")
        for other in estate.description.sharing_store(gateway):
            if read(estate.folder(other.name) / "references.key") != mine:
                raise MalformedError(
                    f"{gateway.name} and {other.name} share a store and cannot read each other's references: give both"
                    " the references.key that those were enrolled with"
                )
    return f"{len(estate.description.gateway)} gateways"


def _registry(estate: Estate) -> str:
    registry = estate.registry()
    if registry_of(estate, registry.issued).entries != registry.entries:
        raise MalformedError("it differs from estate.toml or the certificates: run `sallyport-estate apply`")
    gone = sum(each.status is Status.REVOKED for each in registry.entries)
    return f"version {registry.version}, {len(registry.entries)} holders, {gone} revoked"


def _models(estate: Estate) -> str:
    approved = estate.model_set()
    if not approved.models or not approved.software:
        raise MalformedError("it approves nothing, so nothing runs: run `sallyport-estate approve`")
    store = estate.root / estate.description.models
    entries = {entry.name: entry for entry in Manifest.read().approved()}
    here = [name for name in approved.models if name in entries and (store / entries[name].file).exists()]
    for name in here:
        if not has_digest(store / entries[name].file, approved.models[name].hex()):
            raise MalformedError(f"{store / entries[name].file} is not the approved {name}: `sallyport-models fetch`")
    for name, path in FILES.items():
        if name in approved.data and not has_digest(path, approved.data[name].hex()):
            raise MalformedError(f"{path} is not what was approved: restore it, or run `sallyport-estate approve`")
    return f"version {approved.version}, {len(approved.models)} models approved, {len(here)} of them in {store}"


def _policy(estate: Estate) -> str:
    policy = estate.policy()
    if policy.profile is not estate.description.profile:
        raise MalformedError(f"it is for {policy.profile}, the estate is {estate.description.profile}: run `apply`")
    note = " (liveness not required)" if policy.profile is Profile.DEVELOPMENT else ""
    return f"version {policy.version}, {policy.profile}{note}"


def _delivered(estate: Estate) -> str:
    wanted = deliveries(estate)
    wrong = [name for name, (content, mode) in wanted.items() if not _is(estate.root / name, content, mode)]
    if wrong:
        raise MalformedError(f"{len(wrong)} files are missing or old ({', '.join(wrong[:3])}): run `apply`")
    return f"{len(wanted)} files"


def _permissions(estate: Estate) -> str:
    secret = [*estate.root.rglob("*key.pem"), *estate.root.rglob("key-password"), *estate.root.rglob("*.key")]
    secret += [*estate.root.rglob("keys.json"), *estate.root.glob("gateway/*/interlocks/*.json")]
    open_to_others = [str(path.relative_to(estate.root)) for path in secret if mode_of(path) & _OTHERS]
    if open_to_others:
        raise MalformedError(f"others may read {', '.join(open_to_others)}: chmod 600, then renew what was exposed")
    return f"{len(secret)} files"


def _is(path: Path, content: bytes, mode: int) -> bool:
    return path.is_file() and read(path) == content and mode_of(path) == mode
