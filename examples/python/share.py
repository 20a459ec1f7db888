#!/usr/bin/python3
"""Two organisations share a file: two whole nodes in this one process, told step by step.

    make build && examples/python/share.py

Read it from top to bottom, or paste it into a notebook part by part (`# %%` begins one). Everything is in a temporary
folder.
"""

# %% The module is where the build puts it; `pip install .` puts it where Python looks anyway.
import hashlib
import os
import secrets
import socket
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

build = Path(__file__).resolve().parents[2] / "build" / "python"
if build.is_dir():
    sys.path.insert(0, str(build))

import drawbridge  # noqa: E402


def tell(what: str, text: object) -> None:
    print(f"   {what:12} {text}")


def chapter(text: str) -> None:
    print(f"\n{text}")


# %% A configuration is a list of components. This one is what `drawbridge init` writes, without the REST interfaces.
CONFIG = """
node: {{name: {name}, data: {home}}}
log: {{level: warning}}
storage:
  main: {{plugin: storage.rocksdb, path: "${{node.data}}/db"}}
ciphers:
  suite: {{plugin: cipher.fernet}}
services:
  keyring: {{plugin: service.keyring, records: main, key_file: "${{node.data}}/keys.json",
            password_file: "${{node.data}}/master.pw"}}
  identity: {{plugin: service.identity, records: main, addresses: ["127.0.0.1:{port}"]}}
  assets: {{plugin: service.assets, records: main, blobs: main}}
transports:
  transport: {{plugin: transport.tls, listen: "127.0.0.1:{port}"}}
chains:
  ledger: {{plugin: chain.local, records: main}}
keepers:
  keeper: {{plugin: keeper.owner, records: main}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_node(folder: Path, name: str) -> drawbridge.Node:
    home = folder / name
    home.mkdir(mode=0o700)
    password = home / "master.pw"
    password.touch(mode=0o600)
    password.write_text(secrets.token_urlsafe(24))
    text = CONFIG.format(name=name, home=home, port=free_port())
    return drawbridge.Node(home / "node.yaml", text=text)


def story(folder: Path) -> None:
    # %%
    chapter("Two nodes in one process")
    with make_node(folder, "alice") as alice, make_node(folder, "bob") as bob:
        for node in (alice, bob):
            tell(node.name, f"{node.identity.node_id[:21]}…  {len(node.status())} components")

        # %% They exchange cards: signed files with their public keys.
        alice.identity.add_peer(bob.identity.card)
        bob.identity.add_peer(alice.identity.card)
        tell("peers", f"alice knows {alice.identity.peers()[0].name}, bob knows {bob.identity.peers()[0].name}")

        # %%
        chapter("Alice shares a file with bob, for two hours")
        scan = folder / "scan.bin"
        scan.write_bytes(os.urandom(8 << 20))
        shared = alice.assets.share(scan, to="bob", type="application/octet-stream", expires=timedelta(hours=2))
        tell("asset", f"{shared.asset[:28]}…  the hash of the sealed envelope")
        tell("event", f"0x{shared.event.leaf.hex()[:20]}…  number {shared.event.index} of alice's ledger")

        # %%
        chapter("Bob opens it")
        content = bob.assets.get(shared.asset)
        same = hashlib.sha256(content).digest() == hashlib.sha256(scan.read_bytes()).digest()
        tell("content", f"{len(content):,} bytes, {'the same' if same else 'NOT THE SAME'}")
        with bob.assets.open(shared.asset) as file:
            file.seek(1 << 20)
            tell("a part", f"16 bytes from the second MiB: {file.read(16).hex()}")
            tell("sealed name", file.info.name)

        # %%
        chapter("What happened can be proved, without the node")
        proof = alice.assets.proof(shared.asset)
        checkpoint, event = drawbridge.check_proof(proof, alice.identity.node_id, alice.identity.node_key)
        tell("proof", f"event {event.index} ({event.type}) is in the log of {checkpoint.size} that alice signed")
        try:
            drawbridge.check_proof(proof, bob.identity.node_id, bob.identity.node_key)
        except drawbridge.Forbidden as error:
            tell("with bob's key", f"refused: {error.message}")

        # %%
        chapter("Alice changes her mind")
        alice.assets.revoke(shared.asset)
        try:
            bob.assets.get(shared.asset)
        except drawbridge.Gone as error:
            tell("bob again", f"{type(error).__name__}: {error.message}")
        tell("ledger", ", ".join(event.type for event in alice.ledger))

    # %% A plugin needs no node. Here is a storage as a dict; the same for ciphers, ledgers and the rest.
    chapter("One plugin alone")
    with drawbridge.storage("storage.rocksdb", path=folder / "alone") as store:
        with store.batch() as batch:
            batch.expect_absent(b"greeting")
            batch[b"greeting"] = b"hello"
        tell("store", dict(store.items()))

    if not same:
        sys.exit("the content came back different")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="drawbridge-share-") as temporary:
        story(Path(temporary))
