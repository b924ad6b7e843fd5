"""Descriptors: the same wherever the finger lies, and of the right hand."""

import numpy as np


def test_surroundings_do_not_depend_on_where_the_finger_lies(finger):
    still, moved = finger(4).impression().described, finger(4).impression(angle=0.3, shift=5 + 7j).described
    for a, b in ((still.cylinders, moved.cylinders), (still.rings, moved.rings)):
        same = (a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1) + 1e-6)
        assert np.median(same) > 0.9


def test_a_mirrored_finger_has_other_surroundings(finger):
    still, mirrored = finger(4).impression().described, finger(4).impression(mirrored=True).described
    a, b = still.cylinders, mirrored.cylinders
    same = (a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1) + 1e-6)
    assert np.median(same) < 0.6


def test_a_lonely_minutia_has_no_cylinder(finger):
    alone = finger(4).impression(window=(100, 101.5))
    assert len(alone) < 3
    assert not alone.described.cylinders.any()


def test_outside_the_print_there_is_no_flow(finger):
    described = finger(4).impression().described
    assert described.flow_at(np.array([-5000 + 0j, 5000 - 9000j, 1e6 + 1e6j], np.complex64)).tolist() == [0, 0, 0]
    assert described.flow_at(described.cells).all()
