"""Where the signing key is.

file:key.pem                                             development only
pkcs11:LABEL?module=/usr/lib/….so&token=NAME
tpm:0x81010002?tcti=device:/dev/tpmrm0
"""

from pathlib import Path
from typing import Final

from sallyport_kiosk.drivers.device_uri import DeviceUri
from sallyport_kiosk.drivers.signer_file import file_signer
from sallyport_kiosk.drivers.signer_pkcs11 import Pkcs11Signer
from sallyport_kiosk.drivers.signer_tpm import RESOURCE_MANAGER, TpmSigner
from sallyport_protocol.envelope import Signer
from sallyport_protocol.errors import MalformedError

KINDS: Final = {"file": (), "pkcs11": ("module", "token"), "tpm": ("tcti",)}


def make_signer(uri: str, certificate: Path, secret: bytes, home: Path = Path()) -> Signer:
    """The signer of `uri`; `secret` is the file's password, the token's PIN or the TPM key's authorisation.

    Paths are relative to `home`. Raises MalformedError for no such name or a key that is not the certificate's,
    RoadError when the key cannot be reached.
    """
    name = DeviceUri.parse(uri, KINDS)
    match name.kind:
        case "file":
            return file_signer(certificate, name.path(home), secret)
        case "pkcs11":
            if set(name.options) != set(KINDS["pkcs11"]):
                raise MalformedError(f"{uri!r} names a key in a token by module and token")
            module = home / name.options["module"]
            return Pkcs11Signer(module, name.options["token"], name.place, secret.decode(), certificate)
        case _:
            try:
                handle = int(name.place, 0)
            except ValueError as error:
                raise MalformedError(f"{uri!r}: a TPM key has a handle like 0x81010002") from error
            return TpmSigner(handle, certificate, name.options.get("tcti", RESOURCE_MANAGER), secret)
