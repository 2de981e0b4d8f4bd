"""Bodies that no client should send, in their bytes: each gets its error in OpenAI's form, and the server lives."""

import asyncio
import gzip
import json
import time
import unittest

from figures import LONG, figure
from malformed import QUESTION, Malformed
from raw_http import CHAT, Connection, ask, question, request
from server import PATIENCE


class Bodies(Malformed):
    async def test_text_that_is_no_json(self):
        whole = QUESTION
        bodies = {
            "empty": b"",
            "spaces": b" \n",
            "a word": b"hello",
            "cut": whole[:-1],
            "two": whole + whole,
            "deep": b"[" * 10_000,
            "deep and whole": b"[" * 10_000 + b"]" * 10_000,
            "deep object": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
            "nan": b'{"model": NaN}',
            "infinity": b'{"model": -Infinity}',
            "mark": b"\xef\xbb\xbf" + whole,
            "utf-16": whole.decode().encode("utf-16"),
            "utf-16 without mark": whole.decode().encode("utf-16-le"),
            "utf-32": whole.decode().encode("utf-32"),
            "no utf-8": b'{"model": "\xff\xfe"}',
            "overlong": b'{"model": "\xc0\xaf"}',
            "surrogate in utf-8": b'{"model": "\xed\xa0\x80"}',
            "half a pair": b'{"model": "\\ud800"}',
            "pair the wrong way": b'{"model": "\\udc00\\ud800"}',
            "nul": b'{"model": "\0"}',
            "nul outside": whole + b"\0",
            "line break": b'{"model": "a\nb"}',
            "single quotes": b"{'model': 1}",
            "comma": b'{"model": 1,}',
            "comment": b'{"model": 1} // that',
            "hexadecimal": b'{"max_tokens": 0x10}',
            "plus": b'{"max_tokens": +1}',
            "leading zero": b'{"max_tokens": 01}',
            "escape": b'{"model": "\\x41"}',
            "form": b"model=a&messages=b",
        }
        for name, body in bodies.items():
            with self.subTest(name):
                await self.refuses_body(body, 400, code="invalid_json")

    async def test_json_that_is_no_request(self):
        bodies = {
            b"null": None,
            b"[]": None,
            b"1": None,
            b'"text"': None,
            b"{}": "model",
            b'{"model": 1}': "model",
            b'{"model": "braid-puzzles"}': "messages",
            b'{"model": "braid-puzzles", "messages": {}}': "messages",
            b'{"model": "braid-puzzles", "messages": []}': "messages",
            b'{"model": "braid-puzzles", "messages": [1]}': "messages[0]",
            b'{"model": "braid-puzzles", "messages": [[[[]]]]}': "messages[0]",
        }
        for body, param in bodies.items():
            with self.subTest(body):
                await self.refuses_body(body, 400, param=param)

    async def test_much(self):
        limit = 8 << 20
        long_word = json.dumps(question("x" * (limit - 1000))).encode()
        members = b'{"model": "braid-puzzles", ' + b",".join(b'"%x":0' % number for number in range(700_000)) + b"}"
        self.assertLess(len(members), limit)
        for name, body, status in [
            ("ten megabytes of text", json.dumps(question("x" * (10 << 20))).encode(), 413),
            ("a million members", b"{" + b",".join(b'"%06d":0' % number for number in range(1_000_000)) + b"}", 413),
            ("seven hundred thousand members", members, 400),
            ("a word as long as may be", long_word, 400),
            ("words as long as may be", json.dumps(question("ab " * (limit // 3 - 1000))).encode(), 400),
            ("numbers as long as may be", json.dumps(question("7" * (limit - 1000))).encode(), 400),
            ("brackets", b"[" * (limit - 1), 400),
        ]:
            with self.subTest(name):
                began = time.monotonic()
                await self.refuses_body(body, status)
                figure("E.6 12 " + name, status=status, seconds=round(time.monotonic() - began, 2))

    async def test_long_texts_keep_nobody_waiting(self):
        text = "7 + " * ((2 << 20) - 1000)
        bodies = [
            ("/tokenize", {"prompt": text}),
            ("/v1/completions", {"model": "braid-puzzles", "prompt": text}),
            (CHAT, question(text)),
            ("/v1/responses", {"model": "braid-puzzles", "input": text}),
        ]
        waiting = asyncio.gather(*(ask(self.server.port, "POST", path, body) for path, body in bodies))
        latencies = []
        while not waiting.done():
            began = time.monotonic()
            self.assertEqual((await ask(self.server.port, "GET", "/health")).status, 200)
            latencies.append(time.monotonic() - began)
            await asyncio.sleep(0.02)
        self.assertEqual([answer.status for answer in await waiting], [200, 400, 400, 400])
        for answer in (await waiting)[1:]:
            self.assertEqual(answer.error["code"], "context_length_exceeded")
        figure("long texts", bytes=len(text), health_most_ms=round(1000 * max(latencies), 1))
        if LONG:
            self.assertLess(max(latencies), 1)

    async def test_many_large_bodies(self):
        count = 500 if LONG else 48
        memory = self.server.rss()
        connections = [await Connection.open(self.server.port) for _ in range(count)]

        # All but its last byte.
        spaces = b" " * ((8 << 20) - 1)

        async def fill(connection):
            await connection.send(request("POST", CHAT, content_length=str(8 << 20)))
            await connection.send(spaces)

        sending = [asyncio.create_task(fill(connection)) for connection in connections]
        answers = [asyncio.create_task(connection.answer()) for connection in connections]
        # Those that came last are refused, the others are waited for.
        await asyncio.wait(answers, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait(sending, timeout=5)
        held = self.server.rss() - memory
        self.assertEqual((await ask(self.server.port, "GET", "/health")).status, 200)
        for connection in connections:
            connection.abort()
        ended = await asyncio.gather(*sending, *answers, return_exceptions=True)
        refused = [answer for answer in ended if getattr(answer, "status", None) == 503]
        self.assertTrue(refused)
        for answer in refused:
            self.assert_error(answer, 503, code="server_is_overloaded")
        self.assertLess(held, 1 << 30)
        self.assertEqual((await self.send(request("POST", CHAT, QUESTION))).status, 200)
        figure("many large bodies", connections=count, refused=len(refused), held_mib=round(held / 2**20))

    async def test_the_last_of_equal_names_counts(self):
        body = b'{"model": "nobody", "messages": 1,' + QUESTION[1:]
        self.assertEqual((await self.send(request("POST", CHAT, body))).status, 200)

    async def test_what_is_told_of_a_body_may_be_wrong(self):
        for type in (
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json; charset=latin1",
            "",
            "nonsense",
        ):
            with self.subTest(type):
                answer = await ask(self.server.port, "POST", CHAT, QUESTION, content_type=type)
                self.assertEqual(answer.status, 200)
        form = request("POST", CHAT, QUESTION, content_type="multipart/form-data; boundary=x")
        await self.refuses(form, 415, code="unsupported_media_type")
        bomb = gzip.compress(b" " * (64 << 20))
        for encoding in ("gzip", "deflate", "br", "gzip, identity"):
            with self.subTest(encoding):
                await self.refuses(request("POST", CHAT, bomb, content_encoding=encoding), 415)


if __name__ == "__main__":
    unittest.main()
