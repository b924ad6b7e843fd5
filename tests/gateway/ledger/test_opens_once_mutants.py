"""The model of `test_opens_once` must notice when a rule of the ledger is taken away."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy.exc import IntegrityError

from sallyport_gateway.ledger import life, states
from sallyport_gateway.ledger.states import Event, State


def _model() -> ModuleType:
    spec = importlib.util.spec_from_file_location("opens_once", Path(__file__).with_name("test_opens_once.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MODEL = _model()
Patch = Callable[[pytest.MonkeyPatch], None]


def _table(**new: State) -> Patch:
    pairs = {(State(key.split("__")[0]), Event(key.split("__")[1])): state for key, state in new.items()}
    return lambda patch: [patch.setitem(states.TABLE, key, state) for key, state in pairs.items()] and None


MUTANTS: dict[str, Patch] = {
    "an unknown outcome returns by itself": _table(UNKNOWN__RESERVE=State.RESERVED),
    "contact lost means free": _table(GRANTED__LOST=State.AVAILABLE),
    "a granted one is voided like a reserved one": _table(GRANTED__VOIDED=State.AVAILABLE),
    "a consumed one is free again": _table(CONSUMED__RESERVE=State.RESERVED),
    "one grant after the other": _table(GRANTED__GRANT=State.GRANTED),
    "an opening frees it": _table(GRANTED__OPENED=State.AVAILABLE),
    "a restored store is believed": lambda patch: patch.setattr(MODEL, "stand", lambda *_: MODEL.Standing.GOOD),
    "a restored store's lives are believed": lambda patch: patch.setattr(life, "distrust_all", lambda *_: 0),
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("name", MUTANTS)
def test_the_mutant_dies(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name](monkeypatch)
    quick = settings(
        max_examples=1_000,
        stateful_step_count=30,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    with pytest.raises((AssertionError, IntegrityError)):
        run_state_machine_as_test(MODEL.Release, settings=quick)
