"""A chat service that writes long answers as fast as anybody reads them."""

import asyncio
import json

from listener import Listener
from wire import Wire

MODEL = "flood"
WORD = "w" * 6000


class Flood(Listener):
    """A question says how much it wants: `short`, `flood` for some megabytes, `spill` for more than anybody reads."""

    WORDS = {"short": 3, "flood": 1200, "spill": 1 << 20}

    model = MODEL

    def __init__(self):
        # Answers that are being written.
        self.writing = 0
        super().__init__()

    def question(self, text, model=None):
        return {"model": model or MODEL, "messages": [{"role": "user", "content": text}]}

    async def exchange(self, reader, writer):
        wire = Wire(reader, writer)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = head.partition("content-length: ")[2].partition("\r\n")[0]
        body = await reader.readexactly(int(length or 0))
        if "/models " in head.partition("\r\n")[0]:
            card = {"id": MODEL, "object": "model", "created": 1, "owned_by": "flood", "max_model_len": 1 << 20}
            return await wire.json(200, {"object": "list", "data": [card]})
        if "/chat/completions " not in head.partition("\r\n")[0]:
            return await wire.json(404, {"error": {"message": "no such address"}})
        asked = json.loads(body)
        text = asked["messages"][-1]["content"]
        words = next((count for name, count in self.WORDS.items() if name in text), 3)
        if not asked.get("stream"):
            choice = {"index": 0, "message": {"role": "assistant", "content": "w " * 3}, "finish_reason": "stop"}
            return await wire.json(200, {**HEAD, "choices": [choice], "usage": USAGE})
        self.writing += 1
        try:
            await self.stream(writer, words)
        finally:
            self.writing -= 1
        return True

    async def stream(self, writer, words):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        word = chunk({"choices": [{"index": 0, "delta": {"content": f"{WORD} "}, "finish_reason": None}]})
        for _ in range(words):
            writer.write(word)
            await writer.drain()
            await asyncio.sleep(0)
        writer.write(chunk({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}))
        writer.write(chunk({"choices": [], "usage": USAGE}) + framed(b"data: [DONE]\n\n") + b"0\r\n\r\n")
        await writer.drain()


HEAD = {"id": "chatcmpl-flood", "object": "chat.completion.chunk", "created": 1, "model": MODEL}
USAGE = {"prompt_tokens": 1, "completion_tokens": 3, "total_tokens": 4}


def chunk(content):
    return framed(b"data: " + json.dumps({**HEAD, **content}).encode() + b"\n\n")


def framed(data):
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"
