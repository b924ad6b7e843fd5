"""Enrolment: several impressions make one better template, in any order, of one finger only."""

from itertools import permutations

import pytest

from sallyport_biometrics.finger import FingerTemplate, compare
from sallyport_biometrics.finger.consolidate import agree, consolidate
from sallyport_protocol.errors import MalformedError


def partial(finger, seed):
    """Three parts of one finger, noisy."""
    windows = ((-1e9, 40), (-60, 60), (-40, 1e9))
    return [
        finger.impression(angle=0.1 * i, shift=4j * i, noise=1.0, kept=0.8, seed=seed + i, window=window)
        for i, window in enumerate(windows)
    ]


def test_the_whole_is_better_than_its_parts(finger):
    parts = partial(finger(1), 10)
    whole = consolidate(parts)
    probe = finger(1).impression(angle=-0.2, noise=1.5, kept=0.8, seed=99)
    assert compare(probe, whole) > max(compare(probe, part) for part in parts)
    assert len(whole) > max(len(part) for part in parts)
    assert whole.flow.astype(bool).sum() > max(part.flow.astype(bool).sum() for part in parts)
    assert compare(finger(2).impression(), whole) < 0.5


def test_the_order_does_not_matter(finger):
    parts = partial(finger(3), 20)
    assert len({consolidate(order).to_bytes() for order in permutations(parts)}) == 1


def test_another_finger_is_left_out(finger):
    one, other = finger(5).impression(), finger(6).impression()
    assert consolidate([one, one]) == one
    assert consolidate([one, other]) in (one, other)


def test_one_impression_is_its_own_enrolment(finger):
    one = finger(5).impression()
    assert consolidate([one]) == one


def test_nothing_is_refused(finger):
    with pytest.raises(MalformedError):
        consolidate([])
    one = finger(5).impression()
    with pytest.raises(MalformedError):
        consolidate([one, FingerTemplate(bytes(32), 0.5, one.points, one.flow, one.origin)])


def test_only_impressions_of_one_finger_agree(finger):
    parts = partial(finger(7), 30)
    assert agree(parts)
    assert not agree([*parts, finger(8).impression()])
    assert not agree(parts[:1])
    assert not agree([])
