"""What may be accepted only once, or only forwards: device counters, officers' acts, revocation lists."""

from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from sallyport_gateway.store.prepared import Prepared
from sallyport_gateway.store.tables import acts, boots, revocation_lists, revoked_keys

_FORWARD: Final = Prepared(
    update(boots)
    .where(
        boots.c.device == bindparam("d"),
        boots.c.boot == bindparam("b"),
        boots.c.current == 1,
        boots.c.counter < bindparam("c"),
    )
    .values(counter=bindparam("c"))
)
_BOOT: Final = Prepared(select(boots.c.current).where(boots.c.device == bindparam("d"), boots.c.boot == bindparam("b")))
_FOLLOWED: Final = Prepared(
    update(boots).where(boots.c.device == bindparam("d"), boots.c.current == 1).values(current=0)
)
_REVOKED: Final = select(revoked_keys.c.at).where(revoked_keys.c.key_id == bindparam("k"))
_ACT: Final = Prepared(select(acts.c.at).where(acts.c.key_id == bindparam("k"), acts.c.nonce == bindparam("n")))
_TAKE_ACT: Final = Prepared(insert(acts).values({each.name: bindparam(each.name) for each in acts.c}))


def booted(conn: Connection, device: str, boot: bytes, now: int) -> bool:
    """A device's signed READY names its boot. True for a new boot or the current one again; False for a boot that
    another has followed: that READY is a replay."""
    known = _BOOT.scalar(conn, d=device, b=boot)
    if known is not None:
        return bool(known)
    _FOLLOWED.run(conn, d=device)
    conn.execute(insert(boots), {"device": device, "boot": boot, "counter": -1, "current": 1, "since": now})
    return True


def forward(conn: Connection, device: str, boot: bytes, counter: int) -> bool:
    """Accepts a message's counter if it is above every one accepted in the device's current boot (check 8)."""
    return _FORWARD.run(conn, d=device, b=boot, c=counter) == 1


def first_act(conn: Connection, key_id: bytes, nonce: bytes, now: int) -> bool:
    """Takes an officer's act by the nonce it was signed with; False when it was taken before (a replay)."""
    if _ACT.first(conn, k=key_id, n=nonce) is not None:
        return False
    _TAKE_ACT.run(conn, key_id=key_id, nonce=nonce, at=now)
    return True


def forget_acts(conn: Connection, before: int) -> int:
    """Forgets acts older than `before`, which their own date already refuses. Returns how many."""
    return conn.execute(delete(acts).where(acts.c.at < before)).rowcount


def revoke_key(conn: Connection, key_id: bytes, why: str, now: int) -> bool:
    """Refuses a key from now on, for good. False when it was refused before."""
    if revoked_since(conn, key_id) is not None:
        return False
    conn.execute(insert(revoked_keys), {"key_id": key_id, "at": now, "why": why})
    return True


def revoked_since(conn: Connection, key_id: bytes) -> int | None:
    """When a key was revoked, or None (check 4)."""
    return conn.execute(_REVOKED, {"k": key_id}).scalar()


def accept_list(conn: Connection, issuer: str, number: int, this_update: int, now: int) -> bool:
    """Notes that an issuer's revocation list `number` was read. False for a list older than one accepted (S13)."""
    held = conn.execute(select(revocation_lists).where(revocation_lists.c.issuer == issuer).with_for_update()).first()
    values = {"issuer": issuer, "number": number, "this_update": this_update, "read_at": now}
    if held is None:
        conn.execute(insert(revocation_lists), values)
        return True
    if (number, this_update) < (held.number, held.this_update):
        return False
    conn.execute(update(revocation_lists).where(revocation_lists.c.issuer == issuer).values(**values))
    return True


def list_age(conn: Connection, issuer: str, now: int) -> int | None:
    """Milliseconds since the issuer's list was last read and accepted; None when none ever was (not fresh)."""
    read = conn.execute(select(revocation_lists.c.read_at).where(revocation_lists.c.issuer == issuer)).scalar()
    return None if read is None else now - int(read)
