"""A signing key in a PKCS#11 token: a secure element, a smart card, an HSM. The key never leaves it.

Needs the extra `token` (python-pkcs11), which is looked for when the signer is made.
"""

import threading
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

from sallyport_kiosk.drivers.token_proof import COORDINATE, prove, read_certificate
from sallyport_protocol.envelope import key_id_of
from sallyport_protocol.errors import RoadError


class Pkcs11Signer:
    """The P-256 key `label` in the token `token` behind the library `module`. Thread-safe.

    Raises RoadError when the library, the token, the PIN or the key is missing or wrong, MalformedError when the key is
    not the certificate's. A token that was pulled out is opened again at the next signature.
    """

    def __init__(self, module: Path, token: str, label: str, pin: str, certificate: Path) -> None:
        self._module, self._token, self._label, self._pin = module, token, label, pin
        self._certificate_der, public = read_certificate(certificate)
        try:
            self._pkcs11 = import_module("pkcs11")
        except ImportError as error:
            raise RoadError("python-pkcs11 is not installed: install Sallyport with the extra `token`") from error
        self._errors: type[Exception] = import_module("pkcs11.exceptions").PKCS11Error
        self._lock = threading.Lock()
        self._session: Any = None
        self._key: Any = None
        prove(self, public, f"token {token}")

    @property
    def key_id(self) -> bytes:
        """SHA-256 of the certificate's DER."""
        return key_id_of(self._certificate_der)

    @property
    def certificate_der(self) -> bytes:
        """The certificate that vouches for the key."""
        return self._certificate_der

    def sign(self, data: bytes) -> bytes:
        """ECDSA over SHA-256 of `data`: r then s, 64 bytes. Raises RoadError."""
        digest = sha256(data).digest()
        with self._lock:
            try:
                signature = bytes(self._open().sign(digest, mechanism=self._pkcs11.Mechanism.ECDSA))
            except self._errors:
                self._forget()
                signature = self._again(digest)
        if len(signature) != 2 * COORDINATE:
            raise RoadError(f"token {self._token} made a signature of {len(signature)} bytes: its key is not P-256")
        return signature

    def close(self) -> None:
        """Ends the session with the token. Idempotent."""
        with self._lock:
            self._forget()

    def _again(self, digest: bytes) -> bytes:
        try:
            return bytes(self._open().sign(digest, mechanism=self._pkcs11.Mechanism.ECDSA))
        except self._errors as error:
            self._forget()
            what = type(error).__name__
            raise RoadError(
                f"token {self._token} at {self._module} fails ({what}): check token, PIN and key"
            ) from error

    def _open(self) -> Any:
        if self._key is None:
            try:
                library = self._pkcs11.lib(str(self._module))
            except Exception as error:  # the loader has errors of its own
                raise RoadError(f"cannot load the token's library {self._module}: install its package") from error
            self._session = library.get_token(token_label=self._token).open(user_pin=self._pin)
            kind = self._pkcs11.ObjectClass.PRIVATE_KEY
            self._key = self._session.get_key(object_class=kind, label=self._label)
        return self._key

    def _forget(self) -> None:
        session, self._session, self._key = self._session, None, None
        if session is not None:
            try:
                session.close()
            except self._errors:
                return  # it went with the token
