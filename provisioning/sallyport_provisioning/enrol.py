"""Keys and certificates of holders and of the authority itself.

In development the provisioner makes every key. In production a device makes its own and sends a request; only
`certify` is then used here.
"""

import json
import secrets
from datetime import datetime

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
from sallyport_protocol.identity import Role
from sallyport_protocol.keys import signer_from_pem
from sallyport_provisioning.certificates import (
    Issuer,
    holder_certificate,
    issuing_certificate,
    new_key,
    root_certificate,
)
from sallyport_provisioning.estate import Estate
from sallyport_provisioning.files import SECRET, read, write
from sallyport_provisioning.holders import Holder
from sallyport_provisioning.state import InterlockKeys, from_json, to_json

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


def enrol(estate: Estate, holder: Holder, issuer: Issuer, now: datetime) -> None:
    """New keys for a holder, and its certificate or its board's mark. What it had was revoked and put away."""
    if not holder.certified:
        load_board_keys(estate, holder)
        return
    certify(estate, holder, make_key(estate, holder), issuer, now)
    references = estate.folder(holder.name) / "references.key"
    if Role.GATEWAY in holder.roles and not references.exists():
        write(references, _references_key(estate, holder.name), SECRET)


def _references_key(estate: Estate, name: str) -> bytes:
    """Gateways on one store read the same references: the key that one of them has, else a new one."""
    gateway = next(each for each in estate.description.gateway if each.name == name)
    for other in estate.description.sharing_store(gateway):
        path = estate.folder(other.name) / "references.key"
        if path.exists():
            return read(path)
    return secrets.token_bytes(KEY_BYTES)


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
    write(estate.certificate_file(holder.name), _pem(certificate))


def load_board_keys(estate: Estate, holder: Holder) -> None:
    """New keys under a higher epoch, for the board's flash by cable: never sent under the old key."""
    epoch = _next_epoch(estate, holder.name)
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
    write(
        estate.board_file(holder.name),
        to_json(InterlockKeys(epoch=epoch, fingerprint=interlock_fingerprint(up, down, epoch).hex())),
    )


def _next_epoch(estate: Estate, name: str) -> int:
    """Above every epoch that a board of this name ever had: the board takes no lower one (S13)."""
    removed = estate.board_file(name).parent / "removed"
    earlier = [InterlockKeys.parse(from_json(read(path))).epoch for path in removed.glob(f"{name}*.json")]
    return max(earlier, default=0) + 1


def key_pem(key: ec.EllipticCurvePrivateKey, protection: KeySerializationEncryption | None = None) -> bytes:
    """PKCS#8 in PEM form."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection or NoEncryption())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)
