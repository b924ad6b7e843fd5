"""The chain and the tree as stored."""

from collections.abc import Callable
from hashlib import sha256

import cbor2
import pytest
from sqlalchemy import Connection, text

from sallyport_gateway.audit import log, tree
from sallyport_gateway.store import Store
from sallyport_protocol.errors import MalformedError

LOG = "gateway-1"


def test_an_entry_is_chained_by_the_leaf_before_it(store: Store, fill: Callable[[int], None]) -> None:
    fill(3)
    first, second, _ = store.read_now(lambda conn: list(log.entries(conn, LOG)))
    made = cbor2.dumps([LOG, 1, first.leaf, "test", 1, cbor2.dumps({"text": "x", "number": 1}, canonical=True)])
    assert second.leaf == sha256(b"\x00" + made).digest()
    assert second.content == {"number": 1, "text": "x"}


def test_an_entry_known_by_heart(store: Store) -> None:
    entry = store.write_now(lambda conn: log.append(conn, LOG, "started", {"version": "0.1.0"}, 1_767_225_600_000))
    body = bytes.fromhex("a1 67 76657273696f6e 65 302e312e30")  # {"version": "0.1.0"}
    made = b"\x86\x69gateway-1\x00\x40\x67started\x1b\x00\x00\x01\x9b\x76\xda\xa8\x00\x4f" + body
    assert entry.leaf == sha256(b"\x00" + made).digest()


def test_logs_do_not_touch_each_other(store: Store) -> None:
    for name in ("a", "b", "a"):
        store.write_now(lambda conn, name=name: log.append(conn, name, "test", {}, 0))
    assert store.read_now(lambda conn: (log.size(conn, "a"), log.size(conn, "b"), log.size(conn, "c"))) == (2, 1, 0)
    assert store.read_now(lambda conn: log.find(conn, "a", 2)) is None


@pytest.mark.parametrize("size", [1, 255, 256, 257, 512, 1_000])
def test_the_stored_tree_is_the_tree_of_the_leaves(store: Store, fill: Callable[[int], None], size: int) -> None:
    fill(size)

    def check(conn: Connection) -> None:
        leaves = [entry.leaf for entry in log.entries(conn, LOG)]
        grown = tree.Frontier()
        for leaf in leaves:
            grown.push(leaf)
        node = log.reader(conn, LOG)
        root = log.root(conn, LOG, size)
        assert root == grown.root()
        for index in {0, size // 2, size - 1}:
            path = tree.inclusion_proof(index, size, node)
            assert tree.root_by_inclusion(leaves[index], index, size, path) == root
        for old in {1, size // 2 or 1, size}:
            proof = tree.consistency_proof(old, size, node)
            assert tree.is_consistent(old, size, log.root(conn, LOG, old), root, proof)

    store.read_now(check)


def test_what_rolls_back_leaves_no_gap(store: Store, fill: Callable[[int], None]) -> None:
    def torn(conn: Connection) -> None:
        log.append(conn, LOG, "test", {}, 0)
        raise ValueError("power")

    fill(255)
    gate = store.submit(lambda conn: log.append(conn, LOG, "test", {}, 0))
    with pytest.raises(ValueError, match="power"):
        store.write_now(torn)
    assert gate.result().index == 255
    assert store.read_now(lambda conn: log.size(conn, LOG)) == 256


def test_a_missing_hash_is_named(store: Store, fill: Callable[[int], None]) -> None:
    fill(300)
    store.write_now(lambda conn: conn.execute(text("DROP TRIGGER audit_node_no_delete")))
    store.write_now(lambda conn: conn.execute(text("DELETE FROM audit_node")))
    with pytest.raises(MalformedError, match="audit verify"):
        store.read_now(lambda conn: log.root(conn, LOG, 300))


def test_what_cannot_be_told_exactly_is_refused(store: Store) -> None:
    with pytest.raises(MalformedError):
        store.write_now(lambda conn: log.append(conn, LOG, "test", {"when": object()}, 0))
    with pytest.raises(MalformedError, match="over the limit"):
        store.write_now(lambda conn: log.append(conn, LOG, "test", {"big": b"x" * 2_000_000}, 0))
