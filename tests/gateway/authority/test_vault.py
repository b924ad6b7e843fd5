"""What is sealed opens for the same person, place and enrolment alone, and with the same key."""

from dataclasses import replace

import pytest

from sallyport_gateway.drivers.authority_references import SealedReference
from sallyport_gateway.drivers.authority_vault import Vault, open_reference, seal_reference
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.subject import Modality, Reference

FINGER = Reference(modality=Modality.FINGER, position=2, template=b"t" * 64, captured_on="2026-03-01", record=b"r" * 32)
VAULT = Vault(b"k" * 32)
KEPT = seal_reference(VAULT, "A1234BC", FINGER)


def test_a_reference_comes_back_as_it_was() -> None:
    assert open_reference(VAULT, KEPT) == FINGER
    assert FINGER.template[:16] not in KEPT.sealed
    assert seal_reference(VAULT, "A1234BC", FINGER).sealed != KEPT.sealed, "no two sealings are alike"


@pytest.mark.parametrize(
    "moved",
    [
        replace(KEPT, prisoner_number="B2345CD"),
        replace(KEPT, position=3),
        replace(KEPT, modality=Modality.FACE, position=0),
        replace(KEPT, enrolment=b"s" * 32),
        replace(KEPT, sealed=KEPT.sealed[:-1]),
        replace(KEPT, sealed=KEPT.sealed[:5]),
    ],
)
def test_a_row_that_was_moved_or_damaged_does_not_open(moved: SealedReference) -> None:
    with pytest.raises(MalformedError, match="does not open"):
        open_reference(VAULT, moved)


def test_another_key_does_not_open_it_and_both_are_named() -> None:
    other = Vault(b"x" * 32)
    with pytest.raises(MalformedError, match=f"{other.key_id}.*{VAULT.key_id}"):
        open_reference(other, KEPT)
