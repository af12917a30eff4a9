import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree, verify_consistency, verify_inclusion

from nightlatch.journal import tree
from tests.unit.journal import reference

LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The published roots of the first 0 to 8 of these leaves (Certificate Transparency's own tests)."""
A, B = (
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
)
C, D = (
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
)
E, F = (
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
)
INCLUSIONS = [(0, 8, [A, B, C]), (5, 8, [D, E, ROOTS[4]]), (2, 3, [ROOTS[2]]), (1, 5, [ROOTS[1], B, D])]
CONSISTENCIES = [(1, 1, []), (1, 8, [A, B, C]), (6, 8, [F, E, ROOTS[4]]), (2, 5, [B, D])]

some_leaves = st.lists(st.binary(max_size=12), min_size=1, max_size=70)


def node_of(leaves: list[bytes]) -> tree.NodeReader:
    return lambda height, index: reference.mth(leaves[index << height : (index + 1) << height])


def hexed(path: list[bytes]) -> list[str]:
    return [one.hex() for one in path]


@pytest.mark.parametrize("size", range(9))
def test_the_published_roots_of_eight_leaves_come_out(size: int) -> None:
    assert reference.mth(LEAVES[:size]).hex() == ROOTS[size]
    assert tree.root(size, node_of(LEAVES)).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size", "path"), INCLUSIONS)
def test_the_published_inclusion_proofs_come_out_and_hold(index: int, size: int, path: list[str]) -> None:
    made = tree.inclusion(index, size, node_of(LEAVES))
    assert hexed(made) == path
    found = tree.root_by_inclusion(tree.leaf_hash(LEAVES[index]), index, size, made)
    assert found is not None and found.hex() == ROOTS[size]


@pytest.mark.parametrize(("old", "new", "path"), CONSISTENCIES)
def test_the_published_consistency_proofs_come_out_and_hold(old: int, new: int, path: list[str]) -> None:
    made = tree.consistency(old, new, node_of(LEAVES))
    assert hexed(made) == path
    assert tree.consistent(old, bytes.fromhex(ROOTS[old]), new, bytes.fromhex(ROOTS[new]), made)


@given(some_leaves)
def test_a_frontier_leads_to_the_root_that_the_definition_gives(leaves: list[bytes]) -> None:
    frontier = tree.Frontier()
    for size, leaf in enumerate(leaves, 1):
        frontier.push(tree.leaf_hash(leaf))
        assert tree.fold(frontier.roots) == reference.mth(leaves[:size])
    assert frontier.size == len(leaves)


@given(some_leaves, st.data())
def test_inclusion_proofs_are_those_of_the_definition_and_hold(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = tree.inclusion(index, len(leaves), node_of(leaves))
    assert path == reference.path(index, leaves)
    hashed = tree.leaf_hash(leaves[index])
    root = reference.mth(leaves)
    assert tree.root_by_inclusion(hashed, index, len(leaves), path) == root
    assert tree.root_by_inclusion(tree.leaf_hash(b"something longer"), index, len(leaves), path) != root
    assert tree.root_by_inclusion(hashed, index, len(leaves), [*path, root]) != root
    if path:
        assert tree.root_by_inclusion(hashed, index, len(leaves), path[:-1]) != root


@given(some_leaves, st.data())
def test_consistency_proofs_are_those_of_the_definition_and_hold(leaves: list[bytes], data: st.DataObject) -> None:
    old = data.draw(st.integers(1, len(leaves)))
    path = tree.consistency(old, len(leaves), node_of(leaves))
    assert path == reference.proof(old, leaves)
    was, now = reference.mth(leaves[:old]), reference.mth(leaves)
    assert tree.consistent(old, was, len(leaves), now, path)
    other = hashlib.sha256(b"other").digest()
    assert not tree.consistent(old, other, len(leaves), now, path)
    assert not tree.consistent(old, was, len(leaves), other, path)
    assert not tree.consistent(old, was, len(leaves), now, [*path, other])


@given(some_leaves)
def test_pymerkle_comes_to_the_same_roots_and_takes_the_same_proofs(leaves: list[bytes]) -> None:
    peer = InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        peer.append_entry(leaf)
    size = len(leaves)
    assert peer.get_root() == tree.root(size, node_of(leaves))
    root = tree.root(size, node_of(leaves))
    for index in {0, size // 2, size - 1}:
        theirs = peer.prove_inclusion(index + 1)
        verify_inclusion(tree.leaf_hash(leaves[index]), root, theirs)
        assert set(tree.inclusion(index, size, node_of(leaves))) <= set(theirs.path)
    old = (size + 1) // 2
    verify_consistency(tree.root(old, node_of(leaves)), root, peer.prove_consistency(old, size))


def test_there_is_no_proof_of_a_leaf_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="no leaf 8"):
        tree.inclusion(8, 8, node_of(LEAVES))
    with pytest.raises(ValueError, match="does not hold"):
        tree.consistency(9, 8, node_of(LEAVES))
    assert tree.root_by_inclusion(tree.leaf_hash(b""), 1, 1, []) is None
    assert not tree.consistent(3, tree.EMPTY, 2, tree.EMPTY, [])
