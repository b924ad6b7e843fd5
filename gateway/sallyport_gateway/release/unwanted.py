"""Results that start nothing: not the kiosk's word, told again, or too late. Each is recorded and said."""

from typing import Final

from sallyport_gateway.admission.admit import Admission
from sallyport_gateway.admission.believing import disbelief
from sallyport_gateway.audit import log as audit
from sallyport_gateway.ledger import sessions
from sallyport_gateway.ports import Office
from sallyport_gateway.release.voice import Voice
from sallyport_protocol.checks import CheckOutcome
from sallyport_protocol.messages import AckVerdict, Result

KEPT_EACH_MINUTE: Final = 20
"""Unwanted results of one lane that get an entry of their own: whoever holds the broker alone, without any key, could
fill the disk with them, and a full disk opens no door."""
_MINUTE_MS: Final = 60_000


class Unwanted:
    """One lane's unwanted results: the first of each minute are recorded, the others counted in the next entry."""

    def __init__(self) -> None:
        self._since: int | None = None
        self._seen = 0
        self.uncounted = 0
        """Not recorded since the last that was."""

    def keep(self, now: int) -> bool:
        """Whether this one gets an entry; `now` in monotonic ms."""
        if self._since is None or now - self._since >= _MINUTE_MS:
            self._since, self._seen = now, 0
        self._seen += 1
        kept = self._seen <= KEPT_EACH_MINUTE
        self.uncounted += not kept
        return kept

    def told(self) -> int:
        """How many the next entry speaks for besides its own."""
        found, self.uncounted = self.uncounted, 0
        return found


async def refuse_message(office: Office, voice: Voice, unwanted: Unwanted, lane: str, admission: Admission) -> None:
    """Not the kiosk's word: recorded and alarmed, and the session goes on as if nothing had come."""
    if not unwanted.keep(office.clock.monotonic_ms()):
        return
    index = await _record(office, unwanted, lane, "RESULT_REFUSED", admission)
    finding = disbelief(admission)
    reason = finding.sentence if finding else f"{admission.sender} spoke under another's name."
    voice.alarm("RESULT_REFUSED", reason)
    voice.note("Result refused", reason, index)


async def answer_late(
    office: Office, voice: Voice, unwanted: Unwanted, lane: str, result: Result, admission: Admission
) -> None:
    """A session that is not running: a repetition gets its first answer again, anything else has expired."""
    held = await office.store.read(lambda conn: sessions.find(conn, result.session))
    same = held is not None and held.result_digest == admission.digest
    voice.ack(result.session, admission.digest, AckVerdict.ACCEPTED if same else AckVerdict.EXPIRED)
    if not unwanted.keep(office.clock.monotonic_ms()):
        return
    index = await _record(office, unwanted, lane, "RESULT_REPEATED" if same else "RESULT_LATE", admission)
    why = next((each.sentence for each in admission.checks if each.outcome is CheckOutcome.FAIL), "")
    voice.note("Result repeated" if same else "Result refused", f"{why} Nothing starts.".strip(), index)


async def _record(office: Office, unwanted: Unwanted, lane: str, kind: str, admission: Admission) -> int:
    checks = [each.to_map() for each in admission.checks]
    content = {"lane": lane, "message": admission.digest, "checks": checks, "unrecorded_before": unwanted.told()}
    now = int(office.clock.now().timestamp() * 1_000)
    entry = await office.store.write(lambda conn: audit.append(conn, office.name, kind, content, now))
    return entry.index
