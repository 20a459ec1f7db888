"""Fixtures: `make_node` for tests that break what they use, `trio` for those that only share and open."""

from types import SimpleNamespace

import pytest

from nodes import Node, introduce


@pytest.fixture
def make_node(tmp_path):
    """make_node("alice"): a node home of its own, not started. Whatever runs at the end is ended."""
    nodes = []

    def make(name, folder=None, **more):
        node = Node(folder or tmp_path, name, **more)
        nodes.append(node)
        return node

    yield make
    for node in nodes:
        node.kill()


@pytest.fixture
def pair(make_node):
    """alice and bob, who know each other, running; for one test."""
    alice, bob = make_node("alice"), make_node("bob")
    introduce(alice, bob)
    return SimpleNamespace(alice=alice.start(), bob=bob.start())


@pytest.fixture(scope="module")
def trio(tmp_path_factory):
    """alice, who knows bob and mallory, running. Shared by the tests of a file, so nobody stops them."""
    folder = tmp_path_factory.mktemp("trio")
    nodes = SimpleNamespace(**{name: Node(folder, name) for name in ("alice", "bob", "mallory")})
    introduce(nodes.alice, nodes.bob)
    introduce(nodes.alice, nodes.mallory)
    try:
        for node in vars(nodes).values():
            node.start()
        yield nodes
        for node in vars(nodes).values():
            node.stop()
    finally:
        for node in vars(nodes).values():
            node.kill()
