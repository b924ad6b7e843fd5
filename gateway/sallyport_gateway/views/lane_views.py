"""From the gateway's state to what the officer's pages show. Reads; changes nothing."""

from collections.abc import AsyncIterator, Iterable
from functools import partial
from typing import Final

from sqlalchemy import Connection

from sallyport_gateway.acts.desk import Desk
from sallyport_gateway.acts.doubt import seen_words
from sallyport_gateway.acts.offered_acts import account, desk_acts, door_acts, restore
from sallyport_gateway.audit.heads import Standing
from sallyport_gateway.drivers.authority_holds import OpenHold, hold_of
from sallyport_gateway.ledger import freezes, joint
from sallyport_gateway.ports import Case
from sallyport_gateway.release.check import Check, Stage
from sallyport_gateway.release.lane import Lane
from sallyport_gateway.service import Service
from sallyport_gateway.views import picturing
from sallyport_gateway.web.lane_view import (
    AlarmView,
    ElsewhereView,
    EventView,
    FreezeView,
    KioskView,
    LanesView,
    LaneView,
)
from sallyport_gateway.web.ports import ElsewhereError, Reader
from sallyport_protocol.acts import ActKind

_OLD_STORE: Final = "This gateway's records are older than what was witnessed. Nothing opens."
_UNKNOWN_OPENING: Final = "Either the records were restored from a backup, or the door was opened without a grant"


class Views:
    """Implements `OfficerViews` over a running service."""

    def __init__(self, service: Service, desk: Desk) -> None:
        self._service, self._desk = service, desk

    @property
    def acts(self) -> Desk:
        """Where the officers' acts go."""
        return self._desk

    async def lanes(self) -> LanesView:
        """The whole desk of this gateway."""
        prison = self._service.configuration.file.prisons[0]
        found = [await self._lane(lane) for lane in self._service.lanes.values()]
        cases = await self._service.store.read(lambda conn: self._cases(conn, prison))
        papers = tuple(picturing.paper_view(case, state) for case, state in cases)
        alarms = tuple(alarm for lane in found for alarm in lane.alarms)
        away = tuple(ElsewhereView(each.lane, each.sentence, each.page) for each in self._service.lanes_elsewhere())
        stops = (*await self._doubts(*self._service.lanes.values()), *await self._service.store.read(picturing.frozen))
        people = tuple(
            dict.fromkeys((*(each for lane in found for each in lane.people), *picturing.people(None, cases)))
        )
        acts = tuple(desk_acts(self._service.configuration.file.prisons))
        return LanesView(prison, tuple(found), alarms, papers, acts, freezes=stops, people=people, elsewhere=away)

    async def lane(self, lane: str) -> LaneView | None:
        """One lane; None when there is none of that name. Raises ElsewhereError when another gateway keeps it."""
        found = self._service.lanes.get(lane)
        if found is None and (away := self._service.elsewhere(lane)) is not None:
            raise ElsewhereError(away.sentence, away.address)
        return await self._lane(found) if found else None

    async def photograph(self, lane: str, key: str, reader: Reader) -> bytes | None:
        """The photograph of the person whose check runs in that lane, and of nobody else; each look is logged."""
        found, service = self._service.lanes.get(lane), self._service
        check = found.check if found is not None else None
        if check is None or check.over:
            return None
        number = check.prisoner_number
        held = await service.store.read(lambda conn: service.authority.photographed(conn, number))
        if held is None or picturing.photograph_key(check, held) != key:
            return None
        await self._desk.reading.log(reader, (number,), "photograph")
        return await service.store.read(lambda conn: service.authority.photograph(conn, number))

    async def consulted(self, reader: Reader, people: Iterable[str], what: str) -> None:
        """Logs that somebody reads about these people."""
        await self._desk.reading.consulted(reader, people, what)

    def subscribe(self, lane: str | None) -> AsyncIterator[None]:
        """A tick after every change of that lane, or of anything."""
        return self._service.subscribe(lane)

    async def _hold(self, check: Check) -> OpenHold | None:
        """The open hold that this check's verdict made or joined."""
        decision, now = check.decision, self._service.clock.now()
        if decision is None or decision.cause is None:
            return None
        paper, cause = check.authorisation, decision.cause
        return await self._service.store.read(lambda conn: hold_of(conn, paper, cause, now))

    def _cases(self, conn: Connection, prison: str) -> list[tuple[Case, str]]:
        cases = self._service.authority.cases(conn, prison, self._service.clock.now())
        return [(case, picturing.state(conn, case)) for case in cases]

    async def _doubts(self, *lanes: Lane) -> list[FreezeView]:
        """Why this store may not be relied on, and what two officers do about it."""
        heads, now, store = self._service.heads, int(self._service.clock.now().timestamp() * 1_000), self._service.store
        found = []
        if heads.standing in (Standing.BEHIND, Standing.FORKED):
            log, seen = heads.log, seen_words(heads.behind)
            asked = await store.read(lambda conn: joint.waiting(conn, ActKind.RESTORE, log, now))
            why = f"The witness has seen {seen}; this store holds something else. It was restored from a backup"
            found.append(FreezeView(_OLD_STORE, why, lift_asked_by=asked or "", acts=(restore(log, seen),)))
        for lane in lanes:
            board, nonce = lane.opening.keys.board, lane.opening.standing.unknown
            if nonce is not None:
                asked = await store.read(partial(joint.waiting, kind=ActKind.ACCOUNT, subject=board, now=now))
                act = account(board, nonce.hex())
                heading = f"{board} has opened for a grant that this gateway does not know of. It gets no other."
                found.append(FreezeView(heading, _UNKNOWN_OPENING, lift_asked_by=asked or "", acts=(act,)))
        return found

    async def _lane(self, lane: Lane) -> LaneView:
        check, service = lane.check, self._service
        now, mono = service.clock.now(), service.clock.monotonic_ms()
        case, state, held = None, "", None
        if check is not None:
            wanted = check.authorisation
            case = await service.store.read(lambda conn: service.authority.case(conn, wanted))
            state = await service.store.read(lambda conn: picturing.state(conn, case)) if case else ""
            number = check.prisoner_number
            held = await service.store.read(lambda conn: service.authority.photographed(conn, number))
        entry = lane.entry
        frozen = [
            each
            for each in await service.store.read(freezes.in_force)
            if picturing.stops(each, entry.prison, entry.name)
        ]
        papers: list[tuple[Case, str]] = []
        if check is None or check.over or check.stage is Stage.DECIDED:
            papers = await service.store.read(lambda conn: self._cases(conn, lane.entry.prison))
        people = picturing.people(case, papers)
        recorded = await service.store.read(lambda conn: service.authority.recorded(conn, people, now))
        return LaneView(
            lane=lane.entry.name,
            prison=lane.entry.prison,
            kiosk=KioskView(lane.kiosk, lane.contact.here, lane.contact.since),
            door=picturing.door_view(lane.opening.belief, now, mono),
            session=picturing.session_view(check),
            subject=picturing.subject_view(case, check, held, recorded.get(case.prisoner_number))
            if case and check
            else None,
            authorisation=picturing.paper_view(case, state) if case else None,
            decision=picturing.decision_view(check, await self._hold(check)) if check and check.decision else None,
            alarms=tuple(AlarmView(at, lane.entry.name, code, text) for at, code, text in lane.voice.alarms),
            acts=tuple(
                door_acts(
                    lane,
                    check,
                    papers,
                    pictured=held is not None,
                    notes=picturing.notes_of(recorded),
                    warnings=picturing.warnings_of(recorded),
                )
            ),
            events=tuple(EventView(at, title, detail, index) for at, title, detail, index in lane.voice.events),
            manual=picturing.manual_view(check.manual) if check and check.manual else None,
            freezes=(*await self._doubts(lane), *(picturing.freeze(each) for each in frozen)),
            people=people,
        )
