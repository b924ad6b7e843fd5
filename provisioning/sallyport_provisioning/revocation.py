"""Writes revocations down, then tells them. What is recorded is never taken back."""

from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from sallyport_protocol.identity import fingerprint
from sallyport_protocol.trust import read_lists
from sallyport_provisioning.certificates import LIST_LIFE, Issuer, revocation_list
from sallyport_provisioning.estate import Estate
from sallyport_provisioning.files import read, write
from sallyport_provisioning.state import Revocation, State


def record(estate: Estate, name: str, reason: str, now: datetime) -> bool:
    """Writes down that the current certificate or keys of `name` are good no more. True when it was there already."""
    certificate = estate.certificate(name) if estate.certificate_file(name).exists() else None
    if certificate is not None:
        mark = fingerprint(certificate).hex()
    elif estate.board_file(name).exists():
        mark = estate.board(name).fingerprint
    else:
        return True  # put away before a crash: that happens only after the record
    state = estate.state()
    if any(each.fingerprint == mark for each in state.revocations):
        return True
    serial = f"{certificate.serial_number:x}" if certificate else None
    at = int(now.timestamp() * 1_000)
    new = Revocation(name=name, fingerprint=mark, serial=serial, at=at, reason=reason)
    write(estate.state_file, State(revocations=(*state.revocations, new)).to_json())
    return False


def put_away(estate: Estate, name: str) -> None:
    """Moves what is known of a holder aside, so that its name is free for new keys. Only after `record`."""
    for path in (estate.certificate_file(name), estate.board_file(name)):
        if path.exists():
            folder = path.parent / "removed"
            folder.mkdir(exist_ok=True)
            path.rename(_unused(folder / path.name))


def settle_list(estate: Estate, issuer: Issuer, now: datetime) -> bool:
    """Signs a revocation list when there is none, it misses a revocation, or half its life is over."""
    path = estate.authority_dir / "revoked.pem"
    revoked = tuple(
        (int(each.serial, 16), datetime.fromtimestamp(each.at // 1_000, tz=UTC))
        for each in estate.state().revocations
        if each.serial is not None
    )
    number = 1
    if path.exists():
        current = read_lists(read(path))[0]
        complete = {each.serial_number for each in current} == {serial for serial, _ in revoked}
        if complete and now - current.last_update_utc < LIST_LIFE / 2:
            return False
        number = current.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number + 1
    write(path, revocation_list(revoked, issuer, number, now).public_bytes(Encoding.PEM))
    return True


def _unused(path: Path) -> Path:
    number, candidate = 1, path
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return candidate
