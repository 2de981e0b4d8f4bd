"""HTTP/1 written by hand, so that a test can send what no library would, and sees what really comes."""

import asyncio
import json
import socket
import unittest

from server import PATIENCE

# Where chat completions are asked for.
CHAT = "/v1/chat/completions"


class AsyncTest(unittest.IsolatedAsyncioTestCase):
    """Tests that talk on many connections at once; without asyncio's own debugging, which takes most of the time."""

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)


class Cut(Exception):
    """The connection ended before the answer did; `received` is what had come."""

    def __init__(self, received):
        super().__init__(f"cut after {received[-200:]!r}")
        self.received = received


class Answer:
    """One answer."""

    def __init__(self, version, status, fields, interim):
        self.version = version
        self.status = status
        self.fields = fields
        # Statuses of interim responses that came before it.
        self.interim = interim
        self.body = b""
        self.is_chunked = False

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        """The `error` object; None when there is none."""
        try:
            return self.json().get("error")
        except (ValueError, AttributeError):
            return None

    def events(self):
        """Name and data of each event."""
        return [event for event in map(parse_event, self.text.split("\n\n")) if event]


def parse_event(block):
    """Name and data of an event; None for a comment."""
    name, data = "message", []
    for line in block.split("\n"):
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            data.append(line[6:])
    return (name, "\n".join(data)) if data else None


class Connection:
    """One connection to a port of this machine."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port, receive_buffer=None, limit=1 << 16):
        """Connects; with `receive_buffer` the system keeps about so many unread bytes."""
        if receive_buffer is None:
            return cls(*await asyncio.open_connection("127.0.0.1", port, limit=limit))
        raw = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        raw.setblocking(False)
        await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", port))
        return cls(*await asyncio.open_connection(sock=raw, limit=limit))

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.close()

    def close(self):
        self.writer.close()

    def abort(self):
        """Ends the connection by a reset."""
        self.writer.transport.abort()

    def finish_sending(self):
        self.writer.write_eof()

    async def send(self, data):
        self.writer.write(data if isinstance(data, bytes) else data.encode())
        await asyncio.wait_for(self.writer.drain(), PATIENCE)

    async def ask(self, method, path, body=None, **fields):
        """Sends a request and reads its answer."""
        await self.send(request(method, path, body, **fields))
        return await self.answer(has_body=method != "HEAD")

    async def answer(self, has_body=True, patience=PATIENCE):
        """Reads one answer."""
        return await asyncio.wait_for(self._answer(has_body), patience)

    async def rest(self, patience=PATIENCE):
        """Reads until the server closes."""
        return await asyncio.wait_for(self.reader.read(-1), patience)

    async def _line(self):
        try:
            return (await self.reader.readuntil(b"\n")).rstrip(b"\r\n").decode("latin-1")
        except asyncio.IncompleteReadError as error:
            raise Cut(error.partial) from None
        except ConnectionError as error:
            raise Cut(repr(error).encode()) from None

    async def _exactly(self, count):
        try:
            return await self.reader.readexactly(count)
        except asyncio.IncompleteReadError as error:
            raise Cut(error.partial) from None
        except ConnectionError as error:
            raise Cut(repr(error).encode()) from None

    async def head(self):
        """Reads an answer up to its body, and the interim responses before it."""
        interim = []
        while True:
            line = await self._line()
            version, status, *_ = line.split(" ", 2)
            fields = {}
            while field := await self._line():
                name, _, value = field.partition(":")
                fields[name.lower()] = value.strip()
            if int(status) >= 200:
                return Answer(version, int(status), fields, interim)
            interim.append(int(status))

    async def chunks(self):
        """The pieces of a chunked body as they come."""
        while size := int((await self._line()).partition(";")[0], 16):
            yield await self._exactly(size)
            await self._line()
        await self._line()

    async def _answer(self, has_body):
        answer = await self.head()
        if not has_body or answer.status in (204, 304):
            return answer
        if "content-length" in answer.fields:
            answer.body = await self._exactly(int(answer.fields["content-length"]))
        elif answer.fields.get("transfer-encoding") == "chunked":
            answer.is_chunked = True
            pieces = bytearray()
            async for piece in self.chunks():
                pieces += piece
            answer.body = bytes(pieces)
        else:
            answer.body = await self.reader.read(-1)
        return answer


def request(method, path, body=None, **fields):
    """The bytes of a request; underscores in names of fields stand for hyphens. A body that is no bytes is JSON."""
    head = {"host": "localhost"}
    if body is not None:
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        head["content-type"] = "application/json"
        head["content-length"] = str(len(body))
    head.update({name.replace("_", "-"): value for name, value in fields.items()})
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items() if value is not None)]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


async def ask(port, method, path, body=None, patience=PATIENCE, **fields):
    """Asks on a connection of its own."""
    async with await Connection.open(port) as connection:
        await connection.send(request(method, path, body, **fields))
        return await connection.answer(has_body=method != "HEAD", patience=patience)


def bearer(key):
    """The field that carries a key."""
    return {"authorization": f"Bearer {key}"}


def question(text, **fields):
    """A chat request's body."""
    return {"model": "braid-puzzles", "messages": [{"role": "user", "content": text}], **fields}
