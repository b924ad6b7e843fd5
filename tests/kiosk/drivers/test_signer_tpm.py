"""The TPM signer against swtpm, where it and tpm2-pytss are installed."""

import datetime
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sallyport_kiosk.drivers.signer_tpm import TpmSigner
from sallyport_kiosk.drivers.signers import make_signer
from sallyport_protocol.envelope import sign, verify
from sallyport_protocol.errors import MalformedError, RoadError

HANDLE = 0x81010002
AUTHORISATION = b"enrolled"


def certificate_of(public: Any, issuer: ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "MDI-K01")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(public)
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(1))
    return builder.sign(issuer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def two_ports() -> int:
    """A free port whose successor is free too: swtpm wants its control port there."""
    for _ in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise AssertionError("no two ports in a row are free")


@pytest.fixture
def tpm(tmp_path: Path) -> Iterator[tuple[str, Path, ec.EllipticCurvePublicKey]]:
    """A software TPM with a signing key made inside it and made persistent."""
    tss = pytest.importorskip("tpm2_pytss", reason="tpm2-pytss is not installed (extra `tpm`)", exc_type=ImportError)
    if shutil.which("swtpm") is None:
        pytest.skip("swtpm is not installed (apt install swtpm)")
    port = two_ports()
    process = subprocess.Popen(
        [
            *("swtpm", "socket", "--tpm2", "--server", f"type=tcp,port={port}", "--tpmstate", f"dir={tmp_path}"),
            *("--ctrl", f"type=tcp,port={port + 1}", "--flags", "not-need-init,startup-clear"),
        ]
    )
    try:
        tcti = f"swtpm:host=127.0.0.1,port={port}"
        public = _make_key(tss, tcti)
        certificate = tmp_path / "certificate.pem"
        certificate.write_bytes(certificate_of(public, ec.generate_private_key(ec.SECP256R1())))
        yield tcti, certificate, public
    finally:
        process.terminate()
        process.wait(10)


def _make_key(tss: Any, tcti: str) -> Any:
    context = _connect(tss, tcti)
    sensitive = tss.TPM2B_SENSITIVE_CREATE(tss.TPMS_SENSITIVE_CREATE(userAuth=AUTHORISATION))
    template = tss.TPM2B_PUBLIC.parse(
        "ecc:ecdsa-sha256:null", objectAttributes="userwithauth|sign|fixedtpm|fixedparent|sensitivedataorigin"
    )
    handle, public, *_ = context.create_primary(sensitive, template)
    context.evict_control(tss.ESYS_TR.OWNER, handle, HANDLE)
    context.flush_context(handle)
    context.close()
    return serialization.load_pem_public_key(public.to_pem())


def _connect(tss: Any, tcti: str) -> Any:
    end = time.monotonic() + 10
    while True:
        try:
            return tss.ESAPI(tcti)
        except tss.TSS2_Exception:
            assert time.monotonic() < end, "swtpm does not answer"
            time.sleep(0.05)


def test_it_signs_what_verifies(tpm: tuple[str, Path, ec.EllipticCurvePublicKey]) -> None:
    tcti, certificate, public = tpm
    signer = TpmSigner(HANDLE, certificate, tcti, AUTHORISATION)
    for number in range(20):
        assert verify(sign({"n": number}, signer, "place"), "place", lambda _: public).content == {"n": number}
    signer.close()
    signer.close()
    assert len(signer.sign(b"opened again")) == 64
    signer.close()


def test_wrong_authorisation_wrong_handle_and_wrong_certificate_are_said(
    tpm: tuple[str, Path, ec.EllipticCurvePublicKey], tmp_path: Path
) -> None:
    tcti, certificate, _ = tpm
    with pytest.raises(RoadError, match="check that it was enrolled"):
        TpmSigner(HANDLE, certificate, tcti, b"wrong")
    with pytest.raises(RoadError, match="0x81010009"):
        TpmSigner(0x81010009, certificate, tcti, AUTHORISATION)
    other = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "other.pem").write_bytes(certificate_of(other.public_key(), other))
    with pytest.raises(MalformedError, match="not the certificate's"):
        make_signer(f"tpm:0x{HANDLE:08X}?tcti={tcti}", tmp_path / "other.pem", AUTHORISATION)


def test_without_the_library_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "c.pem").write_bytes(certificate_of(key.public_key(), key))
    monkeypatch.setitem(sys.modules, "tpm2_pytss", None)
    with pytest.raises(RoadError, match="extra `tpm`"):
        TpmSigner(HANDLE, tmp_path / "c.pem")
