"""A cipher suite, a ledger, a keeper and an API. The first two stand on plugins of the node."""

import asyncio

import drawbridge
from drawbridge import Forbidden, NotFound, Option, Response, Route


class Hasher(drawbridge.Hasher):
    def __init__(self, hasher):
        self.hasher = hasher

    def update(self, content):
        self.hasher.update(content)

    def finish(self):
        return self.hasher.finish()


class ChunkCipher(drawbridge.ChunkCipher):
    def __init__(self, cipher):
        self.cipher = cipher

    def sealed_size(self, plain_size):
        return self.cipher.sealed_size(plain_size)

    def seal(self, index, last, plain):
        return self.cipher.seal(index, last, plain)

    def open(self, index, last, sealed):
        return self.cipher.open(index, last, sealed)

    def portable_key(self, index, last):
        return self.cipher.portable_key(index, last)


class Suite(drawbridge.CipherSuite):
    """cipher.fernet, through Python."""

    def __init__(self):
        self.fernet = drawbridge.cipher("cipher.fernet")

    def stop(self):
        self.fernet.close()

    @property
    def suite(self):
        return self.fernet.suite

    @property
    def address_prefix(self):
        return self.fernet.address_prefix

    def algorithms(self):
        return self.fernet.algorithms()

    def hasher(self):
        return Hasher(self.fernet.hasher())

    def chunk_cipher(self, data_key, header):
        return ChunkCipher(self.fernet.chunk_cipher(data_key, header))

    def seal_small(self, key, context, plain):
        return self.fernet.seal_small(key, context, plain)

    def open_small(self, key, context, sealed):
        return self.fernet.open_small(key, context, sealed)

    def generate_encryption_keys(self):
        return self.fernet.generate_encryption_keys()

    def wrap(self, public_key, context, data_key):
        return self.fernet.wrap(public_key, context, data_key)

    def unwrap(self, private_key, context, wrapped):
        return self.fernet.unwrap(private_key, context, wrapped)

    def generate_signature_keys(self):
        return self.fernet.generate_signature_keys()

    def sign(self, private_key, message):
        return self.fernet.sign(private_key, message)

    def verify(self, public_key, message, signature):
        return self.fernet.verify(public_key, message, signature)

    def password_parameters(self):
        return self.fernet.password_parameters()

    def derive(self, password, salt, parameters):
        return self.fernet.derive(password, salt, parameters)


class Ledger(drawbridge.Ledger):
    """chain.local with an identity of its own, through Python."""

    options = {"password_file": Option.path("The password of its keys.")}

    def __init__(self, password_file):
        self.parts = []
        self.store = self.part(drawbridge.storage("storage.memory"))
        self.cipher = self.part(drawbridge.cipher("cipher.fernet"))
        self.keyring = self.part(drawbridge.component(
            "service.keyring", records=self.store, suite=self.cipher, password_file=password_file,
            key_file=password_file.with_suffix(".keys")))
        self.identity = self.part(drawbridge.component(
            "service.identity", name="ledger", records=self.store, suite=self.cipher, keyring=self.keyring))
        self.chain = self.part(drawbridge.ledger("chain.local", records=self.store, identity=self.identity))

    def part(self, made):
        self.parts.insert(0, made)
        return made

    def stop(self):
        for part in self.parts:
            part.close()

    def append(self, draft):
        return self.chain.append(draft)

    def checkpoint(self):
        return self.chain.checkpoint()

    def head(self):
        return self.chain.head()

    def event(self, index):
        return self.chain.event(index)

    def events(self, start, limit):
        return self.chain.events(start, limit)

    def find(self, subject):
        return self.chain.find(subject)

    def proof(self, index, with_opening):
        return self.chain.proof(index, with_opening)

    def consistency(self, size1, size2):
        return self.chain.consistency(size1, size2)

    def audit(self):
        return self.chain.audit()


class Keeper(drawbridge.Keeper):
    """Keeps keys as they are: good for nothing but a test."""

    def __init__(self):
        self.keys = {}

    @property
    def keeper(self):
        return "toy"

    def entrust(self, grant, data_key):
        assert len(data_key) == 32
        self.keys[grant.asset, grant.grantee] = bytes(data_key)
        return None if "before" in str(grant.policy) else b"wrapped:" + bytes(data_key)

    def release(self, asset, grantee):
        key = self.keys.get((asset, grantee), NotFound)
        if key is NotFound:
            raise NotFound("no such asset here")
        if key is None:
            raise drawbridge.Gone("revoked")
        return b"wrapped:" + key

    def revoke(self, asset, grantee):
        if (asset, grantee) not in self.keys:
            raise NotFound("no such grant")
        self.keys[asset, grantee] = None


class Api(drawbridge.Api):
    options = {"greeting": Option.text("What it says.", "hello")}

    def __init__(self, greeting):
        self.greeting = greeting

    def routes(self):
        return [Route("GET", "/hello/{name}", self.hello, auth=False),
                Route("POST", "/echo", self.echo, auth=False),
                Route("GET", "/raw", lambda request: b"\x00\xff", auth=False),
                Route("GET", "/nothing", lambda request: None, auth=False),
                Route("GET", "/refused", self.refused, auth=False),
                Route("GET", "/broken", self.broken, auth=False),
                Route("GET", "/odd", lambda request: object(), auth=False)]

    async def hello(self, request):
        await asyncio.sleep(0)
        return {self.greeting: request.parameters["name"], "query": request.query}

    def echo(self, request):
        return Response(request.json(), 201, headers={"X-Kind": request.headers["content-type"]})

    def refused(self, request):
        raise Forbidden("not for you")

    def broken(self, request):
        return self.no_such_thing
