"""Puts a release receipt together from the store."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from sallyport_gateway.audit import checkpoint, log, tree
from sallyport_gateway.audit.log import Entry
from sallyport_gateway.ledger import sessions
from sallyport_gateway.receipts.receipt import ATTESTED, ManualReceipt, Proven, Receipt
from sallyport_gateway.receipts.receipt_by_hand import BY_KEY
from sallyport_gateway.store.tables import audit, checkpoints
from sallyport_protocol import canonical
from sallyport_protocol.errors import RoadError
from sallyport_protocol.topics import Kind, Topic

_STATEMENTS: Final = 262_144
"""Two signed acts together, bytes."""
_LATER: Final = (
    select(audit)
    .where(audit.c.log == bindparam("l"), audit.c.index > bindparam("i"), audit.c.kind == bindparam("k"))
    .order_by(audit.c.index)
)
_COVERING: Final = (
    select(checkpoints.c.note)
    .where(checkpoints.c.log == bindparam("l"), checkpoints.c.size > bindparam("i"))
    .order_by(checkpoints.c.size)
    .limit(1)
)


def issue(
    conn: Connection, name: str, session: bytes, certificates: Iterable[bytes], head: str | None = None
) -> Receipt | ManualReceipt:
    """The receipt of the release in `session`. `certificates` are DER: the gateway's, the authorities', and those of
    who identified the person: the kiosk's, or the two officers'.

    `head` is a newer signed head than those kept with the store (the witness has it). Raises RoadError where the
    session did not end in an opening, or no signed head covers it yet.
    """
    held = sessions.find(conn, session)
    if held is None or held.audit_index is None or held.result is None:
        raise RoadError(f"Session {session.hex()} has no decision in this store: look its number up in the audit log.")
    decision = log.find(conn, name, held.audit_index) if held.gateway == name else None
    if decision is None:
        raise RoadError(f"Session {session.hex()} was decided in another log than {name}: name that with --log.")
    grant, opening = _end(conn, decision, session)
    last = opening or grant
    note = head or conn.execute(_COVERING, {"l": name, "i": last.index}).scalar()
    size = checkpoint.parse(note)[0].size if note else 0
    if note is None or size <= last.index:
        raise RoadError("No signed head covers the opening yet: wait a minute while the gateway runs.")
    if "manual" in decision.content:
        return ManualReceipt(
            log=name,
            head=note,
            statements=tuple(canonical.decode(held.result, limit=_STATEMENTS)),
            officers=tuple(each["officer"] for each in decision.content["manual"]["officers"]),
            decision=_proven(conn, decision, size),
            grant=_proven(conn, grant, size),
            opening=None if opening is None else _proven(conn, opening, size),
            opening_is=BY_KEY if opening is None else ATTESTED,
            certificates=tuple(certificates),
        )
    assert opening is not None, "only a manual verdict goes by key"
    return Receipt(
        log=name,
        head=note,
        topic=str(Topic(held.prison, held.kiosk, Kind.RESULT)),
        result=held.result,
        decision=_proven(conn, decision, size),
        grant=_proven(conn, grant, size),
        opening=_proven(conn, opening, size),
        opening_is=ATTESTED,
        certificates=tuple(certificates),
    )


def identifiers(conn: Connection, name: str, session: bytes) -> tuple[str, ...]:
    """Who identified the person in a session: the kiosk's name, or the two officers'. Empty for no such session."""
    held = sessions.find(conn, session)
    if held is None:
        return ()
    entry = log.find(conn, name, held.audit_index) if held.audit_index is not None else None
    manual = entry.content.get("manual") if entry is not None else None
    return tuple(each["officer"] for each in manual["officers"]) if manual else (held.kiosk,)


def _end(conn: Connection, decision: Entry, session: bytes) -> tuple[Entry, Entry | None]:
    """The grant and its opening, or the key's entry alone."""
    if "manual" in decision.content:
        with suppress(RoadError):
            return _next(conn, decision, "KEY_RELEASE", session=session), None
    grant = _next(conn, decision, "GRANT", session=session)
    return grant, _next(conn, grant, "OPENED", nonce=grant.content["nonce"], board=grant.content["board"])


def _next(conn: Connection, after: Entry, kind: str, **wanted: Any) -> Entry:
    """The first later entry of that kind whose content has these values."""
    for row in conn.execute(_LATER, {"l": after.log, "i": after.index, "k": kind}):
        entry = Entry(**row._mapping)
        if all(entry.content.get(key) == value for key, value in wanted.items()):
            return entry
    raise RoadError(
        f"Entry {after.index} ({after.kind}) has no {kind} after it: this session did not end in an opening."
    )


def _proven(conn: Connection, entry: Entry, size: int) -> Proven:
    before = log.find(conn, entry.log, entry.index - 1) if entry.index else None
    path = tree.inclusion_proof(entry.index, size, log.reader(conn, entry.log))
    return Proven(
        index=entry.index,
        previous=before.leaf if before else b"",
        kind=entry.kind,
        at=entry.at,
        body=entry.body,
        path=tuple(path),
    )
