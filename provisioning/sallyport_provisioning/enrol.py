"""Keys and certificates: makes those that are missing, never touches those that are there.

In development the provisioner makes every key. In production a device makes its own and sends a request; only
`certify` is then used here.
"""

import json
import secrets
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from sallyport_protocol.documents import interlock_fingerprint
from sallyport_protocol.keys import signer_from_pem
from sallyport_protocol.trust import read_lists
from sallyport_provisioning.certificates import (
    LIST_LIFE,
    Issuer,
    holder_certificate,
    issuing_certificate,
    new_key,
    revocation_list,
    root_certificate,
)
from sallyport_provisioning.estate import Estate
from sallyport_provisioning.files import SECRET, read, write
from sallyport_provisioning.holders import Holder
from sallyport_provisioning.state import InterlockKeys, State

KEY_BYTES = 32


def ensure_authority(estate: Estate, now: datetime) -> Issuer:
    """The issuing authority, made with its root when there is none."""
    folder, name = estate.authority_dir, estate.description.name
    if not (folder / "authorities.pem").exists():
        root_key, issuing_key = new_key(), new_key()
        root = Issuer(root_certificate(name, root_key, now), root_key)
        issuing = issuing_certificate(name, issuing_key.public_key(), root, now)
        write(folder / "root-key.pem", key_pem(root_key), SECRET)
        write(folder / "issuing-key.pem", key_pem(issuing_key), SECRET)
        write(folder / "issuing.pem", _pem(issuing))
        write(folder / "authorities.pem", _pem(root.certificate) + _pem(issuing))
    return issuer_of(estate)


def issuer_of(estate: Estate) -> Issuer:
    """The issuing authority that is there. Raises RoadError or MalformedError."""
    folder = estate.authority_dir
    signer = signer_from_pem(read(folder / "issuing.pem"), read(folder / "issuing-key.pem"))
    return Issuer(signer.certificate, signer.key)


def ensure_keys(estate: Estate, holder: Holder, issuer: Issuer, state: State, now: datetime) -> State:
    """Gives a holder what it lacks; returns the state with what is now known of it."""
    if not holder.certified:
        return state if holder.name in state.interlocks else rekey_interlock(estate, holder, state)
    if not (estate.authority_dir / "certificates" / f"{holder.name}.pem").exists():
        certify(estate, holder, make_key(estate, holder), issuer, now)
    secret = estate.folder(holder.name) / "references.key"
    if holder.folder.startswith("gateway/") and not secret.exists():
        write(secret, secrets.token_bytes(KEY_BYTES), SECRET)
    return state


def make_key(estate: Estate, holder: Holder) -> ec.EllipticCurvePublicKey:
    """A new private key in the holder's folder; a kiosk's is protected by a new password beside it (development)."""
    key, folder = new_key(), estate.folder(holder.name)
    protection: KeySerializationEncryption = NoEncryption()
    if holder.protected:
        password = secrets.token_urlsafe(24).encode()
        write(folder / "key-password", password + b"\n", SECRET)
        protection = BestAvailableEncryption(password)
    write(folder / "key.pem", key_pem(key, protection), SECRET)
    return key.public_key()


def certify(
    estate: Estate, holder: Holder, public_key: ec.EllipticCurvePublicKey, issuer: Issuer, now: datetime
) -> None:
    """Issues the holder's certificate, files it with the authority and gives the holder the chain."""
    subject = holder.subject(estate.description.name)
    certificate = holder_certificate(subject, public_key, issuer, now)
    write(estate.folder(holder.name) / "certificate.pem", _pem(certificate) + _pem(issuer.certificate))
    write(estate.authority_dir / "certificates" / f"{holder.name}.pem", _pem(certificate))


def rekey_interlock(estate: Estate, holder: Holder, state: State) -> State:
    """New keys under a higher epoch, for the board's flash by cable: never sent under the old key."""
    known = state.interlocks.get(holder.name)
    epoch = known.epoch + 1 if known else 1
    up, down = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(KEY_BYTES)
    content = {
        "format": 1,
        "interlock": holder.name,
        "prison": holder.prison,
        "lane": holder.lane,
        "epoch": epoch,
        "key_up": up.hex(),
        "key_down": down.hex(),
    }
    write(estate.folder(holder.name) / "keys.json", (json.dumps(content, indent=2) + "\n").encode(), SECRET)
    keys = InterlockKeys(epoch=epoch, fingerprint=interlock_fingerprint(up, down, epoch).hex())
    return state.model_copy(update={"interlocks": {**state.interlocks, holder.name: keys}})


def settle_revocations(estate: Estate, issuer: Issuer, state: State, now: datetime) -> bool:
    """Signs a revocation list when there is none, it misses a revocation, or half its life is over."""
    path = estate.authority_dir / "revoked.pem"
    revoked = tuple(
        (int(each.serial, 16), datetime.fromtimestamp(each.at // 1_000, tz=UTC))
        for each in state.revocations
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


def key_pem(key: ec.EllipticCurvePrivateKey, protection: KeySerializationEncryption | None = None) -> bytes:
    """PKCS#8 in PEM form."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection or NoEncryption())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)
