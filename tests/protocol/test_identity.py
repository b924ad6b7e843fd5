"""Names and roles in certificates, and signers made from files."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from sallyport_protocol.envelope import sign, verify
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import (
    Identity,
    Role,
    fingerprint,
    identity_of,
    person_key,
    public_key_of,
    read_certificates,
    role_uri,
    same_person,
)
from sallyport_protocol.keys import signer_from_pem
from sallyport_provisioning.enrol import key_pem
from sallyport_provisioning.estate import Estate


def certificate(names: list[str], uris: list[str], key: ec.EllipticCurvePrivateKey | None = None) -> x509.Certificate:
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now)
    if uris:
        alternatives = [x509.UniformResourceIdentifier(uri) for uri in uris]
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(key, hashes.SHA256())


def test_every_role_reads_back() -> None:
    made = certificate(["everybody"], [role_uri(role, "everybody") for role in Role])
    assert identity_of(made) == Identity("everybody", frozenset(Role))


def test_other_alternative_names_give_no_role() -> None:
    made = certificate(["MDI-K01"], [role_uri(Role.KIOSK, "MDI-K01"), "https://example.org/gateway"])
    assert identity_of(made).roles == {Role.KIOSK}


@pytest.mark.parametrize(
    ("names", "uris"),
    [
        ([], ["sallyport:role:kiosk:a1"]),
        (["a1", "a2"], ["sallyport:role:kiosk:a1"]),
        (["a1"], []),
        (["a1"], ["https://example.org"]),
        (["a1"], ["sallyport:role:kiosk:a2"]),
        (["a1"], ["sallyport:role:governor-of-all:a1"]),
        (["a1"], ["sallyport:role:kiosk"]),
        (["a1"], ["sallyport:role:kiosk:a1", "sallyport:roles"]),
        (["a/+"], ["sallyport:role:kiosk:a/+"]),
        (["#"], ["sallyport:role:kiosk:#"]),
    ],
)
def test_anything_else_is_nobody(names: list[str], uris: list[str]) -> None:
    with pytest.raises(MalformedError):
        identity_of(certificate(names, uris))


def test_only_p256_is_a_key_of_the_estate() -> None:
    other = certificate(["a1"], ["sallyport:role:kiosk:a1"], ec.generate_private_key(ec.SECP384R1()))
    with pytest.raises(MalformedError, match="P-256"):
        public_key_of(other)


def test_a_signer_signs_what_its_certificate_verifies(estate: Estate) -> None:
    signer = estate.signer("gateway-1")
    message = sign({"x": 1}, signer, "here")
    assert signer.key_id == fingerprint(signer.certificate)
    assert verify(message, "here", {signer.key_id: public_key_of(signer.certificate)}.get).content == {"x": 1}


def test_a_signer_never_shows_its_key(estate: Estate) -> None:
    assert "key=" not in repr(estate.signer("gateway-1"))


def test_a_key_of_another_certificate_is_refused(estate: Estate) -> None:
    pem = estate.signer("gateway-1").certificate.public_bytes(Encoding.PEM)
    with pytest.raises(MalformedError, match="does not belong"):
        signer_from_pem(pem, key_pem(ec.generate_private_key(ec.SECP256R1())))


def test_a_wrong_or_missing_password_is_refused(estate: Estate) -> None:
    folder = estate.folder("MDI-K01")
    files = (folder / "certificate.pem").read_bytes(), (folder / "key.pem").read_bytes()
    for password in (b"wrong", None):
        with pytest.raises(MalformedError, match="private key"):
            signer_from_pem(*files, password)


@pytest.mark.parametrize("data", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\x00"])
def test_bytes_that_are_no_certificate_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        read_certificates(data)


@pytest.mark.parametrize(
    "other",
    [
        "J.Hughes", " j.hughes ", "j . hughes", "j.hugh\u200bes", "j\u00adhughes", "ｊ.hughes", "𝐣.𝐡𝐮𝐠𝐡𝐞𝐬", "j-hughes",
        "JHUGHES_GEN", "jhughes_adm", "j.hughés", "j.hu\u0301ghes", "jhughes-GEN", "J.HUGHES@JUSTICE.GOV.UK",
    ],
)  # fmt: skip
def test_one_person_in_many_spellings(other: str) -> None:
    assert same_person("j.hughes", other) and person_key(other) == person_key("j.hughes")


@pytest.mark.parametrize(
    ("one", "other"),
    [("k.lane", "k.Iane"), ("m.o1ive", "m.olive"), ("b0b", "bob"), ("c.vvest", "c.west"), ("burn", "bum")],
)
def test_signs_that_look_alike_tell_nobody_apart(one: str, other: str) -> None:
    assert same_person(one, other)


@pytest.mark.parametrize(
    "name", ["ј.hughes", "j.hughеs", "ј.һugһеѕ", "ρ.nash", "ɑ.bell", "a.beⅼl\u0430", "王", "", " . ", "\u200b", "ł"]
)
def test_who_cannot_be_told_is_nobody_and_not_a_second_person(name: str) -> None:
    assert person_key(name) == "" and same_person(name, "j.hughes") and same_person("j.hughes", name)


def test_two_people_are_two() -> None:
    names = [
        "j.hughes",
        "m.okafor",
        "s.patel",
        "d.morgan",
        "a.lind",
        "seán.ó.briain",
        "zoë.dale",
        "XQA12P_GEN",
        "XQA13P_GEN",
    ]
    assert len({person_key(name) for name in names}) == len(names)
    assert not any(same_person(one, other) for one in names for other in names if one is not other)
