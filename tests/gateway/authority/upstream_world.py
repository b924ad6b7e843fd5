"""A lane in its world whose authority reads HMPPS."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from lane_kiosk import PRISON
from lane_world import APPROVERS, GOVERNOR, Behind, World

from sallyport_gateway.acts.desk import Desk
from sallyport_gateway.authority.feed import read_batch
from sallyport_gateway.drivers import authority_embedded as embedded
from sallyport_gateway.drivers.authority_feed import Taken, position, take
from sallyport_gateway.drivers.authority_hmpps import Client
from sallyport_gateway.drivers.authority_refresh import Pace, Refresh
from sallyport_gateway.drivers.authority_upstream import HmppsAuthority
from sallyport_protocol.acts import ActKind
from sallyport_protocol.errors import RoadError
from sallyport_provisioning.estate import Estate
from sallyport_rig.demonstration import records


class InProcess:
    """HMPPS without a road: answers from a table; `visit` is called before each answer."""

    def __init__(self, table: dict[str, Any], visit: Callable[[str], None] = lambda _: None) -> None:
        self.table, self.visit = table, visit

    async def get(self, source: str, path: str) -> dict[str, Any]:
        self.visit(f"ask {source}")
        found = self.table.get(path)
        if found is None:
            raise RoadError(f"{source} is not there.")
        answer: dict[str, Any] = json.loads(json.dumps(found))
        return answer


class UpstreamWorld(World):
    """The world with HMPPS as the source. `client` may be exchanged."""

    def __init__(self, estate: Estate, template: Path, folder: Path, client: Client) -> None:
        super().__init__(estate, template, folder)
        self.client = client
        self.authority: HmppsAuthority = HmppsAuthority(b"k" * 32, lambda: self.current)
        self.authority.follows = True
        self.refresh = Refresh(client, self.shaky, Pace(2.0), self.clock.now)  # type: ignore[arg-type]
        self.office = replace(
            self.office, authority=self.authority, gather=self._gather, gather_person=self.refresh.gather
        )
        self.start_gateway()
        self.desk = Desk(Behind(self))  # type: ignore[arg-type]
        self.connect()
        self.hear([])

    async def _gather(self, authorisation: str, thoroughly: bool) -> None:
        number = await self.shaky.read(lambda conn: embedded.number_of(conn, authorisation))
        if number is not None:
            await self.refresh.gather(number, within=8.0 if thoroughly else None)

    def authorise(self) -> str:
        """Asked for and approved at the desk; what the sources say is read on the way."""
        self._papers += 1
        number = f"auth-{self._papers}"
        for each in self.store.read_now(lambda conn: self.authority.cases(conn, PRISON, self.clock.now())):
            self.act(GOVERNOR, ActKind.WITHDRAW, authorisation=each.authorisation, reason="superseded")
        document = records.text(records.authorisation(number, self.clock.now()))
        for officer, kind, fields in (
            (GOVERNOR, ActKind.CREATE, {"document": document}),
            *((officer, ActKind.APPROVE, {"authorisation": number}) for officer in APPROVERS),
        ):
            outcome = self.act(officer, kind, **fields)
            assert outcome is not None and outcome.accepted, outcome
        return number

    def hear(self, events: list[dict[str, Any]]) -> Taken:
        """The feed says this now, as the listener takes it."""
        before = self.store.read_now(position)
        first = (before or 0) + 1
        told = [
            {"MessageId": f"m-{first + place}", "SequenceNumber": first + place, "Message": json.dumps(event)}
            for place, event in enumerate(events)
        ]
        answer = {"oldest": 1, "newest": before or 0, "notifications": told}
        job = partial(_take, batch=read_batch(answer), before=before, now=self.clock.now())
        return self.store.write_now(job)

    def verdict(self) -> tuple[str, set[str]]:
        """What was decided in the lane, and every reason."""
        check = self.lane.check
        assert check is not None and check.decision is not None
        return check.decision.verdict.value, {each.reason for each in check.decision.refused}


def _take(conn: Any, batch: Any, before: int | None, now: datetime) -> Taken:
    return take(conn, "gateway-1", batch, before, now)
