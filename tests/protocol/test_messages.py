from pathlib import Path
from typing import Any

import pycddl
import pytest
from protocol_samples import CAPTURES, SAMPLES

from sallyport_protocol import canonical
from sallyport_protocol.acts import Act
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.messages import Result, chain_head
from sallyport_protocol.subject import Modality

HERE = Path(__file__).parent
SCHEMA = pycddl.Schema((HERE.parents[1] / "docs/protocol/messages.cddl").read_text())


def test_version_1_is_frozen() -> None:
    """Do not change this test or its file: a kiosk in the field speaks these bytes."""
    frozen = dict(
        line.split() for line in (HERE.parent / "vectors/protocol/v1.txt").read_text().splitlines() if line[0] != "#"
    )
    assert {name: canonical.encode(sample.to_map()).hex() for name, sample in SAMPLES.items()} == frozen


@pytest.mark.parametrize("name", SAMPLES)
def test_round_trip_and_cddl(name: str) -> None:
    data = canonical.encode(SAMPLES[name].to_map())
    assert type(SAMPLES[name]).parse(canonical.decode(data, limit=10**6)) == SAMPLES[name]
    SCHEMA.validate_cbor(data)


@pytest.mark.parametrize("name", SAMPLES)
def test_an_unknown_a_missing_and_a_mistyped_field_refuse(name: str) -> None:
    word, content = type(SAMPLES[name]), SAMPLES[name].to_map()
    with pytest.raises(MalformedError, match="surprise"):
        word.parse({**content, "surprise": 1})
    for field in content:
        if field == "v":
            continue
        with pytest.raises(MalformedError, match=field):
            word.parse({key: value for key, value in content.items() if key != field})
        with pytest.raises(MalformedError, match=field):
            word.parse({**content, field: object()})


def test_the_quality_of_a_reference_is_told_only_where_something_was_compared() -> None:
    plain = SAMPLES["result"]
    assert isinstance(plain, Result) and "reference_quality" not in plain.to_map()["modalities"][0]
    face = plain.modalities[0].model_copy(update={"reference_quality": 0.5})
    told = plain.model_copy(update={"modalities": (face, plain.modalities[1])})
    assert Result.parse(told.to_map()) == told
    SCHEMA.validate_cbor(canonical.encode(told.to_map()))


def test_an_act_says_for_which_gateway_it_was_made() -> None:
    plain = SAMPLES["act"]
    assert isinstance(plain, Act) and "gateway" not in plain.to_map(), "as acts were signed before they said so"
    told = plain.model_copy(update={"gateway": "gateway-1"})
    assert told.to_map()["gateway"] == "gateway-1" and Act.parse(told.to_map()) == told
    SCHEMA.validate_cbor(canonical.encode(told.to_map()))


@pytest.mark.parametrize("version", [0, 2, True, "1", None])
def test_other_versions_refuse(version: Any) -> None:
    with pytest.raises(MalformedError, match="v"):
        Result.parse({**SAMPLES["result"].to_map(), "v": version})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("session", bytes(15)), ("challenge", bytes(31)), ("kiosk", "mdi-k01"), ("kiosk", "A/#"), ("counter", -1),
        ("oldest_capture", 2**60), ("detail", "x" * 201), ("outcome", "match"), ("tamper", 1), ("fused_llr", 1e9),
        ("modalities", [{"modality": "iris"}]), ("captures", {}),
    ],
)  # fmt: skip
def test_out_of_range_refuses(field: str, value: Any) -> None:
    with pytest.raises(MalformedError, match=field):
        Result.parse({**SAMPLES["result"].to_map(), field: value})


def test_the_capture_chain_depends_on_order_content_and_session() -> None:
    captures = CAPTURES
    head = chain_head(bytes(16), bytes(32), captures)
    other = captures[0].model_copy(update={"at": 901})
    assert (
        len(
            {
                head,
                chain_head(bytes(16), bytes(32), captures[::-1]),
                chain_head(bytes(16), bytes(32), captures[:1]),
                chain_head(bytes(16), bytes(32), (other, captures[1])),
                chain_head(bytes(15) + b"1", bytes(32), captures),
                chain_head(bytes(16), bytes(31) + b"1", captures),
            }
        )
        == 6
    )


def test_modalities_are_named_as_on_the_wire() -> None:
    assert [modality.value for modality in Modality] == ["face", "finger"]
