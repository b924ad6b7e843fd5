"""The token signer against SoftHSM 2, where it is installed."""

import datetime
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sallyport_kiosk.drivers.signer_pkcs11 import Pkcs11Signer
from sallyport_kiosk.drivers.signers import make_signer
from sallyport_protocol.envelope import sign, verify
from sallyport_protocol.errors import MalformedError, RoadError

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "1234"


def self_signed(key: ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "MDI-K01")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(1))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def softhsm(*arguments: str) -> None:
    subprocess.run(["softhsm2-util", *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ec.EllipticCurvePrivateKey]:
    """A token with one key, imported so that the test can make its certificate. SoftHSM reads its settings once."""
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (extra `token`)")
    if not MODULE.exists() or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM 2 is not installed (apt install softhsm2)")
    folder = tmp_path_factory.mktemp("token")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    softhsm("--init-token", "--free", "--label", "kiosk", "--pin", PIN, "--so-pin", PIN)
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(pem)
    softhsm("--import", str(folder / "key.pem"), "--token", "kiosk", "--label", "signing", "--id", "01", "--pin", PIN)
    (folder / "key.pem").unlink()
    (folder / "certificate.pem").write_bytes(self_signed(key))
    return folder / "certificate.pem", key


Token = tuple[Path, ec.EllipticCurvePrivateKey]


def test_it_signs_what_verifies_from_several_threads(token: Token) -> None:
    certificate, key = token
    signer = make_signer(f"pkcs11:signing?module={MODULE}&token=kiosk", certificate, PIN.encode())
    assert isinstance(signer, Pkcs11Signer)
    messages: list[bytes] = []
    threads = [
        threading.Thread(target=lambda n=n: messages.extend(sign({"n": n}, signer, "place") for _ in range(10)))
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(messages) == 40
    assert sum(verify(each, "place", lambda _: key.public_key()).content["n"] for each in messages) == 60
    signer.close()
    signer.close()
    assert len(signer.sign(b"after a loss the session is opened again")) == 64
    signer.close()


@pytest.mark.parametrize(
    ("name", "label", "pin"), [("absent", "signing", PIN), ("kiosk", "absent", PIN), ("kiosk", "signing", "9999")]
)
def test_a_missing_token_a_missing_key_and_a_wrong_pin_are_said(token: Token, name: str, label: str, pin: str) -> None:
    with pytest.raises(RoadError, match="check token, PIN and key"):
        Pkcs11Signer(MODULE, name, label, pin, token[0])


def test_a_key_of_another_certificate_is_refused(token: Token, tmp_path: Path) -> None:
    (tmp_path / "other.pem").write_bytes(self_signed(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(MalformedError, match="not the certificate's"):
        Pkcs11Signer(MODULE, "kiosk", "signing", PIN, tmp_path / "other.pem")


def test_missing_library_and_missing_files_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "c.pem").write_bytes(self_signed(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(RoadError, match="cannot read"):
        Pkcs11Signer(MODULE, "kiosk", "signing", PIN, tmp_path / "absent.pem")
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(RoadError, match="extra `token`"):
        Pkcs11Signer(MODULE, "kiosk", "signing", PIN, tmp_path / "c.pem")


def test_a_missing_module_is_said(tmp_path: Path) -> None:
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (extra `token`)")
    (tmp_path / "c.pem").write_bytes(self_signed(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(RoadError, match="install its package"):
        Pkcs11Signer(tmp_path / "absent.so", "kiosk", "signing", PIN, tmp_path / "c.pem")


@pytest.mark.parametrize("uri", ["pkcs11:signing", "pkcs11:a?module=/x", "tpm:here", "key.pem", "file:k?token=1"])
def test_other_names_are_refused(uri: str, tmp_path: Path) -> None:
    with pytest.raises(MalformedError):
        make_signer(uri, tmp_path / "c.pem", b"secret")
