"""A gateway that stands still in the middle of a transaction holds nobody up, and nothing of it is half done."""

import time

import pytest
from sqlalchemy import Connection

from sallyport_gateway.ledger import life
from sallyport_gateway.ledger.words import Moved
from sallyport_gateway.store import Store, engine
from sallyport_protocol.errors import RoadError


def test_a_pause_in_a_transaction_takes_it_back(new_postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "PAUSE", 400)
    with Store(new_postgresql) as paused, Store(new_postgresql) as other:
        paused.write_now(lambda conn: life.create(conn, "A", 1))

        def stand_still(conn: Connection) -> None:
            life.reserve(conn, "A", b"s" * 16, "gateway-1", 2)
            time.sleep(1.2)
            life.lost(conn, "A", b"s" * 16, 3)

        waiting = paused.submit(stand_still)
        time.sleep(0.1)
        began = time.monotonic()
        answer = other.write_now(lambda conn: life.reserve(conn, "A", b"t" * 16, "gateway-2", 2))
        assert isinstance(answer, Moved), "the row is free again, as it was"
        assert time.monotonic() - began < 1.0
        with pytest.raises(RoadError, match="stood still"):
            waiting.result(5)
        held = paused.read_now(lambda conn: life.find(conn, "A"))
        assert held is not None and held.holder == "gateway-2"
