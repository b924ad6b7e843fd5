"""A signing key in a TPM 2.0, at a persistent handle. The key was made in the TPM and never leaves it.

Needs the extra `tpm` (tpm2-pytss and Debian's libtss2), which is looked for when the signer is made.
"""

import threading
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from sallyport_kiosk.drivers.token_proof import COORDINATE, prove, read_certificate
from sallyport_protocol.envelope import key_id_of
from sallyport_protocol.errors import RoadError

RESOURCE_MANAGER: Final = "device:/dev/tpmrm0"
"""The kernel's resource manager: several programs may use the TPM at once."""


class TpmSigner:
    """The P-256 signing key at `handle`. Thread-safe.

    Raises RoadError when the library, the TPM, the key or its authorisation is missing or wrong, MalformedError when
    the key is not the certificate's.
    """

    def __init__(
        self, handle: int, certificate: Path, tcti: str = RESOURCE_MANAGER, authorisation: bytes = b""
    ) -> None:
        self._handle, self._tcti, self._authorisation = handle, tcti, authorisation
        self._certificate_der, public = read_certificate(certificate)
        try:
            self._tss: Any = import_module("tpm2_pytss")
        except ImportError as error:
            raise RoadError(f"tpm2-pytss is not usable ({error}): install Sallyport with the extra `tpm`") from error
        self._lock = threading.Lock()
        self._context: Any = None
        self._key: Any = None
        try:
            prove(self, public, f"the TPM at {tcti}")
        except BaseException:
            self.close()
            raise

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
        tss = self._tss
        scheme = tss.TPMT_SIG_SCHEME(scheme=tss.TPM2_ALG.ECDSA)
        scheme.details.ecdsa.hashAlg = tss.TPM2_ALG.SHA256
        ticket = tss.TPMT_TK_HASHCHECK(tag=tss.TPM2_ST.HASHCHECK, hierarchy=tss.TPM2_RH.NULL)
        with self._lock:
            try:
                made = self._open().sign(self._key, sha256(data).digest(), scheme, ticket)
            except tss.TSS2_Exception as error:
                self._forget()
                raise RoadError(
                    f"the TPM at {self._tcti} does not sign with the key at 0x{self._handle:08X} ({error}): "
                    "check that it was enrolled and that this user is in the group tss"
                ) from error
        ecdsa = made.signature.ecdsa
        return b"".join(bytes(half.buffer).rjust(COORDINATE, b"\0") for half in (ecdsa.signatureR, ecdsa.signatureS))

    def close(self) -> None:
        """Ends the conversation with the TPM. Idempotent."""
        with self._lock:
            self._forget()

    def _open(self) -> Any:
        if self._context is None:
            context = self._tss.ESAPI(self._tcti)
            try:
                self._key = context.tr_from_tpmpublic(self._tss.TPM2_HANDLE(self._handle))
                context.tr_set_auth(self._key, self._authorisation)
            except BaseException:
                context.close()
                raise
            self._context = context
        return self._context

    def _forget(self) -> None:
        context, self._context, self._key = self._context, None, None
        if context is not None:
            context.close()
