import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sallyport_protocol import sealing
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.sealing import binding
from sallyport_protocol.subject import Modality, Reference, References


def test_references_open_only_for_their_kiosk_and_session() -> None:
    face = Reference(modality=Modality.FACE, position=0, template=b"t", captured_on="2026-03-01", record=bytes(32))
    references = References(references=(face,))
    key, stranger = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    here = binding((bytes(16), bytes(32), "MDI-K01", "MDI-LANE-1", bytes(16), bytes(32)))
    elsewhere = binding((bytes(16), bytes(32), "MDI-K02", "MDI-LANE-1", bytes(16), bytes(32)))
    sealed = sealing.seal(references, sealing.public_bytes(key), here)
    assert sealing.unseal(sealed, key, here) == references
    for blob, opener, place in (
        (sealed, stranger, here), (sealed, key, elsewhere), (sealed[:-1], key, here), (b"", key, here),
    ):  # fmt: skip
        with pytest.raises(MalformedError, match="not for this session"):
            sealing.unseal(blob, opener, place)
