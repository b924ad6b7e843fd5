"""Results that start nothing: not the kiosk's word, told again, or too late. Each is recorded and said."""

from sallyport_gateway.admission.admit import Admission
from sallyport_gateway.admission.believing import disbelief
from sallyport_gateway.audit import log as audit
from sallyport_gateway.ledger import sessions
from sallyport_gateway.ports import Office
from sallyport_gateway.release.voice import Voice
from sallyport_protocol.checks import CheckOutcome
from sallyport_protocol.messages import AckVerdict, Result


async def refuse_message(office: Office, voice: Voice, lane: str, admission: Admission) -> None:
    """Not the kiosk's word: recorded and alarmed, and the session goes on as if nothing had come."""
    index = await _record(office, lane, "RESULT_REFUSED", admission)
    finding = disbelief(admission)
    reason = finding.sentence if finding else f"{admission.sender} spoke under another's name."
    voice.alarm("RESULT_REFUSED", reason)
    voice.note("Result refused", reason, index)


async def answer_late(office: Office, voice: Voice, lane: str, result: Result, admission: Admission) -> None:
    """A session that is not running: a repetition gets its first answer again, anything else has expired."""
    held = await office.store.read(lambda conn: sessions.find(conn, result.session))
    same = held is not None and held.result_digest == admission.digest
    voice.ack(result.session, admission.digest, AckVerdict.ACCEPTED if same else AckVerdict.EXPIRED)
    index = await _record(office, lane, "RESULT_REPEATED" if same else "RESULT_LATE", admission)
    why = next((each.sentence for each in admission.checks if each.outcome is CheckOutcome.FAIL), "")
    voice.note("Result repeated" if same else "Result refused", f"{why} Nothing starts.".strip(), index)


async def _record(office: Office, lane: str, kind: str, admission: Admission) -> int:
    content = {"lane": lane, "message": admission.digest, "checks": [each.to_map() for each in admission.checks]}
    now = int(office.clock.now().timestamp() * 1_000)
    entry = await office.store.write(lambda conn: audit.append(conn, office.name, kind, content, now))
    return entry.index
