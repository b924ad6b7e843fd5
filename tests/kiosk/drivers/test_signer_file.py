import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sallyport_kiosk.drivers.signer_file import file_signer
from sallyport_protocol.envelope import key_id_of, sign, verify
from sallyport_protocol.errors import MalformedError, RoadError

PASSWORD = b"development only"


def enrol(
    folder: Path, curve: ec.EllipticCurve, encryption: serialization.KeySerializationEncryption
) -> tuple[Path, Path]:
    """A certificate and its key in files."""
    key = ec.generate_private_key(curve)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "MDI-K01")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(1))
    folder.mkdir(exist_ok=True)
    (folder / "c.pem").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    (folder / "k.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    )
    return folder / "c.pem", folder / "k.pem"


def protected() -> serialization.KeySerializationEncryption:
    return serialization.BestAvailableEncryption(PASSWORD)


def test_it_signs_what_verifies(tmp_path: Path) -> None:
    certificate, key = enrol(tmp_path, ec.SECP256R1(), protected())
    signer = file_signer(certificate, key, PASSWORD)
    assert signer.key_id == key_id_of(signer.certificate_der)
    message = sign({"a": 1}, signer, "place")
    public = signer.certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    assert verify(message, "place", lambda _: public).content == {"a": 1}
    assert "key" not in repr(signer).split("certificate")[0]


def test_an_unprotected_key_and_a_wrong_password_are_refused(tmp_path: Path) -> None:
    certificate, key = enrol(tmp_path / "plain", ec.SECP256R1(), serialization.NoEncryption())
    with pytest.raises(RoadError, match="never used without one"):
        file_signer(certificate, key, b"")
    with pytest.raises(MalformedError, match="enrol this device again"):
        file_signer(certificate, key, PASSWORD)
    certificate, key = enrol(tmp_path / "protected", ec.SECP256R1(), protected())
    with pytest.raises(MalformedError, match="enrol this device again"):
        file_signer(certificate, key, b"another")


def test_other_curves_other_keys_and_missing_files_are_refused(tmp_path: Path) -> None:
    certificate, key = enrol(tmp_path / "a", ec.SECP256R1(), protected())
    other_certificate, _ = enrol(tmp_path / "b", ec.SECP256R1(), protected())
    with pytest.raises(MalformedError, match="does not belong"):
        file_signer(other_certificate, key, PASSWORD)
    with pytest.raises(MalformedError):
        file_signer(*enrol(tmp_path / "c", ec.SECP384R1(), protected()), PASSWORD)
    with pytest.raises(RoadError, match="cannot read"):
        file_signer(certificate, tmp_path / "absent", PASSWORD)
    certificate.write_text("not a certificate")
    with pytest.raises(MalformedError):
        file_signer(certificate, key, PASSWORD)
