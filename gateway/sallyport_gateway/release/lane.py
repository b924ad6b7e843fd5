"""One lane: offers a check to its kiosk, takes the one answer, decides, and hands an opening to its interlock.

Everything here runs in the event loop, one thing at a time for each lane. What must outlive a crash is written before
anything that depends on it is sent.
"""

import asyncio
from dataclasses import replace
from typing import Any, Final

from sallyport_gateway import parameters
from sallyport_gateway.acts.manual_path import NOT_ONE_OF_THEM, waited_too_long
from sallyport_gateway.admission.admit import Admission, Arrival, admit
from sallyport_gateway.admission.believing import believe, disbelief, doubt_kiosk
from sallyport_gateway.ledger import once, sessions
from sallyport_gateway.ledger.freezes import ESTATE
from sallyport_gateway.ledger.sessions import Answered
from sallyport_gateway.ports import Office, gather_nothing
from sallyport_gateway.release.check import Check, Stage, after_decision, after_presence, refuse_opening
from sallyport_gateway.release.contact import Contact, Start
from sallyport_gateway.release.mint import BoardKeys
from sallyport_gateway.release.opening import Opening
from sallyport_gateway.release.recall import recall
from sallyport_gateway.release.settling import end_forgotten, settle
from sallyport_gateway.release.starting import Place, gather
from sallyport_gateway.release.unwanted import Unwanted, answer_late, refuse_message
from sallyport_gateway.release.voice import Voice
from sallyport_protocol.decision import Decision, Verdict
from sallyport_protocol.documents import Lane as LaneEntry
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.messages import (
    AckVerdict,
    EndReason,
    LockFrames,
    Presence,
    Ready,
    Result,
    Status,
)
from sallyport_protocol.topics import Kind

_DECIDING: Final = {(Kind.RESULT, Stage.OFFERED), (Kind.LOCK_UP, Stage.REQUESTED)}
"""Messages on which a decision is made: the kiosk's answer, and what may be the interlock's nonce."""


class Lane:
    """The state of one lane and everything that may happen to it."""

    def __init__(self, office: Office, entry: LaneEntry, kiosk: str, keys: BoardKeys) -> None:
        self.office, self.entry, self.kiosk = office, entry, kiosk
        self.voice = Voice(office, entry.prison, entry.name, kiosk, keys.board)
        self.opening = Opening(office, keys, self.voice)
        self.check: Check | None = None
        self.contact = Contact(office.clock)
        self._forgotten: tuple[bytes, ...] = ()
        self._unwanted = Unwanted()
        self.lock = asyncio.Lock()

    @property
    def board_silent(self) -> bool:
        """Whether the interlock has not been heard for a while, though it is asked every few seconds."""
        heard = self.opening.belief.heard
        return heard is None or self.office.clock.monotonic_ms() - heard > parameters.READY_AGE_MS

    async def begin(self) -> None:
        """Once, before anything is heard: sessions that a process before this one left open have ended."""
        why, now = "The gateway was restarted, or another one keeps this lane now.", self._wall()
        self._forgotten = await self.office.store.write(
            lambda conn: end_forgotten(conn, self.office.name, self.entry.name, why, now)
        )
        names = frozenset((self.entry.name, self.opening.keys.board, self.entry.prison, ESTATE))
        before = await self.office.store.read(lambda conn: recall(conn, self.office.name, names, now))
        self.voice.remember(before.events, before.alarms)

    # What comes from the kiosk

    async def hear(self, kind: Kind, arrival: Arrival) -> None:
        """One message under this kiosk's name. Raises MalformedError for what cannot be believed."""
        check = self.check
        if check is not None and (kind, check.stage) in _DECIDING:
            if self._wants_sources(arrival):
                await self.office.gather(check.authorisation, False)
            arrival = replace(arrival, now=self.office.clock.now())
        async with self.lock:
            if kind is Kind.RESULT:
                await self._on_result(arrival)
            else:
                content = self._believe(arrival)
                match kind:
                    case Kind.READY:
                        await self._on_ready(Ready.parse(content))
                    case Kind.PRESENCE:
                        self._on_presence(Presence.parse(content), arrival.received)
                    case Kind.LOCK_UP:
                        await self._on_frames(LockFrames.parse(content))
                    case Kind.STATUS:
                        self._on_status(Status.parse(content))
            self.office.changed(self.entry.name)

    def _wants_sources(self, arrival: Arrival) -> bool:
        """Whether the sources are asked again for this message: only the kiosk's own word is worth the question."""
        if self.office.gather is gather_nothing:
            return False
        try:
            believe(arrival, self.office.book(), self.kiosk)
        except MalformedError:
            return False
        return True

    def _believe(self, arrival: Arrival) -> dict[str, Any]:
        if arrival.retained:
            self.voice.alarm("RETAINED_MESSAGE", "The broker served a stored message: a replay. It was ignored.")
        return believe(arrival, self.office.book(), self.kiosk)

    async def _on_ready(self, ready: Ready) -> None:
        if (ready.kiosk, ready.lane) != (self.kiosk, self.entry.name):
            raise MalformedError(f"READY of {ready.kiosk} at {ready.lane} under {self.kiosk}'s name")
        now = self._wall()
        if not await self.office.store.write(lambda conn: once.booted(conn, self.kiosk, ready.boot_nonce, now)):
            again = "If this goes on, two of its starts crossed on the road: start it once more."
            raise MalformedError(f"READY of an earlier start of {self.kiosk}: a replay. {again}")
        start = self.contact.take_ready(ready)
        if ready.tamper:
            self.voice.alarm("KIOSK_TAMPER", "The kiosk reports that its case was opened.")
        if start is Start.ANOTHER and self.check is not None and not self.check.over and self.check.offer is not None:
            await self.abort("The kiosk restarted.")
        if start is not Start.SAME:
            self.voice.note("Kiosk connected", self.kiosk)
            self.opening.ask_soon()
            for session in self._forgotten:
                self.voice.end(session, ready.boot_nonce, EndReason.CANCELLED)
            self._forgotten = ()

    def _on_status(self, status: Status) -> None:
        ready = self.contact.ready
        if ready is None or status.boot_nonce != ready.boot_nonce:
            return  # of an earlier boot: a replay, or the late will of a connection that is gone
        had_faults = bool(self.contact.faults)
        for fault in self.contact.take_status(status):
            self.voice.alarm("KIOSK_FAULT", fault)
        if had_faults and not status.faults and status.online:
            self.voice.note("Kiosk works again")
        if not status.online:
            self.voice.note("Kiosk lost", "Its connection ended.")

    def _on_presence(self, presence: Presence, received: int) -> None:
        """By the time at which it came: a lane that waits for a source loses nobody from view."""
        before, absence = self.check, self.office.book().policy.absence_s * 1_000
        if before is None or before.over:
            return
        self.check = after_presence(before, presence, received, absence)
        if self.check.void is not None and before.void is None:
            self.voice.note("Person not seen", self.check.void)

    async def _on_frames(self, up: LockFrames) -> None:
        if up.interlock != self.opening.keys.board:
            raise MalformedError(f"frames of {up.interlock}, which is not at this lane")
        for heard in self.opening.ear.hear(up.frames):
            self._follow(await self.opening.hear(heard, self.check))

    def _follow(self, check: Check | None) -> None:
        """Takes over what the opening made of the check, and tells the kiosk when it opened or ended."""
        before, self.check = self.check, check
        if before is None or check is None or before.stage is check.stage:
            return
        if check.stage is Stage.OPENED:
            self._say_end(EndReason.OPENED)
        elif check.over and not check.opened:
            self._say_end(EndReason.HELD)

    # The result and the decision

    async def _on_result(self, arrival: Arrival) -> None:
        admission = admit(arrival, self.office.book(), self._session_of)
        result = admission.result
        if result is None or disbelief(admission) is not None or admission.sender != self.kiosk:
            await refuse_message(self.office, self.voice, self._unwanted, self.entry.name, admission)
            return
        check = self.check
        if check is None or check.over or result.session != check.session:
            await answer_late(self.office, self.voice, self._unwanted, self.entry.name, result, admission)
            return
        outcome = await self.office.store.write(
            lambda conn: settle(conn, self.office, check, result, admission, arrival)
        )
        if isinstance(outcome, Answered):
            verdict = AckVerdict.ACCEPTED if outcome is Answered.SAME else AckVerdict.EXPIRED
            if outcome is Answered.DIFFERENT:
                self.voice.alarm("SECOND_ANSWER", "The kiosk gave a different answer for a session that had one.")
            self._ack(result, admission, verdict)
            return
        decision, index = outcome.decision, outcome.index
        self.check = after_decision(replace(check, answer=admission.digest), result, decision, arrival.received)
        self._ack(result, admission, AckVerdict.ACCEPTED)
        self.voice.note(f"Verdict: {decision.verdict}", _first_reason(decision), index)
        if decision.verdict is not Verdict.RELEASE:
            self._say_end(EndReason.HELD)

    def _session_of(self, session: bytes) -> Any:
        check = self.check
        return check.as_open_session() if check is not None and check.session == session else None

    # What officers do

    async def start(self, authorisation: str, officer: str) -> str | None:
        """Begins a check. A sentence when it cannot begin."""
        await self.office.gather(authorisation, True)
        async with self.lock:
            refusal = await self._start(authorisation, officer)
            self.office.changed(self.entry.name)
            return refusal

    async def _start(self, authorisation: str, officer: str) -> str | None:
        if self.check is not None and not self.check.over and self.check.stage is not Stage.DECIDED:
            return "A check is running in this lane. End it first."
        ready = self.contact.ready
        if ready is None or not self.contact.here:
            return f"The kiosk {self.kiosk} cannot be heard. Check its power and its network."
        if (doubt := doubt_kiosk(self.office, ready)) is not None:
            return doubt
        office, now_at = self.office, self.office.clock.now()
        if self.check is not None and not self.check.over:
            await self.abort("A new check was started.")
        place = Place(self.entry, self.kiosk, ready, self.contact.sequence + 1)
        gathered = await office.store.write(lambda conn: gather(conn, office, place, authorisation, officer, now_at))
        if isinstance(gathered, str):
            return gathered
        offer, self.contact.sequence = gathered.offer, place.sequence
        offered = office.clock.monotonic_ms()
        self.check = Check(
            authorisation,
            gathered.case.prisoner_number,
            self.entry.prison,
            self.entry.name,
            str(self.entry.kind),
            offer,
            offered,
            now_at,
            officer,
            stage_since=offered,
        )
        self.voice.offer(offer)
        self.voice.note("Check started", f"by {officer}")
        return None

    async def confirm(self, session: bytes, officer: str) -> str | None:
        """The officer at the door says open. A sentence when it stays shut."""
        if (running := self.check) is not None and running.session == session:
            await self.office.gather(running.authorisation, False)
        async with self.lock:
            check = self.check
            if check is None or check.session != session or check.stage is not Stage.DECIDED:
                gone = check.void if check is not None and check.session == session else None
                return gone or "This check is not waiting for a confirmation."
            if check.manual is not None and officer not in check.manual.officers:
                return NOT_ONE_OF_THEM
            refusal = self.refusal(check)
            if refusal is None:
                outcome = await self.opening.reserve(check, officer)
                if isinstance(outcome, Check):
                    self._follow(outcome)
                    return outcome.void if outcome.over else None
                refusal = outcome
            self.voice.note("Not opened", refusal)
            return refusal

    async def cancel(self, session: bytes, officer: str) -> str | None:
        """Ends a check that has not been granted."""
        async with self.lock:
            if self.check is None or self.check.session != session or self.check.over:
                return "This check has ended."
            if self.check.stage in (Stage.REQUESTED, Stage.GRANTED, Stage.OPENED):
                return "The door has been asked to open; it ends by itself within seconds."
            await self.abort(f"Ended by {officer}.")
            self.office.changed(self.entry.name)
            return None

    # Time

    async def tick(self) -> None:
        """Once a second: what has run out ends; what is not known is asked for."""
        async with self.lock:
            before = self.check
            now = self.office.clock.monotonic_ms()
            if before is not None and before.stage is Stage.OFFERED and self._expired(before, now):
                await self.abort("The session's time is over.")
            if before is not None and waited_too_long(before, now):
                await self.abort("No second officer identified the person in time.")
            if before is not None and before.stage is Stage.DECIDED and before.released:
                refusal = self.refusal(before)
                if refusal is not None:
                    await self.abort(refusal, EndReason.EXPIRED)
            self._follow(await self.opening.tick(self.check))
            if self.check is not before:
                self.office.changed(self.entry.name)

    # How things are said

    @staticmethod
    def _expired(check: Check, now: int) -> bool:
        return check.offer is not None and now - check.offered > check.offer.expires_in

    def refusal(self, check: Check) -> str | None:
        """Why this check may not open the door now, the records apart."""
        clock = self.office.clock
        return refuse_opening(check, clock.monotonic_ms(), clock.now(), self.office.book().policy)

    async def abort(self, why: str, reason: EndReason = EndReason.CANCELLED) -> None:
        """Ends the check that is there, under the lane's lock."""
        check = self.check
        if check is None:
            return
        now = self._wall()
        await self.office.store.write(lambda conn: sessions.end(conn, check.session, why, now))
        self._say_end(reason)
        self.check = replace(check, stage=Stage.ENDED, void=why)
        self.voice.note("Check ended", why)

    def _say_end(self, reason: EndReason) -> None:
        if self.check is not None and self.check.offer is not None and self.contact.ready is not None:
            self.voice.end(self.check.session, self.check.offer.boot_nonce, reason)

    def _ack(self, result: Result, admission: Admission, verdict: AckVerdict) -> None:
        self.voice.ack(result.session, admission.digest, verdict)

    def _wall(self) -> int:
        return int(self.office.clock.now().timestamp() * 1_000)


def _first_reason(decision: Decision) -> str:
    return decision.telling.sentence if decision.telling else "Every check passed."
