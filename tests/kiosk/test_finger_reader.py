"""A finger is read from the sensor; no finger is not acquired, an unplugged sensor is a FAULT that says what to do."""

import threading

import pytest
from kiosk_bench import Bench
from kiosk_doors import ABSENT, ALICE, BORIS, NOBODY, finger_template, reference, until

from sallyport_kiosk import parameters
from sallyport_kiosk.ports import Light
from sallyport_kiosk.stage import Step
from sallyport_protocol.messages import ModalityOutcome
from sallyport_protocol.subject import Modality, RecordedException

MINE = (reference(Modality.FINGER, ALICE),)


@pytest.fixture(autouse=True)
def short_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "FINGER_ATTEMPT_MS", 60)
    monkeypatch.setattr(parameters, "FINGER_POLL_S", 0.005)


def test_the_right_finger(bench: Bench) -> None:
    evidence = bench.session.finger.read(MINE, bench.stage())
    assert (evidence.outcome, evidence.attempts, evidence.detail) == (ModalityOutcome.MATCH, 1, "")
    assert len(evidence.captures) == 1 and evidence.models == (finger_template(ALICE).model,)
    assert bench.sensor.lights == [Light.WAITING, Light.READING, Light.DONE]


def test_someone_elses_finger(bench: Bench) -> None:
    bench.sensor.shown = BORIS
    evidence = bench.session.finger.read(MINE, bench.stage())
    assert (evidence.outcome, evidence.attempts) == (ModalityOutcome.NON_MATCH, 5)
    assert evidence.detail == "the finger is not the enrolled person's"
    assert bench.sensor.lights[-1] is Light.AGAIN


def test_no_finger(bench: Bench) -> None:
    bench.sensor.shown = ABSENT
    evidence = bench.session.finger.read(MINE, bench.stage())
    assert (evidence.outcome, evidence.attempts, evidence.captures) == (ModalityOutcome.NOT_ACQUIRED, 5, ())
    assert bench.display.shown == [(Step.FINGER, "PLACE_FINGER")]


def test_a_smear_is_told_what_to_do_better(bench: Bench) -> None:
    bench.sensor.shown = NOBODY
    evidence = bench.session.finger.read(MINE, bench.stage())
    assert evidence.outcome is ModalityOutcome.NOT_ACQUIRED
    assert (Step.FINGER, "press harder") in bench.display.shown


def test_a_finger_that_comes_late_is_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "FINGER_ATTEMPT_MS", 60_000)
    bench.sensor.shown = ABSENT
    stage, found = bench.stage(), []
    reading = threading.Thread(target=lambda: found.append(bench.session.finger.read(MINE, stage)), daemon=True)
    reading.start()
    until(lambda: (Step.FINGER, "PLACE_FINGER") in bench.display.shown, "the instruction")
    bench.sensor.shown = ALICE
    reading.join(20)
    assert found[0].outcome is ModalityOutcome.MATCH


@pytest.mark.parametrize("when", ["unplugged", "unplug_at_capture"])
def test_an_unplugged_sensor_is_a_fault_that_says_what_to_do(bench: Bench, when: str) -> None:
    setattr(bench.sensor, when, True)
    evidence = bench.session.finger.read(MINE, bench.stage())
    assert (evidence.outcome, evidence.fmr) == (ModalityOutcome.FAULT, None)
    assert "plug it in" in evidence.detail


def test_a_reference_that_cannot_be_read_is_a_fault(bench: Bench) -> None:
    broken = MINE[0].model_copy(update={"template": b"not a template"})
    evidence = bench.session.finger.read((broken,), bench.stage())
    assert evidence.outcome is ModalityOutcome.FAULT and "enrol" in evidence.detail


def test_without_a_reference_nothing_matches(bench: Bench) -> None:
    evidence = bench.session.finger.read((), bench.stage())
    assert (evidence.outcome, evidence.fmr) == (ModalityOutcome.INCONCLUSIVE, None)


def test_an_exception_on_record_asks_for_no_finger(bench: Bench) -> None:
    excused = RecordedException(modality=Modality.FINGER, reason="hand dressed", officer="s.patel")
    evidence = bench.session.finger.read(MINE, bench.stage(bench.offer(1, exceptions=(excused,))))
    assert (evidence.outcome, evidence.exception) == (ModalityOutcome.EXCEPTION, "hand dressed")
    assert bench.sensor.lights == []
