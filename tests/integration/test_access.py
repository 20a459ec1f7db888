"""Who may open, and when: policies over time, revocation, and nodes that are away."""

import pytest
import requests

from nodes import in_seconds, introduce, until


def test_a_known_node_without_a_grant(trio):
    data_hash = trio.alice.share("for bob only", "bob")["data_hash"]
    answer = trio.mallory.get(f"/data/{data_hash}")
    assert answer.status_code == 403
    assert answer.json()["error"]
    assert "for bob only" not in answer.text
    assert trio.mallory.raw(data_hash).status_code == 403
    assert trio.mallory.find(data_hash) is None


def test_a_grantee_of_one_asset_is_none_of_another(trio):
    hers = trio.alice.share("hers", "mallory")["data_hash"]
    his = trio.alice.share("his", "bob")["data_hash"]
    assert trio.mallory.text(hers) == "hers"
    assert trio.mallory.status_of(his) == 403


def test_a_node_that_knows_nobody(trio, make_node):
    data_hash = trio.alice.share("for bob only", "bob")["data_hash"]
    stranger = make_node("stranger").start()
    assert stranger.status_of(data_hash) == 404


def test_expiry(trio):
    data_hash = trio.alice.share("not for long", "bob", expires_at=in_seconds(5))["data_hash"]
    assert trio.bob.text(data_hash) == "not for long"
    until(lambda: trio.bob.status_of(data_hash) == 410, "the grant has expired")
    assert trio.bob.raw(data_hash).status_code == 410
    assert trio.alice.find(data_hash)["state"] == "expired"


def test_revocation(trio):
    data_hash = trio.alice.share("a mistake", "bob")["data_hash"]
    assert trio.bob.text(data_hash) == "a mistake"
    trio.alice.cli("revoke", data_hash)
    until(lambda: trio.bob.status_of(data_hash) == 410, "bob's node knows")
    assert trio.alice.find(data_hash)["state"] == "revoked"
    assert "revoked" in [event["type"] for event in trio.alice.history(data_hash=data_hash)]
    assert trio.alice.verified(data_hash), "the sharing did happen, and stays proved"


def test_revocation_of_a_conditional_grant_is_immediate(trio):
    data_hash = trio.alice.share("a mistake", "bob", expires_at=in_seconds(3600))["data_hash"]
    assert trio.bob.text(data_hash) == "a mistake"
    trio.alice.revoke(data_hash)
    assert trio.bob.status_of(data_hash) == 410


def test_only_the_owner_revokes(trio):
    data_hash = trio.alice.share("mine", "bob")["data_hash"]
    assert trio.bob.text(data_hash) == "mine"
    done = trio.bob.try_cli("revoke", data_hash)
    assert done.returncode != 0
    assert done.stderr.startswith("error:")
    assert trio.bob.request("DELETE", f"/data/{data_hash}").status_code == 403
    assert trio.bob.text(data_hash) == "mine"


def test_revoking_twice_is_fine(trio):
    data_hash = trio.alice.share("twice", "bob")["data_hash"]
    trio.alice.cli("revoke", data_hash)
    trio.alice.cli("revoke", data_hash)


def test_the_owner_is_away(pair):
    """An unconditional grant has all that is needed with it; a conditional one waits for the owner."""
    free = pair.alice.share("take it", "bob")["data_hash"]
    bound = pair.alice.share("ask me", "bob", expires_at=in_seconds(3600))["data_hash"]
    for data_hash in (free, bound):
        until(lambda: (item := pair.bob.find(data_hash)) and item["delivery"] == "stored", "it is stored at bob's")
    pair.alice.stop()
    assert pair.bob.text(free) == "take it"
    answer = pair.bob.get(f"/data/{bound}")
    assert answer.status_code == 503, answer.text
    pair.alice.start()
    until(lambda: pair.bob.status_of(bound) == 200, "bob's node reaches alice again")
    assert pair.bob.text(bound) == "ask me"


def test_the_recipient_is_away(pair):
    """A share is accepted and delivered when the recipient is back, even if the owner restarts in between."""
    pair.bob.stop()
    data_hash = pair.alice.share("for later", "bob")["data_hash"]
    assert pair.alice.find(data_hash)["delivery"] == "pending"
    pair.alice.stop()
    pair.alice.start()
    pair.bob.start()
    until(lambda: pair.bob.status_of(data_hash) == 200, "it is delivered")
    assert pair.bob.text(data_hash) == "for later"
    until(lambda: pair.alice.find(data_hash)["delivery"] == "delivered", "alice knows that it is delivered")


def test_a_revocation_reaches_a_node_that_was_away(pair):
    data_hash = pair.alice.share("too late", "bob")["data_hash"]
    until(lambda: pair.bob.find(data_hash), "bob has it")
    pair.bob.stop()
    pair.alice.cli("revoke", data_hash)
    pair.bob.start()
    until(lambda: pair.bob.status_of(data_hash) == 410, "bob's node is told")


def test_an_unreachable_peer_does_not_hold_up_a_share(make_node):
    alice, bob = make_node("alice"), make_node("bob")
    introduce(alice, bob)
    alice.start()
    answer = alice.share("nobody there", "bob")
    assert answer["status"] == "shared"
    assert answer["compliance"]["recorded"] is True


def test_a_revoked_api_key_is_over_at_once(trio):
    made = trio.alice.cli("apikey", "create", "guest", "--scope", "read")
    assert trio.alice.get("/data/list", key=made["key"]).status_code == 200
    assert made["id"] in {key["id"] for key in trio.alice.cli("apikey", "list")["keys"]}
    trio.alice.cli("apikey", "revoke", made["id"])
    assert trio.alice.get("/data/list", key=made["key"]).status_code == 401
    listing = trio.alice.try_cli("--json", "apikey", "list").stdout
    assert made["key"] not in listing


def test_a_stopped_node_is_away(pair):
    pair.alice.stop()
    with pytest.raises(requests.ConnectionError):
        pair.alice.get("/health")
