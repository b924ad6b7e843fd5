"""When this store knows less than the world: it was restored from a backup, or an interlock has spent what it never
granted. It grants nothing until two officers have signed what is the case; then whatever was alive is distrusted.

The facts that both sign are the gateway's own: which log, how far the witness saw it; which board, which nonce. If they
change in between (another copy of this gateway still runs), the second signature finds nothing to join.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection, insert

from sallyport_gateway.acts.officer_acts import BelievedAct, foreign
from sallyport_gateway.audit import generations
from sallyport_gateway.audit import log as audit
from sallyport_gateway.audit.generations import Reconciliation
from sallyport_gateway.audit.heads import Behind, Standing
from sallyport_gateway.ledger import freezes, joint, life
from sallyport_gateway.ledger.freezes import Scope
from sallyport_gateway.ledger.joint import Together, Word
from sallyport_gateway.ledger.states import State
from sallyport_gateway.ledger.words import Refused
from sallyport_gateway.service import Service
from sallyport_gateway.store.tables import settled_nonces
from sallyport_protocol import canonical
from sallyport_protocol.acts import ActKind
from sallyport_protocol.identity import same_person


@dataclass(frozen=True, slots=True)
class Noted:
    """The first officer's word is taken; nothing has changed yet."""

    sentence: str


def seen_words(behind: Iterable[Behind]) -> str:
    """How far the witness saw the logs that are behind, as officers sign it."""
    words = "; ".join(_one(each) for each in behind)
    return words if len(words) <= _LONGEST else f"{sha256(words.encode()).hexdigest()[:32]} in short"


def _one(each: Behind) -> str:
    return f"{each.log} {f'{each.seen.size} {each.seen.root.hex()[:16]}' if each.seen else 'never'}"


async def restore(service: Service, believed: BelievedAct, log: str, witnessed: str, now: int) -> str | Noted | None:
    """One of two officers states that this store was restored. With the second the next log is opened, for every
    gateway of this store whose log is behind; each begins anew."""
    heads = service.heads
    standing = await asyncio.to_thread(heads.check)
    if standing in (Standing.GOOD, Standing.UNCHECKED):
        return _NOT_BEHIND[standing]
    behind = heads.behind
    if (log, witnessed) != (heads.log, seen_words(behind)):
        return "The witness has seen something else. Does another copy of this gateway run? Read the page again."
    officer, why = believed.officer.name, str(believed.act.fields.get("why"))

    def job(conn: Connection) -> Word:
        word = joint.take(conn, ActKind.RESTORE, log, _facts(log, witnessed), officer, now)
        content = {"officer": officer, "log": log, "witnessed": witnessed, "why": why, "answer": word.together.value}
        audit.append(conn, heads.log, "RESTORE_STATED", content, now)
        if word.together is Together.BOTH:
            for each in behind:
                stated = Reconciliation((word.first, officer), why, each.seen, each.opens)
                generations.succeed(conn, generations.gateway_of(each.log), stated, now)
        return word

    word = await service.store.write(job)
    if word.together is Together.BOTH:
        service.renew()
    return _said(word)


async def account(service: Service, believed: BelievedAct, board: str, nonce: bytes, now: int) -> str | Noted | None:
    """One of two officers states that an opening unknown to this store has been looked into."""
    lane = next((each for each in service.lanes.values() if each.opening.keys.board == board), None)
    standing = lane.opening.standing if lane is not None else None
    if lane is None or standing is None or standing.unknown is None:
        return "That interlock is not here, or this store knows of all its openings."
    if standing.unknown != nonce:
        return "The interlock speaks of another opening. Read the page again."
    officer, why, prison = believed.officer.name, str(believed.act.fields.get("why")), lane.entry.prison
    if (away := foreign(believed.officer, prison)) is not None:
        return away
    since = standing.unknown_since

    def job(conn: Connection) -> Word:
        word = joint.take(conn, ActKind.ACCOUNT, board, _facts(board, nonce.hex()), officer, now)
        content: dict[str, object] = {"officer": officer, "board": board, "nonce": nonce, "why": why}
        if word.together is Together.BOTH:
            row = {"board": board, "nonce": nonce, "officers": f"{word.first} {officer}", "why": why, "at": now}
            conn.execute(insert(settled_nonces), row)
            papers = {each.authorisation for each in service.authority.cases(conn, prison, service.clock.now())}
            content["distrusted"] = life.distrust(conn, papers, since, now)
        audit.append(conn, service.office.name, "ACCOUNTED", {**content, "answer": word.together.value}, now)
        return word

    word = await service.store.write(job)
    if word.together is Together.BOTH:
        lane.opening.ask_soon()
    return _said(word)


async def left(service: Service, believed: BelievedAct, paper: str, when: str, now: int) -> str | Noted | None:
    """One of two officers states that the person left by key in an outage. The first suspends the prison's
    authorisations; with the second this one is used up, and the release is watched like any other (design §1)."""
    officer, entry, why = believed.officer.name, believed.officer, str(believed.act.fields.get("why"))
    session = sha256(believed.message).digest()[:16]

    def job(conn: Connection) -> Word | str:
        case = service.authority.case(conn, paper)
        if case is None:
            return "There is no such authorisation. Look it up again."
        if (away := foreign(entry, case.prison)) is not None:
            return away
        if any(same_person(officer, each) for each in case.approvers):
            return "An officer who approved this release may not also state how it ended."
        held = life.find(conn, paper, lock=True)
        if held is None or held.state not in (State.AVAILABLE, State.RESERVED):
            return "Its life says otherwise: look at its state, and record what you saw where it is unknown."
        reason = f"Somebody left by key on {paper}: reconcile"
        freezes.freeze(conn, Scope.PRISON, case.prison, service.office.name, reason, now)
        word = joint.take(conn, ActKind.LEFT, paper, _facts(paper, when), officer, now)
        content: dict[str, object] = {"authorisation": paper, "officer": officer, "when": when, "why": why}
        content["act"] = believed.digest
        if word.together is Together.BOTH:
            if held.session is not None:
                life.take_over(conn, paper, held.session, session, now)
            else:
                life.reserve(conn, paper, session, service.office.name, now)
            used = life.released_manually(conn, paper, session, now)
            content["ledger"] = used.reason.value if isinstance(used, Refused) else used.state.value
            service.authority.released(conn, paper, service.clock.now())
        audit.append(conn, service.office.name, "LEFT_BY_KEY", {**content, "answer": word.together.value}, now)
        return word

    word = await service.store.write(job)
    return word if isinstance(word, str) else _said(word)


def _facts(*words: str) -> bytes:
    return sha256(canonical.encode(list(words))).digest()


def _said(word: Word) -> str | Noted | None:
    if word.together is Together.SAME_OFFICER:
        return f"{word.first} has signed this already. Another officer must."
    if word.together is Together.FIRST:
        return Noted("Your word is recorded. Another officer must sign the same within ten minutes.")
    return None


_LONGEST: Final = 180
"""Of what is signed about the witness, characters; more logs than that are signed by their digest."""
_NOT_BEHIND: Final = {
    Standing.GOOD: "This store is not behind what was witnessed: there is nothing to settle.",
    Standing.UNCHECKED: "The audit witness has not answered yet. Wait, or look at its disk and its network.",
}
