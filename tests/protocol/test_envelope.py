import json
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from sallyport_protocol import canonical, envelope
from sallyport_protocol.errors import MalformedError

TOPIC = "sallyport/v1/MDI/MDI-K01/result"
VECTORS = json.loads((Path(__file__).parents[1] / "vectors/protocol/cose_sign1.json").read_text())


class KeyInMemory:
    def __init__(self, scalar: int = 7) -> None:
        self.private = ec.derive_private_key(scalar, ec.SECP256R1())
        self.certificate_der = b"certificate of key %d" % scalar
        self.key_id = sha256(self.certificate_der).digest()

    def sign(self, data: bytes) -> bytes:
        return envelope.der_to_raw(self.private.sign(data, ec.ECDSA(hashes.SHA256())))

    def resolve(self, key_id: bytes) -> ec.EllipticCurvePublicKey | None:
        return self.private.public_key() if key_id == self.key_id else None


KEY = KeyInMemory()


def test_what_was_signed_verifies_and_carries_its_key_and_digest() -> None:
    message = envelope.sign({"a": 1}, KEY, TOPIC)
    verified = envelope.verify(message, TOPIC, KEY.resolve)
    assert verified.content == {"a": 1}
    assert verified.key_id == KEY.key_id == envelope.claimed_key_id(message)
    assert verified.digest == sha256(message).digest()


def test_a_message_cannot_be_moved_to_another_topic() -> None:
    with pytest.raises(envelope.SignatureError):
        envelope.verify(envelope.sign({"a": 1}, KEY, TOPIC), TOPIC.replace("K01", "K02"), KEY.resolve)


def test_a_key_that_nobody_vouches_for_is_unknown() -> None:
    with pytest.raises(envelope.UnknownKeyError):
        envelope.verify(envelope.sign({"a": 1}, KeyInMemory(8), TOPIC), TOPIC, KEY.resolve)


def test_another_key_under_a_known_id_fails_the_signature() -> None:
    forger = KeyInMemory(8)
    forger.key_id = KEY.key_id
    with pytest.raises(envelope.SignatureError):
        envelope.verify(envelope.sign({"a": 1}, forger, TOPIC), TOPIC, KEY.resolve)


@given(st.data())
def test_no_flipped_bit_survives(data: st.DataObject) -> None:
    message = bytearray(envelope.sign({"a": b"0123", "b": [1, 2]}, KEY, TOPIC))
    position = data.draw(st.integers(0, len(message) * 8 - 1))
    message[position // 8] ^= 1 << position % 8
    with pytest.raises(MalformedError):
        envelope.verify(bytes(message), TOPIC, KEY.resolve)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_malformed_and_nothing_else(data: bytes) -> None:
    with pytest.raises(MalformedError):
        envelope.verify(data, TOPIC, KEY.resolve)


def _reshaped(protected: dict[int, object], unprotected: dict[int, object], signature: bytes = bytes(64)) -> bytes:
    return canonical.encode([canonical.encode(protected), unprotected, canonical.encode({"a": 1}), signature])


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ("algorithm EdDSA", _reshaped({1: -8, 4: KEY.key_id}, {})),
        ("algorithm true", _reshaped({1: True, 4: KEY.key_id}, {})),
        ("no algorithm", _reshaped({4: KEY.key_id}, {})),
        ("algorithm unprotected", _reshaped({4: KEY.key_id}, {1: -7})),
        ("critical header", _reshaped({1: -7, 2: [99], 4: KEY.key_id, 99: 1}, {})),
        ("key id unprotected", _reshaped({1: -7}, {4: KEY.key_id})),
        ("short key id", _reshaped({1: -7, 4: b"12"}, {})),
        ("short signature", _reshaped({1: -7, 4: KEY.key_id}, {}, bytes(63))),
        ("three parts", canonical.encode([b"", {}, b""])),
        ("a map", canonical.encode({1: 2})),
        ("COSE tag 18", b"\xd2" + envelope.sign({"a": 1}, KEY, TOPIC)),
    ],
)
def test_refuses_every_other_shape(shape: str, message: bytes) -> None:
    with pytest.raises(MalformedError):
        envelope.verify(message, TOPIC, KEY.resolve)


@pytest.mark.parametrize("content", [[1], "text", 5, {1: 2}])
def test_refuses_signed_content_that_is_no_map_with_text_keys(content: object) -> None:
    payload = canonical.encode(content)
    protected = canonical.encode({1: -7, 4: KEY.key_id})
    signature = KEY.sign(envelope.sig_structure(protected, TOPIC.encode(), payload))
    with pytest.raises(MalformedError, match="text keys"):
        envelope.verify(canonical.encode([protected, {}, payload, signature]), TOPIC, KEY.resolve)


def test_the_signed_bytes_agree_with_the_published_cose_vector() -> None:
    made = envelope.sig_structure(
        bytes.fromhex(VECTORS["protected"]), bytes.fromhex(VECTORS["external"]), VECTORS["content"].encode()
    )
    assert made == bytes.fromhex(VECTORS["to_be_signed"])
    x, y = (int(VECTORS[name], 16) for name in ("x", "y"))
    signature = bytes.fromhex(VECTORS["signature"])
    ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key().verify(
        encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")),
        made,
        ec.ECDSA(hashes.SHA256()),
    )
