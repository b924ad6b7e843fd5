"""S20: whatever is done to a log behind our back is found."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from sallyport_gateway.audit import checkpoint, heads, log, verify
from sallyport_gateway.audit.checkpoint import Checkpoint, note_key
from sallyport_gateway.audit.verify import FaultKind, Report
from sallyport_gateway.store import Store
from sallyport_protocol.keys import SoftwareSigner

LOG, SIZE = "gateway-1", 700


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, signer: SoftwareSigner) -> tuple[Path, str]:
    """A store whose log has 700 entries and heads at 300 and 700, its triggers removed as an attacker would; and the
    last head."""
    path, note = tmp_path_factory.mktemp("original") / "store.db", ""
    with Store(path) as store:
        for count in (300, 400):
            store.write_now(lambda conn, count=count: append_some(conn, LOG, count))
            size = store.read_now(lambda conn: log.size(conn, LOG))
            root = store.read_now(lambda conn, size=size: log.root(conn, LOG, size))
            note = checkpoint.sign(Checkpoint(LOG, size, root), signer)
            store.write_now(lambda conn, note=note: heads.keep_note(conn, note, 1))
        store.write_now(_unguard)
    return path, note


@pytest.fixture
def store(original: tuple[Path, str], tmp_path: Path) -> Iterator[Store]:
    """A copy of it."""
    with Store(shutil.copy(original[0], tmp_path / "store.db"), window=0) as made:
        yield made


@pytest.fixture
def sealed(original: tuple[Path, str]) -> str:
    return original[1]


def append_some(conn: Connection, name: str, count: int) -> None:
    for at in range(count):
        log.append(conn, name, "test", {"number": at, "text": "x" * (at % 50)}, at)


def _unguard(conn: Connection) -> None:
    for name in conn.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all():
        conn.execute(text(f"DROP TRIGGER {name}"))


def _verify(store: Store, signer: SoftwareSigner, witnessed: str | None = None) -> Report:
    keys = [note_key(LOG, signer.certificate_der)]
    return store.read_now(lambda conn: verify.verify(conn, LOG, keys, witnessed))


def _do(store: Store, *statements: str) -> None:
    for statement in statements:
        store.write_now(lambda conn, statement=statement: conn.execute(text(statement)) and None)


def test_a_sound_log_is_sound(store: Store, sealed: str, signer: SoftwareSigner) -> None:
    told: list[int] = []
    keys = [note_key(LOG, signer.certificate_der)]
    report = store.read_now(lambda conn: verify.verify(conn, LOG, keys, sealed, told.append))
    assert report.sound and (report.size, report.covered, report.heads) == (SIZE, SIZE, 3)
    assert told == [SIZE]


@pytest.mark.parametrize(
    "statement, kind",
    [
        ("UPDATE audit SET body = x'a0' WHERE \"index\" = 5", FaultKind.ENTRY_CHANGED),
        ("UPDATE audit SET kind = 'other' WHERE \"index\" = 699", FaultKind.ENTRY_CHANGED),
        ("UPDATE audit SET at = 7 WHERE \"index\" = 256", FaultKind.ENTRY_CHANGED),
        ("UPDATE audit SET leaf = zeroblob(32) WHERE \"index\" = 5", FaultKind.ENTRY_CHANGED),
        ("DELETE FROM audit WHERE \"index\" = 0", FaultKind.ENTRY_MISSING),
        ("DELETE FROM audit WHERE \"index\" = 400", FaultKind.ENTRY_MISSING),
        ("DELETE FROM audit WHERE \"index\" >= 699", FaultKind.TRUNCATED),
        ("DELETE FROM audit", FaultKind.TRUNCATED),
        ("UPDATE audit_node SET hash = zeroblob(32)", FaultKind.SUBTREE_CHANGED),
        ("DELETE FROM audit_node WHERE \"index\" = 1", FaultKind.SUBTREE_CHANGED),
        ("UPDATE audit_checkpoint SET size = 301 WHERE size = 300", FaultKind.HEAD_NOT_SIGNED),
        ("UPDATE audit_checkpoint SET note = replace(note, 'gateway-1', 'gateway-2')", FaultKind.HEAD_NOT_SIGNED),
    ],
)  # fmt: skip
def test_tampering_is_found(store: Store, sealed: str, signer: SoftwareSigner, statement: str, kind: FaultKind) -> None:
    _do(store, statement)
    report = _verify(store, signer)
    assert not report.sound
    assert kind in {fault.kind for fault in report.faults}


def test_two_entries_swapped_are_found(store: Store, sealed: str, signer: SoftwareSigner) -> None:
    _do(
        store,
        'UPDATE audit SET "index" = 9999 WHERE "index" = 20',
        'UPDATE audit SET "index" = 20 WHERE "index" = 21',
        'UPDATE audit SET "index" = 21 WHERE "index" = 9999',
    )
    assert FaultKind.ENTRY_CHANGED in {fault.kind for fault in _verify(store, signer).faults}


def test_a_history_rewritten_with_its_hashes_is_found_by_the_signed_head(
    store: Store, sealed: str, signer: SoftwareSigner
) -> None:
    _do(store, "DELETE FROM audit", "DELETE FROM audit_node")
    store.write_now(lambda conn: [log.append(conn, LOG, "test", {"number": -1}, at) for at in range(SIZE)] and None)
    kinds = [fault.kind for fault in _verify(store, signer).faults]
    assert kinds == [FaultKind.HEAD_DIFFERS, FaultKind.HEAD_DIFFERS, FaultKind.NO_HEAD]


def test_a_history_rewritten_and_signed_anew_is_found_by_the_witness(
    store: Store, sealed: str, signer: SoftwareSigner
) -> None:
    _do(store, "DELETE FROM audit", "DELETE FROM audit_node", "DELETE FROM audit_checkpoint")
    store.write_now(lambda conn: [log.append(conn, LOG, "test", {"number": -1}, at) for at in range(SIZE)] and None)
    root = store.read_now(lambda conn: log.root(conn, LOG, SIZE))
    forged = checkpoint.sign(Checkpoint(LOG, SIZE, root), signer)
    store.write_now(lambda conn: heads.keep_note(conn, forged, 1))
    assert _verify(store, signer).sound
    assert [fault.kind for fault in _verify(store, signer, sealed).faults] == [FaultKind.HEAD_DIFFERS]


def test_a_truncation_with_its_heads_is_found_by_the_witness(store: Store, sealed: str, signer: SoftwareSigner) -> None:
    _do(
        store,
        'DELETE FROM audit WHERE "index" >= 300',
        "DELETE FROM audit_checkpoint WHERE size > 300",
        'DELETE FROM audit_node WHERE "index" >= 1',
    )
    assert _verify(store, signer).sound
    assert [fault.kind for fault in _verify(store, signer, sealed).faults] == [FaultKind.TRUNCATED]


def test_a_head_by_a_strangers_key_does_not_count(store: Store, sealed: str, stranger: SoftwareSigner) -> None:
    kinds = {fault.kind for fault in _verify(store, stranger).faults}
    assert kinds == {FaultKind.HEAD_NOT_SIGNED, FaultKind.NO_HEAD}


def test_a_log_without_a_head_is_not_sound_and_an_empty_one_is(store: Store, signer: SoftwareSigner) -> None:
    keys = [note_key("other", signer.certificate_der)]
    assert store.read_now(lambda conn: verify.verify(conn, "other", keys)).sound
    store.write_now(lambda conn: append_some(conn, "other", 3))
    report = store.read_now(lambda conn: verify.verify(conn, "other", keys))
    assert [fault.kind for fault in report.faults] == [FaultKind.NO_HEAD]


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note.replace("\n700\n", "\n701\n"),
        lambda note: note.replace("\n700\n", "\n0700\n"),
        lambda note: note.replace("gateway-1", "gateway 1"),
        lambda note: note.replace("— ", "- "),
        lambda note: re.sub(r"\n\n.*", "\n\n", note, flags=re.S),
        lambda note: note[:-1],
        lambda note: note.replace("\n\n", "\n"),
        lambda note: note + "— gateway-1 AAAA\n",
        lambda note: note.replace("=\n\n", "=\nextension\n\n"),
        lambda note: note.replace("\n700\n", "\n700\r\n"),
        lambda note: "x" * 20_000 + note,
    ],
)
def test_a_damaged_head_is_refused(
    store: Store, sealed: str, signer: SoftwareSigner, change: Callable[[str], str]
) -> None:
    assert change(sealed) != sealed
    report = _verify(store, signer, change(sealed))
    assert {fault.kind for fault in report.faults} == {FaultKind.HEAD_NOT_SIGNED}
