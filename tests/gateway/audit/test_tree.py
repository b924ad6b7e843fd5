"""RFC 9162 §2.1 against the published RFC 6962 test vectors and against its definition."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sallyport_gateway.audit import tree

# Inputs, roots and paths of the Certificate Transparency reference implementation (merkle_tree_test.cc).
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [tree.leaf_hash(entry) for entry in INPUTS]


def _node(leaves: list[bytes]) -> tree.Node:
    return lambda level, index: tree.subtree(leaves[index << level : (index + 1) << level])


def _mth(entries: list[bytes]) -> bytes:
    """The definition, word for word."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return sha256(b"\x01" + _mth(entries[:k]) + _mth(entries[k:])).digest()


def test_published_roots() -> None:
    assert tree.EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    grown = tree.Frontier()
    assert grown.root() == tree.EMPTY
    for size, (leaf, expected) in enumerate(zip(LEAVES, ROOTS, strict=True), 1):
        grown.push(leaf)
        assert grown.root().hex() == expected
        assert tree.root(size, _node(LEAVES)).hex() == expected


@pytest.mark.parametrize(
    "index, size, path",
    [
        (0, 1, []),
        (
            0,
            8,
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
        (
            1,
            5,
            [
                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ],
)
def test_published_inclusion_paths(index: int, size: int, path: list[str]) -> None:
    proof = tree.inclusion_proof(index, size, _node(LEAVES))
    assert [step.hex() for step in proof] == path
    assert tree.root_by_inclusion(LEAVES[index], index, size, proof) == bytes.fromhex(ROOTS[size - 1])


@pytest.mark.parametrize(
    "old, new, path",
    [
        (1, 1, []),
        (
            1,
            8,
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            [
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ],
)
def test_published_consistency_paths(old: int, new: int, path: list[str]) -> None:
    proof = tree.consistency_proof(old, new, _node(LEAVES))
    assert [step.hex() for step in proof] == path
    roots = [bytes.fromhex(text) for text in ROOTS]
    assert tree.is_consistent(old, new, roots[old - 1], roots[new - 1], proof)


@given(st.integers(1, 300), st.data())
def test_every_proof_holds_and_no_other_root_does(size: int, data: st.DataObject) -> None:
    entries = [i.to_bytes(2, "big") for i in range(size)]
    leaves = [tree.leaf_hash(entry) for entry in entries]
    node, root = _node(leaves), _mth(entries)
    assert tree.root(size, node) == root
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    path = tree.inclusion_proof(index, size, node)
    assert tree.root_by_inclusion(leaves[index], index, size, path) == root
    assert tree.root_by_inclusion(tree.leaf_hash(b"forged"), index, size, path) != root
    proof = tree.consistency_proof(old, size, node)
    assert tree.is_consistent(old, size, _mth(entries[:old]), root, proof)
    assert not tree.is_consistent(old, size, tree.leaf_hash(b"forged"), root, proof)
    assert not tree.is_consistent(old, size, _mth(entries[:old]), tree.leaf_hash(b"forged"), proof)


def test_paths_of_the_wrong_shape_lead_nowhere() -> None:
    path = tree.inclusion_proof(2, 8, _node(LEAVES))
    root = bytes.fromhex(ROOTS[7])
    assert tree.root_by_inclusion(LEAVES[2], 8, 8, path) is None
    assert tree.root_by_inclusion(LEAVES[2], 2, 8, path[:-1]) is None
    assert tree.root_by_inclusion(LEAVES[2], 2, 8, [*path, root]) is None
    assert not tree.is_consistent(0, 8, tree.EMPTY, root, [])
    assert not tree.is_consistent(3, 8, bytes.fromhex(ROOTS[2]), root, [])
    assert not tree.is_consistent(9, 8, root, root, path)
