"""What no client should send, over real connections: each gets its error in OpenAI's form, and the server lives."""

import asyncio
import gzip
import json
import random
import time
import unittest

from figures import LONG, figure
from raw_http import AsyncTest, Connection, Cut, ask, question, request
from server import PATIENCE, Server

CHAT = "/v1/chat/completions"
SUM = question("12 + 34 = ?")
QUESTION = json.dumps(SUM).encode()


def setUpModule():
    global server
    server = Server("--queue", "1000")


def tearDownModule():
    status = server.close()
    assert status == 0, f"braid serve ended with {status}"


class Malformed(AsyncTest):
    def tearDown(self):
        self.assertTrue(server.is_alive(), f"the server ended with {server.status()}:\n{server.log_text()[-4000:]}")

    async def send(self, data, patience=PATIENCE):
        """Sends bytes, reading at the same time, and gives the first answer."""
        async with await Connection.open(server.port) as connection:
            sending = asyncio.create_task(connection.send(data))
            try:
                return await connection.answer(patience=patience)
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)

    def assert_error(self, answer, *statuses, param=None, code=None):
        self.assertIn(answer.status, statuses, answer.body[:500])
        self.assertIsNotNone(answer.error, answer.body[:500])
        self.assertEqual(answer.fields["content-type"], "application/json")
        self.assertEqual(set(answer.error), {"message", "type", "param", "code"})
        self.assertTrue(answer.error["message"])
        if param is not None:
            self.assertEqual(answer.error["param"], param)
        if code is not None:
            self.assertEqual(answer.error["code"], code)

    async def refuses(self, data, *statuses, **expected):
        self.assert_error(await self.send(data), *statuses, **expected)

    async def refuses_body(self, body, *statuses, path=CHAT, **expected):
        await self.refuses(request("POST", path, body), *statuses, **expected)


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
        waiting = asyncio.gather(*(ask(server.port, "POST", path, body) for path, body in bodies))
        latencies = []
        while not waiting.done():
            began = time.monotonic()
            self.assertEqual((await ask(server.port, "GET", "/health")).status, 200)
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
        memory = server.rss()
        connections = [await Connection.open(server.port) for _ in range(count)]

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
        held = server.rss() - memory
        self.assertEqual((await ask(server.port, "GET", "/health")).status, 200)
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
                answer = await ask(server.port, "POST", CHAT, QUESTION, content_type=type)
                self.assertEqual(answer.status, 200)
        form = request("POST", CHAT, QUESTION, content_type="multipart/form-data; boundary=x")
        await self.refuses(form, 415, code="unsupported_media_type")
        bomb = gzip.compress(b" " * (64 << 20))
        for encoding in ("gzip", "deflate", "br", "gzip, identity"):
            with self.subTest(encoding):
                await self.refuses(request("POST", CHAT, bomb, content_encoding=encoding), 415)


class Values(Malformed):
    """Numbers and lists that are too much, too little, or something else, by route and field."""

    RAW = {"model": "braid-puzzles", "prompt": "12", "max_tokens": 2}

    async def test_numbers(self):
        wrong = {
            "max_tokens": [
                "0",
                "-1",
                "-0",
                "0.1",
                "1e400",
                "4611686018427387904",
                "9223372036854775808",
                "18446744073709551616",
                '"5"',
                "true",
                "[]",
            ],
            "n": ["0", "-1", "1000000000", "1.5", "1e9", '"1"'],
            "temperature": ["-1", "1e9", "1e400", "-1e400", '"0"', "[0]"],
            "top_p": ["0", "-0.1", "1.1", '"1"'],
            "top_k": ["-5", "1.5", "9223372036854775808"],
            "min_p": ["-0.1", "2"],
            "repetition_penalty": ["0", "-1", "1e9"],
            "seed": ["9223372036854775808", "-9223372036854775809", "0.5", '"1"'],
        }
        for path, body in ((CHAT, SUM), ("/v1/completions", self.RAW)):
            for field, values in wrong.items():
                for value in values:
                    with self.subTest(path=path, field=field, value=value):
                        text = json.dumps({**body, field: "HERE"}).replace('"HERE"', value)
                        # What no number can hold is not JSON that anybody could read.
                        told = {"code": "invalid_json"} if "e400" in value else {"param": field}
                        await self.refuses_body(text.encode(), 400, path=path, **told)

    async def test_numbers_that_are_right(self):
        for field, value in [
            ("temperature", "-0"),
            ("temperature", "-0.0"),
            ("temperature", "1e-400"),
            ("seed", "-1"),
            ("seed", "-9223372036854775808"),
            ("max_tokens", "256.0"),
            ("max_tokens", "1e2"),
            ("top_k", "-1"),
            ("n", "null"),
        ]:
            with self.subTest(field=field, value=value):
                text = json.dumps({**SUM, field: "HERE"}).replace('"HERE"', value)
                self.assertEqual((await self.send(request("POST", CHAT, text.encode()))).status, 200)

    async def test_lists(self):
        for path, body in ((CHAT, SUM), ("/v1/completions", self.RAW)):
            for stop, param in [
                ([""], "stop[0]"),
                ("", "stop"),
                (["x"] * 10_000, "stop"),
                ([1], "stop[0]"),
                ("x" * 10_000, "stop"),
                ({}, "stop"),
            ]:
                with self.subTest(path=path, stop=str(stop)[:40]):
                    await self.refuses_body({**body, "stop": stop}, 400, path=path, param=param)
        many = [{"role": "user", "content": "1"}] * 5000
        await self.refuses_body({**SUM, "messages": many}, 400, param="messages")
        for text in ("", " \n "):
            await self.refuses_body(question(text), 400, param="messages")

    async def test_options_of_a_run(self):
        for field, values in {
            "max_threads": [0, -1, 2**62],
            "max_depth": [-1, 10**9],
            "max_total_tokens": [0, -1],
            "max_thread_tokens": [0],
            "timeout_s": [0, -1, 1e300],
            "thread_timeout_s": [0],
            "samples": [0, 10**9],
            "workers": [-1],
            "method": ["nothing", 1, ""],
            "reasoning": ["loud"],
            "order": ["backwards"],
            "unheard_of": [1],
        }.items():
            for value in values:
                with self.subTest(field=field, value=value):
                    answer = await self.send(request("POST", CHAT, {**SUM, "braid": {field: value}}))
                    self.assert_error(answer, 400)
                    self.assertTrue(answer.error["param"].startswith("braid"), answer.error)
        await self.refuses_body({**SUM, "braid": []}, 400, param="braid")

    async def test_token_ids(self):
        many = json.dumps({**self.RAW, "prompt": [1] * 1_000_000}).encode()
        await self.refuses_body(many, 400, path="/v1/completions", param="prompt", code="context_length_exceeded")
        for prompt, param in [
            ("[-1]", "prompt[0]"),
            ("[2147483648]", "prompt[0]"),
            ("[9223372036854775808]", "prompt[0]"),
            ("[1, 1e3]", "prompt[1]"),
            ("[1, 2.5]", "prompt[1]"),
            ('[1, "2"]', "prompt[1]"),
            ("[1, null]", "prompt[1]"),
            ("[1, [2]]", "prompt[1]"),
            ("[2147483647]", "prompt[0]"),
            ("[]", "prompt"),
            ('""', "prompt"),
            ("[[]]", "prompt[0]"),
            ("[[1], [2, -2]]", "prompt[1][1]"),
            ('[""]', "prompt[0]"),
            ("null", "prompt"),
            ("{}", "prompt"),
            ("1", "prompt"),
            ("true", "prompt"),
            ("[true]", "prompt[0]"),
        ]:
            with self.subTest(prompt):
                text = json.dumps({**self.RAW, "prompt": "HERE"}).replace('"HERE"', prompt)
                await self.refuses_body(text.encode(), 400, path="/v1/completions", param=param)
                if prompt.startswith("[") and param != "prompt" and "[[" not in prompt and '[""]' != prompt:
                    text = json.dumps({"tokens": "HERE"}).replace('"HERE"', prompt)
                    await self.refuses_body(
                        text.encode(), 400, path="/detokenize", param=param.replace("prompt", "tokens")
                    )
        for stops, param in [
            ("[-1]", "stop_token_ids[0]"),
            ("[2147483647]", "stop_token_ids[0]"),
            ('"a"', "stop_token_ids"),
            (json.dumps([1] * 10_000), "stop_token_ids"),
        ]:
            with self.subTest(stops[:20]):
                text = json.dumps({**self.RAW, "stop_token_ids": "HERE"}).replace('"HERE"', stops)
                await self.refuses_body(text.encode(), 400, path="/v1/completions", param=param)
        million = json.dumps({"tokens": [1] * 1_000_000}).encode()
        self.assertEqual((await self.send(request("POST", "/detokenize", million))).status, 200)

    async def test_addresses(self):
        for path in (
            "/v1/trajectories?limit=0",
            "/v1/trajectories?limit=x",
            "/v1/trajectories?limit=9223372036854775808",
            "/v1/trajectories?status=odd",
            "/v1/trajectories?before=%00",
        ):
            with self.subTest(path):
                await self.refuses(request("GET", path), 400)
        for path in (
            "/v1/trajectories/run_x",
            "/v1/trajectories/run_x/events",
            "/v1/trajectories/%F0%9F%92%A9",
            "/nowhere",
            "/v1/models/nobody",
            "/page/..",
            "/page/%2e%2e/x",
            "/v1/../health",
            "/%zz",
            "/%",
            "/%ff",
            "/a%00b",
            "/" + "a/" * 4000,
            "/v1/trajectories/" + "x" * 10_000,
        ):
            with self.subTest(path[:40]):
                await self.refuses(request("GET", path), 404)
        last = request("GET", "/v1/trajectories/run_x/events", last_event_id="9" * 50)
        await self.refuses(last, 404)


class Messages(Malformed):
    """What is no HTTP, or HTTP of the rarer kind."""

    HOST = b"Host: localhost\r\n"

    async def test_heads(self):
        get = b"GET /health HTTP/1.1\r\n" + self.HOST
        cases = {
            "100,000 fields": (get + b"".join(b"x-%d: 1\r\n" % number for number in range(100_000)) + b"\r\n", 431),
            "101 fields": (get + b"".join(b"x-%d: 1\r\n" % number for number in range(101)) + b"\r\n", 431),
            "a field of a megabyte": (get + b"x: " + b"y" * (1 << 20) + b"\r\n\r\n", 431),
            "a name of a megabyte": (get + b"y" * (1 << 20) + b": x\r\n\r\n", 431),
            "no end": (get + b"x: " + b"y" * (1 << 17), 431),
            "an address of 64 KB": (b"GET /" + b"a" * (64 << 10) + b" HTTP/1.1\r\n" + self.HOST + b"\r\n", (414, 431)),
            "a method of a megabyte": (b"G" * (1 << 20) + b" / HTTP/1.1\r\n" + self.HOST + b"\r\n", 400),
            "no method": (b"\r\n \r\n\r\n", 400),
            "garbage": (b"\x01\x02\x03\x04\r\n\r\n", 400),
            "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64, 400),
            "unknown method": (b"BREW /health HTTP/1.1\r\n" + self.HOST + b"\r\n", (400, 405)),
            "small letters": (b"get /health HTTP/1.1\r\n" + self.HOST + b"\r\n", (400, 405)),
            "unknown version": (b"GET /health HTTP/7.3\r\n" + self.HOST + b"\r\n", (400, 505)),
            "no version": (b"GET /health\r\n" + self.HOST + b"\r\n", 400),
            "words": (b"GET /a b c HTTP/1.1\r\n" + self.HOST + b"\r\n", 400),
            "a space before the colon": (b"GET /health HTTP/1.1\r\nHost : localhost\r\n\r\n", 400),
            "no colon": (get + b"nothing\r\n\r\n", 400),
            "no name": (get + b": x\r\n\r\n", 400),
            "a NUL in a value": (get + b"x: a\0b\r\n\r\n", 400),
            "a NUL in the address": (b"GET /\0 HTTP/1.1\r\n" + self.HOST + b"\r\n", 400),
            "a lone return": (get + b"x: a\rb\r\n\r\n", 400),
            "a folded value": (get + b"x: a\r\n b: c\r\n\r\n", (200, 400)),
            "no host": (b"GET /health HTTP/1.1\r\n\r\n", 400),
            "two hosts": (get + b"Host: localhost\r\n\r\n", 400),
            "another host": (b"GET /health HTTP/1.1\r\nHost: a.example\r\n\r\n", 403),
            "h2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 404, 405)),
            "connect": (b"CONNECT localhost:1 HTTP/1.1\r\n" + self.HOST + b"\r\n", (400, 404, 405)),
            "trace": (b"TRACE /health HTTP/1.1\r\n" + self.HOST + b"\r\n", 405),
            "put": (b"PUT /v1/models HTTP/1.1\r\n" + self.HOST + b"content-length: 0\r\n\r\n", 405),
            "post": (b"POST /health HTTP/1.1\r\n" + self.HOST + b"content-length: 0\r\n\r\n", 405),
            "get": (b"GET /v1/chat/completions HTTP/1.1\r\n" + self.HOST + b"\r\n", 405),
        }
        for name, (data, statuses) in cases.items():
            with self.subTest(name):
                answer = await self.send(data)
                statuses = statuses if isinstance(statuses, tuple) else (statuses,)
                if answer.status == 200:
                    self.assertIn(200, statuses)
                    continue
                self.assert_error(answer, *statuses)
                if answer.status == 405:
                    self.assertTrue(answer.fields["allow"])

    async def test_lengths(self):
        post = b"POST " + CHAT.encode() + b" HTTP/1.1\r\n" + self.HOST
        chunked = post + b"Transfer-Encoding: chunked\r\n"
        hello = b"5\r\nhello\r\n0\r\n\r\n"
        cases = {
            "both": (chunked + b"Content-Length: 5\r\n\r\n" + hello, 400),
            "both, the other way": (post + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + hello, 400),
            "two lengths": (post + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", 400),
            "a list of lengths": (post + b"Content-Length: 5, 6\r\n\r\nhello!", 400),
            "a negative length": (post + b"Content-Length: -5\r\n\r\nhello", 400),
            "a length with a sign": (post + b"Content-Length: +5\r\n\r\nhello", 400),
            "a length in words": (post + b"Content-Length: five\r\n\r\nhello", 400),
            "a hexadecimal length": (post + b"Content-Length: 0x5\r\n\r\nhello", 400),
            "2^64": (post + b"Content-Length: 18446744073709551616\r\n\r\nhello", (400, 413)),
            "2^63": (post + b"Content-Length: 9223372036854775808\r\n\r\nhello", (400, 413)),
            "2^62": (post + b"Content-Length: 4611686018427387904\r\n\r\nhello", 413),
            "unknown coding": (post + b"Transfer-Encoding: gzip\r\n\r\n" + hello, (400, 501)),
            "chunked in the middle": (post + b"Transfer-Encoding: chunked, identity\r\n\r\n" + hello, (400, 501)),
            "a space before the colon": (post + b"Transfer-Encoding : chunked\r\n\r\n" + hello, 400),
            "a size in words": (chunked + b"\r\nfive\r\nhello\r\n0\r\n\r\n", 400),
            "a negative size": (chunked + b"\r\n-5\r\nhello\r\n0\r\n\r\n", 400),
            "a size with a prefix": (chunked + b"\r\n0x5\r\nhello\r\n0\r\n\r\n", 400),
            "a huge size": (chunked + b"\r\nfffffffffffffffff\r\nhello\r\n0\r\n\r\n", 400),
            "no size": (chunked + b"\r\n\r\nhello\r\n0\r\n\r\n", 400),
            "a size that is too small": (chunked + b"\r\n3\r\nhello\r\n0\r\n\r\n", 400),
            "no line break behind a chunk": (chunked + b"\r\n5\r\nhelloX\r\n0\r\n\r\n", 400),
            "an endless extension": (
                chunked + b"\r\n5;" + b"a" * (1 << 20) + b"\r\nhello\r\n0\r\n\r\n",
                (400, 413, 431),
            ),
            "an endless trailer": (chunked + b"\r\n0\r\nx: " + b"a" * (1 << 20) + b"\r\n\r\n", (400, 413, 431)),
        }
        for name, (data, statuses) in cases.items():
            with self.subTest(name):
                await self.refuses(data, *(statuses if isinstance(statuses, tuple) else (statuses,)))

    async def test_chunks_of_a_byte(self):
        pieces = b"".join(b"1\r\n%c\r\n" % byte for byte in QUESTION) + b"0\r\nx-trailer: 1\r\n\r\n"
        answer = await self.send(request("POST", CHAT, transfer_encoding="chunked") + pieces)
        self.assertEqual(answer.status, 200)
        endless = request("POST", CHAT, transfer_encoding="chunked") + b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
        endless += (b"100000\r\n" + b" " * (1 << 20) + b"\r\n") * 9
        await self.refuses(endless, 413)

    async def test_a_hundred_requests_at_once(self):
        async with await Connection.open(server.port) as connection:
            kinds = [
                ("GET", "/health", None),
                ("POST", CHAT, SUM),
                ("GET", "/nowhere", None),
                ("POST", CHAT, {}),
                ("HEAD", "/v1/models", None),
            ]
            wanted = [200, 200, 404, 400, 200]
            asked = [kinds[number % len(kinds)] for number in range(100)]
            await connection.send(b"".join(request(*kind) for kind in asked))
            answers = [await connection.answer(has_body=kind[0] != "HEAD") for kind in asked]
            self.assertEqual([answer.status for answer in answers], wanted * 20)
            self.assertTrue(all(answers[1 + 5 * number].json()["choices"] for number in range(20)))

    async def test_expectations(self):
        async with await Connection.open(server.port) as connection:
            await connection.send(request("POST", CHAT, expect="100-continue", content_length=str(len(QUESTION))))
            line = await asyncio.wait_for(connection.reader.readuntil(b"\r\n\r\n"), PATIENCE)
            self.assertTrue(line.startswith(b"HTTP/1.1 100 "))
            await connection.send(QUESTION)
            self.assertEqual((await connection.answer()).status, 200)
        # What is refused needs no body.
        for fields, status in [
            ({"content_length": str(1 << 40)}, 413),
            ({"content_length": "9", "host": "a.example"}, 403),
        ]:
            async with await Connection.open(server.port) as connection:
                await connection.send(request("POST", CHAT, expect="100-continue", **fields))
                answer = await connection.answer()
                self.assertEqual((answer.status, answer.interim), (status, []))

    async def test_http_1_0(self):
        for body in (SUM, {**SUM, "stream": True}):
            for extra in (b"", b"Connection: keep-alive\r\n", b"Expect: 100-continue\r\n", self.HOST):
                with self.subTest(stream=body.get("stream"), extra=extra):
                    content = json.dumps(body).encode()
                    async with await Connection.open(server.port) as connection:
                        head = b"POST %s HTTP/1.0\r\n%sContent-Length: %d\r\n\r\n" % (
                            CHAT.encode(),
                            extra,
                            len(content),
                        )
                        await connection.send(head + content)
                        answer = await connection.answer()
                        self.assertEqual((answer.status, answer.interim), (200, []))
                        self.assertNotIn("transfer-encoding", answer.fields)
                        self.assertEqual(answer.fields["connection"], "close")
                        if "stream" in body:
                            self.assertEqual(answer.events()[-1][1], "[DONE]")
                        else:
                            self.assertTrue(answer.json()["choices"])
                        # The end of the connection is the answer's end.
                        self.assertEqual(await connection.rest(), b"")

    async def test_addresses_in_absolute_form(self):
        for address in (
            "http://localhost/health",
            "http://evil.example/health",
            "HTTP://localhost:1/health",
            "//health",
        ):
            with self.subTest(address):
                self.assertEqual((await self.send(request("GET", address))).status, 200)
        for address in (
            "http:health",
            "http://",
            "mailto:a@b",
            "*",
            "health",
            "?",
            "#",
            "://",
            "http://[::1",
            "\xa0".encode(),
        ):
            with self.subTest(address):
                address = address if isinstance(address, bytes) else address.encode()
                answer = await self.send(b"GET " + address + b" HTTP/1.1\r\n" + self.HOST + b"\r\n")
                self.assertIn(answer.status, (200, 400, 404))

    async def test_an_end_without_an_answer(self):
        for method, path, status in [("HEAD", "/health", 200), ("HEAD", "/v1/models", 200), ("HEAD", "/nowhere", 404)]:
            async with await Connection.open(server.port) as connection:
                self.assertEqual((await connection.ask(method, path)).status, status)
                self.assertEqual((await connection.ask("GET", "/health")).status, 200)
        run = (await ask(server.port, "POST", CHAT, SUM)).fields["x-braid-trajectory-id"]
        async with await Connection.open(server.port) as connection:
            await connection.ask("HEAD", f"/v1/trajectories/{run}/events")
            self.assertEqual((await connection.ask("GET", "/health")).status, 200)

    async def test_the_connection_ends_where_the_client_says_so(self):
        for value in ("close", "Close", "x, close"):
            with self.subTest(value):
                async with await Connection.open(server.port) as connection:
                    await connection.send(request("GET", "/health", connection=value))
                    self.assertEqual((await connection.answer()).status, 200)
                    self.assertEqual(await connection.rest(patience=20), b"")

    async def test_what_comes_behind_the_last_request_is_nobodys(self):
        async with await Connection.open(server.port) as connection:
            last = request("POST", CHAT, SUM, connection="close")
            await connection.send(request("GET", "/health") + last + request("GET", "/nowhere") + b"\1\2")
            self.assertEqual([(await connection.answer()).status for _ in range(2)], [200, 200])
            self.assertEqual(await connection.rest(), b"")

    async def test_a_long_answer_comes_whole_to_who_closed_its_sending_side(self):
        tag = {"prompt": "</Outlines>", "add_special_tokens": False}
        (tag,) = (await ask(server.port, "POST", "/tokenize", tag)).json()["tokens"]
        tokens = json.dumps({"tokens": [tag] * 1_500_000}, separators=(",", ":")).encode()
        whole = await ask(server.port, "POST", "/detokenize", tokens)
        # More than the system takes from the server at once.
        self.assertGreater(len(whole.body), 15 << 20)
        async with await Connection.open(server.port) as connection:
            await connection.send(request("POST", "/detokenize", tokens, connection="close"))
            connection.finish_sending()
            await asyncio.sleep(1)
            self.assertEqual((await connection.answer()).body, whole.body)


class Mutations(Malformed):
    """Bodies that began as right ones, and heads as well."""

    SEEDS = {
        CHAT: [
            {**SUM, "max_tokens": 4, "stop": ["x"], "braid": {"max_threads": 2}, "n": 1, "seed": 1},
            {**SUM, "max_tokens": 4, "stream": True, "stream_options": {"include_usage": True}},
            {
                "model": "braid-puzzles",
                "max_tokens": 2,
                "messages": [
                    {"role": "system", "content": [{"type": "text", "text": "a"}]},
                    {"role": "user", "content": "1+1"},
                ],
                "tools": [],
                "response_format": {"type": "text"},
                "reasoning_effort": "none",
            },
        ],
        "/v1/completions": [
            {"model": "braid-puzzles", "prompt": [1, 40, 41], "max_tokens": 2, "logprobs": 1, "echo": True},
            {"model": "braid-puzzles", "prompt": "1+1", "max_tokens": 2, "stop_token_ids": [3]},
        ],
        "/v1/responses": [
            {"model": "braid-puzzles", "input": "1+1", "max_output_tokens": 4, "instructions": "a"},
            {"model": "braid-puzzles", "input": [{"role": "user", "content": "1+1"}], "max_output_tokens": 4},
        ],
        "/tokenize": [{"prompt": "1+1", "add_special_tokens": True}, {"messages": SUM["messages"]}],
        "/detokenize": [{"tokens": [1, 2, 3]}],
        "/v1/trajectories/run_x/cancel": [{}],
    }
    PIECES = [
        b"null",
        b"true",
        b"-1",
        b"1e999",
        b"9223372036854775808",
        b'""',
        b"[]",
        b"{}",
        b'"\\ud83d\\ude00"',
        b'"\\u0000"',
        b"\xff",
        b"\0",
        b"[[[[",
        b'{"a":',
        b'"' + b"a" * 5000 + b'"',
        b"0.5",
        b",",
        b":",
        b'"<Parallel>"',
        b"\\",
    ]

    def mutate(self, draws, body):
        for _ in range(draws.randint(1, 4)):
            at = draws.randrange(len(body) + 1)
            to = min(len(body), at + draws.choice([0, 1, 2, 5, 20]))
            piece = draws.choice([b"", bytes([draws.randrange(256)]), draws.choice(self.PIECES), body[at:to] * 2])
            body = body[:at] + piece + body[to:]
        return body

    async def test_bodies(self):
        count = 10_000 if LONG else 250
        statuses = {}
        for path, seeds in self.SEEDS.items():
            draws = random.Random(path)
            bodies = [self.mutate(draws, json.dumps(draws.choice(seeds)).encode()) for _ in range(count)]

            async def send(bodies):
                connection = await Connection.open(server.port)
                for body in bodies:
                    answer = await connection.ask("POST", path, body)
                    statuses[answer.status] = statuses.get(answer.status, 0) + 1
                    self.assertLess(answer.status, 500, (path, body, answer.body))
                    if answer.status >= 400:
                        self.assert_error(answer, answer.status)
                    if answer.fields.get("connection") == "close":
                        connection.close()
                        connection = await Connection.open(server.port)
                connection.close()

            await asyncio.gather(*(send(bodies[part::8]) for part in range(8)))
        figure(
            "E.6 11 mutated bodies",
            routes=len(self.SEEDS),
            each=count,
            **{f"status_{status}": number for status, number in sorted(statuses.items())},
        )

    async def test_heads(self):
        draws = random.Random(11)
        whole = request(
            "POST", CHAT, {**SUM, "max_tokens": 2}, authorization="Bearer x", accept="*/*", connection="close"
        )
        ends = {"answered": 0, "closed": 0}
        for _ in range(10_000 if LONG else 300):
            async with await Connection.open(server.port) as connection:
                await connection.send(self.mutate(draws, whole))
                connection.finish_sending()
                try:
                    answer = await connection.answer()
                    self.assertNotIn(answer.status, (500, 502))
                    ends["answered"] += 1
                except Cut:
                    # A head without its end.
                    ends["closed"] += 1
        figure("E.6 11 mutated messages", **ends)


if __name__ == "__main__":
    unittest.main()
