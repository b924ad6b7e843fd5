"""A signing key in a password-protected file: for development only. In service the key lives in a TPM or a token."""

from pathlib import Path

from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_protocol.keys import SoftwareSigner, signer_from_pem


def file_signer(certificate: Path, key: Path, password: bytes) -> SoftwareSigner:
    """An ES256 signer from a certificate and a PKCS#8 key, both PEM.

    Raises RoadError when a file cannot be read or there is no password, MalformedError when the key is not protected,
    does not open, is not P-256 or is not the certificate's. Each names the file.
    """
    if not password:
        raise RoadError(f"no password for {key}: a key in a file is never used without one")
    try:
        return signer_from_pem(_read(certificate), _read(key), password)
    except MalformedError as error:
        raise MalformedError(f"{key} with {certificate}: {error}; enrol this device again") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RoadError(f"cannot read {path} ({error.strerror}): enrol this device again") from error
