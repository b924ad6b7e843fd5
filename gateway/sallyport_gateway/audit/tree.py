"""The Merkle tree of RFC 9162 §2.1: hashes, roots, inclusion and consistency proofs. Pure.

A tree is read through `Node`: (level, index) -> hash of the complete subtree over the leaves
[index << level, (index + 1) << level). Level 0 are the leaf hashes.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

Node = Callable[[int, int], bytes]
EMPTY: Final = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """RFC 9162 §2.1.1: SHA-256(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 9162 §2.1.1: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A tree that only grows, held as the hashes of its complete subtrees from left to right."""

    def __init__(self) -> None:
        self.size = 0
        self._hashes: list[bytes] = []
        self._ended: list[bytes] = []

    def push(self, leaf: bytes) -> None:
        """Appends one leaf hash."""
        size = self.size
        ended = [leaf]
        while size & 1:
            leaf = node_hash(self._hashes.pop(), leaf)
            ended.append(leaf)
            size >>= 1
        self._hashes.append(leaf)
        self._ended = ended
        self.size += 1

    def complete(self, level: int) -> bytes:
        """The hash of the complete subtree over the last 2**level leaves; the size is a multiple of that."""
        return self._ended[level]

    def root(self) -> bytes:
        """The root over everything pushed so far."""
        return _folded(self._hashes)


def subtree(hashes: Sequence[bytes]) -> bytes:
    """The root over `hashes`, a power of two of them, already hashes of equal subtrees."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
    return hashes[0]


def root(size: int, node: Node) -> bytes:
    """MTH(D[0:size])."""
    return _range(0, size, node) if size else EMPTY


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """RFC 9162 §2.1.3.1: the path of leaf `index` in the tree of `size`, 0 <= index < size."""
    assert 0 <= index < size
    low, high, path = 0, size, []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_range(middle, high, node))
            high = middle
        else:
            path.append(_range(low, middle, node))
            low = middle
    return path[::-1]


def consistency_proof(old: int, new: int, node: Node) -> list[bytes]:
    """RFC 9162 §2.1.4.1: that the tree of `old` is a prefix of the tree of `new`, 0 < old <= new."""
    assert 0 < old <= new
    low, high, path, whole = 0, new, [], True
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(_range(middle, high, node))
            high = middle
        else:
            path.append(_range(low, middle, node))
            low, whole = middle, False
    return ([] if whole else [_range(low, high, node)]) + path[::-1]


def root_by_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """RFC 9162 §2.1.3.2: the root that `path` leads to, or None when the path does not fit index and size."""
    if not 0 <= index < size:
        return None
    place, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            found = node_hash(step, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, step)
        place, last = place >> 1, last >> 1
    return found if last == 0 else None


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """RFC 9162 §2.1.4.2: whether `path` shows the tree of `old` to be a prefix of the tree of `new`."""
    if old == new:
        return not path and old_root == new_root
    if not 0 < old < new or not path:
        return False
    steps = list(path) if old & (old - 1) else [old_root, *path]
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            second = node_hash(second, step)
        place, last = place >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _range(low: int, high: int, node: Node) -> bytes:
    """MTH(D[low:high]), where `low` is a multiple of the largest power of two in the range."""
    parts = []
    while low < high:
        level = (high - low).bit_length() - 1
        parts.append(node(level, low >> level))
        low += 1 << level
    return _folded(parts)


def _folded(parts: Sequence[bytes]) -> bytes:
    if not parts:
        return EMPTY
    found = parts[-1]
    for part in reversed(parts[:-1]):
        found = node_hash(part, found)
    return found
