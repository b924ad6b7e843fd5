"""What a person cannot do travels in the offer: absent where nothing is recorded, refused where nothing is left."""

from pathlib import Path
from typing import Any

import pycddl
import pytest
from protocol_samples import SAMPLES

from sallyport_protocol import canonical
from sallyport_protocol.actions import Action, Part
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.messages import Offer
from sallyport_protocol.subject import Needs

HERE = Path(__file__).parent
assert isinstance(SAMPLES["offer"], Offer)
OFFER = SAMPLES["offer"]
SCHEMA = pycddl.Schema((HERE.parents[1] / "docs/protocol/messages.cddl").read_text())
NEEDS = Needs(unable=(Action.CLOSE_EYES, Action.LOOK_UP), slow=True, no_light=False, covered=(Part.EYES,))


def test_needs_travel_in_the_offer_and_only_where_there_are_some() -> None:
    assert "needs" not in OFFER.to_map()
    told = OFFER.model_copy(update={"needs": NEEDS})
    data = canonical.encode(told.to_map())
    assert Offer.parse(canonical.decode(data, limit=10**6)) == told
    SCHEMA.validate_cbor(data)


@pytest.mark.parametrize(
    "change",
    [
        {"unable": ["WINK"]},
        {"unable": ["SMILE", "SMILE"]},
        {"unable": ["SMILE", "LOOK_UP", "CLOSE_EYES", "TURN_LEFT"]},  # one action alone is no challenge
        {"covered": ["NOSE"]},
        {"unable": ["TURN_LEFT", "LOOK_UP"], "covered": ["EYES", "MOUTH"]},  # what is hidden cannot be asked for
        {"slow": 1},
        {"lower_threshold": True},
    ],
)
def test_needs_that_cannot_be_met_refuse(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        Offer.parse({**OFFER.to_map(), "needs": {**NEEDS.to_map(), **change}})


def test_what_a_covered_part_hides_is_not_asked_for() -> None:
    assert NEEDS.able == {Action.TURN_LEFT, Action.TURN_RIGHT, Action.SMILE}
    veiled = Needs(unable=(), slow=False, no_light=False, covered=(Part.MOUTH,))
    assert veiled.able == set(Action) - {Action.SMILE}
