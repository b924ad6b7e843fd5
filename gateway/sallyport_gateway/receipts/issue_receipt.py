"""Puts a release receipt together from the store."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from sallyport_gateway.audit import checkpoint, log, tree
from sallyport_gateway.audit.log import Entry
from sallyport_gateway.ledger import sessions
from sallyport_gateway.receipts.receipt import ATTESTED, ManualReceipt, Proven, Receipt
from sallyport_gateway.receipts.receipt_by_hand import BY_KEY
from sallyport_gateway.receipts.receipt_parts import Elsewhere
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
_OPENED_ELSEWHERE: Final = (
    select(audit)
    .where(audit.c.log != bindparam("l"), audit.c.kind == "OPENED")
    .order_by(audit.c.log, audit.c.index.desc())
)
_COVERING: Final = (
    select(checkpoints.c.note)
    .where(checkpoints.c.log == bindparam("l"), checkpoints.c.size > bindparam("i"))
    .order_by(checkpoints.c.size)
    .limit(1)
)


def log_of(conn: Connection, session: bytes) -> str:
    """The log in which a session was decided. Raises RoadError where none was."""
    held = sessions.find(conn, session)
    if held is None or held.audit_index is None or held.result is None:
        raise RoadError(f"Session {session.hex()} has no decision in this store: look its number up in the audit log.")
    return held.gateway


def issue(
    conn: Connection, session: bytes, certificates: Iterable[bytes], heads: Mapping[str, str] = MappingProxyType({})
) -> Receipt | ManualReceipt:
    """The receipt of the release in `session`. `certificates` are DER: the gateways', the authorities', and those of
    who identified the person: the kiosk's, or the two officers'.

    `heads`, by log, are newer signed heads than those kept with the store (the witness has them). Raises RoadError
    where the session did not end in an opening, or no signed head covers it yet.
    """
    name, held = log_of(conn, session), sessions.find(conn, session)
    assert held is not None and held.audit_index is not None and held.result is not None, "it was decided"
    decision = log.find(conn, name, held.audit_index)
    if decision is None:
        raise RoadError(f"Session {session.hex()} was decided in the log {name}, which this store does not hold.")
    grant, opening = _end(conn, decision, session)
    there = opening.log if opening is not None and opening.log != name else None
    note, size = _head(conn, grant if opening is None or there else opening, heads)
    opened_in, opened_size = None, size
    if there is not None and opening is not None:
        other, opened_size = _head(conn, opening, heads)
        opened_in = Elsewhere(log=there, head=other)
    if "manual" in decision.content:
        return ManualReceipt(
            log=name,
            head=note,
            statements=tuple(canonical.decode(held.result, limit=_STATEMENTS)),
            officers=tuple(each["officer"] for each in decision.content["manual"]["officers"]),
            decision=_proven(conn, decision, size),
            grant=_proven(conn, grant, size),
            opening=None if opening is None else _proven(conn, opening, opened_size),
            opening_is=BY_KEY if opening is None else ATTESTED,
            certificates=tuple(certificates),
            opened_in=opened_in,
        )
    assert opening is not None, "only a manual verdict goes by key"
    return Receipt(
        log=name,
        head=note,
        topic=str(Topic(held.prison, held.kiosk, Kind.RESULT)),
        result=held.result,
        decision=_proven(conn, decision, size),
        grant=_proven(conn, grant, size),
        opening=_proven(conn, opening, opened_size),
        opening_is=ATTESTED,
        certificates=tuple(certificates),
        opened_in=opened_in,
    )


def _head(conn: Connection, last: Entry, heads: Mapping[str, str]) -> tuple[str, int]:
    """A signed head that covers an entry, and its size."""
    note = heads.get(last.log) or conn.execute(_COVERING, {"l": last.log, "i": last.index}).scalar()
    size = checkpoint.parse(note)[0].size if note else 0
    if note is None or size <= last.index:
        raise RoadError(f"No signed head of {last.log} covers the opening yet: wait a minute while the gateway runs.")
    return note, size


def identifiers(conn: Connection, session: bytes) -> tuple[str, ...]:
    """Who identified the person in a session: the kiosk's name, or the two officers'. Empty for no such session."""
    held = sessions.find(conn, session)
    if held is None:
        return ()
    entry = log.find(conn, held.gateway, held.audit_index) if held.audit_index is not None else None
    manual = entry.content.get("manual") if entry is not None else None
    return tuple(each["officer"] for each in manual["officers"]) if manual else (held.kiosk,)


def _end(conn: Connection, decision: Entry, session: bytes) -> tuple[Entry, Entry | None]:
    """The grant and its opening, or the key's entry alone."""
    if "manual" in decision.content:
        with suppress(RoadError):
            return _next(conn, decision, "KEY_RELEASE", session=session), None
    grant = _next(conn, decision, "GRANT", session=session)
    wanted = {"nonce": grant.content["nonce"], "board": grant.content["board"]}
    try:
        return grant, _next(conn, grant, "OPENED", **wanted)
    except RoadError:
        if (there := _opened_elsewhere(conn, grant, wanted)) is None:
            raise
        return grant, there


def _opened_elsewhere(conn: Connection, grant: Entry, wanted: dict[str, Any]) -> Entry | None:
    """The opening where another gateway heard of it: the lane had changed its keeper after the grant."""
    for row in conn.execute(_OPENED_ELSEWHERE, {"l": grant.log}):
        entry = Entry(**row._mapping)
        if all(entry.content.get(key) == value for key, value in wanted.items()):
            return entry
    return None


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
