"""An offer can be neither replayed, nor moved to another kiosk or boot, nor made weaker than the signed policy."""

from typing import Any

import pytest
from kiosk_bench import Bench, other_boot

from sallyport_kiosk.offers import refuse_offer
from sallyport_protocol.subject import Modality


def test_the_honest_offer_is_taken_up(bench: Bench) -> None:
    assert refuse_offer(bench.offer(1), bench.boot, 0) is None


def test_a_number_that_was_seen_is_a_replay(bench: Bench) -> None:
    offer = bench.offer(4)
    assert refuse_offer(offer, bench.boot, 3) is None
    for highest in (4, 5):
        assert "replay" in (refuse_offer(offer, bench.boot, highest) or "")


def test_an_offer_of_another_boot_is_refused(bench: Bench) -> None:
    assert "another boot" in (refuse_offer(bench.offer(1), other_boot(bench.boot), 0) or "")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"kiosk": "MDI-K02"}, "MDI-K02"),
        ({"lane": "MDI-LANE-2"}, "MDI-LANE-2"),
        ({"model_set": bytes(32)}, "provision"),
        ({"policy": bytes(32)}, "provision"),
    ],
)
def test_an_offer_for_elsewhere_or_by_other_rules_is_refused(bench: Bench, change: dict[str, Any], word: str) -> None:
    assert word in (refuse_offer(bench.offer(1, **change), bench.boot, 0) or "")


@pytest.mark.parametrize(
    "weaker",
    [
        {"fused_fmr_log10": -1.0},
        {"floor_fmr_log10": 0.0},
        {"attempts": 4},
        {"modalities": (Modality.FACE,)},
        {"liveness_required": True},
    ],
)
def test_an_operating_point_that_is_not_the_policys_is_refused(bench: Bench, weaker: dict[str, Any]) -> None:
    operating = bench.boot.policy.operating.model_copy(update=weaker)
    assert operating != bench.boot.policy.operating
    assert "operating point" in (refuse_offer(bench.offer(1, operating=operating), bench.boot, 0) or "")
