"""The server's side of HTTP/1, written by hand, so that an answer can go wrong wherever a test wants."""

import asyncio
import json
import socket
import struct


class ClientGone(Exception):
    """Whoever asked has closed the connection."""


class Reader(asyncio.StreamReader):
    """A reader that knows when its peer has gone, also while nobody reads."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.gone = asyncio.Event()

    def feed_eof(self):
        super().feed_eof()
        self.gone.set()

    def set_exception(self, exception):
        super().set_exception(exception)
        self.gone.set()


class Wire:
    """One answer on a connection, and whether whoever asked is still there."""

    line_end = b"\n"

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def wait(self, seconds):
        """Waits as long as somebody waits for the answer."""
        if seconds > 0:
            try:
                async with asyncio.timeout(seconds):
                    await self.reader.gone.wait()
            except TimeoutError:
                return
        if self.reader.gone.is_set():
            raise ClientGone

    async def raw(self, data):
        if self.reader.gone.is_set():
            raise ClientGone
        self.writer.write(b"%x\r\n" % len(data) + data + b"\r\n")
        await self.writer.drain()

    async def begin(self, bom=False):
        self.writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
                          b"transfer-encoding: chunked\r\n\r\n")
        if bom:
            await self.raw(b"\xef\xbb\xbf")

    async def event(self, content):
        text = content if isinstance(content, str) else json.dumps(content, separators=(",", ":"))
        await self.raw(b"data: " + text.encode() + self.line_end * 2)
        # Others have their turn.
        await asyncio.sleep(0)

    async def trickle(self, content):
        for byte in b"data: " + json.dumps(content).encode() + b"\n\n":
            await self.raw(bytes([byte]))

    async def comment(self):
        await self.raw(b": still here" + self.line_end * 2)

    async def end(self):
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()
        return True

    async def json(self, status, content, headers=None):
        body = json.dumps(content).encode()
        return await self.reply(status, {"content-type": "application/json", **(headers or {})}, body)

    async def reply(self, status, headers, body):
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.writer.write(f"HTTP/1.1 {status} Status\r\n{lines}content-length: {len(body)}\r\n\r\n".encode() + body)
        await self.writer.drain()
        return True

    def reset(self):
        """Breaks off so that the peer sees a reset."""
        handle = self.writer.get_extra_info("socket")
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
