"""What is no HTTP, or HTTP of the rarer kind: each gets its error in OpenAI's form, and the server lives."""

import asyncio
import json
import unittest

from malformed import QUESTION, SUM, Malformed
from raw_http import CHAT, Connection, ask, request
from server import PATIENCE


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

        def sized(length, body=b"hello"):
            return post + b"Content-Length: " + length + b"\r\n\r\n" + body

        def in_chunks(text):
            return chunked + b"\r\n" + text + b"\r\n0\r\n\r\n"

        cases = {
            "both": (chunked + b"Content-Length: 5\r\n\r\n" + hello, 400),
            "both, the other way": (post + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + hello, 400),
            "two lengths": (post + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", 400),
            "a list of lengths": (sized(b"5, 6", b"hello!"), 400),
            "a negative length": (sized(b"-5"), 400),
            "a length with a sign": (sized(b"+5"), 400),
            "a length in words": (sized(b"five"), 400),
            "a hexadecimal length": (sized(b"0x5"), 400),
            "2^64": (sized(b"18446744073709551616"), (400, 413)),
            "2^63": (sized(b"9223372036854775808"), (400, 413)),
            "2^62": (sized(b"4611686018427387904"), 413),
            "unknown coding": (post + b"Transfer-Encoding: gzip\r\n\r\n" + hello, (400, 501)),
            "chunked in the middle": (post + b"Transfer-Encoding: chunked, identity\r\n\r\n" + hello, (400, 501)),
            "a space before the colon": (post + b"Transfer-Encoding : chunked\r\n\r\n" + hello, 400),
            "a size in words": (in_chunks(b"five\r\nhello"), 400),
            "a negative size": (in_chunks(b"-5\r\nhello"), 400),
            "a size with a prefix": (in_chunks(b"0x5\r\nhello"), 400),
            "a huge size": (in_chunks(b"fffffffffffffffff\r\nhello"), 400),
            "no size": (in_chunks(b"\r\nhello"), 400),
            "a size that is too small": (in_chunks(b"3\r\nhello"), 400),
            "no line break behind a chunk": (in_chunks(b"5\r\nhelloX"), 400),
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
        async with await Connection.open(self.server.port) as connection:
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
        async with await Connection.open(self.server.port) as connection:
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
            async with await Connection.open(self.server.port) as connection:
                await connection.send(request("POST", CHAT, expect="100-continue", **fields))
                answer = await connection.answer()
                self.assertEqual((answer.status, answer.interim), (status, []))

    async def test_http_1_0(self):
        for body in (SUM, {**SUM, "stream": True}):
            for extra in (b"", b"Connection: keep-alive\r\n", b"Expect: 100-continue\r\n", self.HOST):
                with self.subTest(stream=body.get("stream"), extra=extra):
                    content = json.dumps(body).encode()
                    async with await Connection.open(self.server.port) as connection:
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
            async with await Connection.open(self.server.port) as connection:
                self.assertEqual((await connection.ask(method, path)).status, status)
                self.assertEqual((await connection.ask("GET", "/health")).status, 200)
        run = (await ask(self.server.port, "POST", CHAT, SUM)).fields["x-braid-trajectory-id"]
        async with await Connection.open(self.server.port) as connection:
            await connection.ask("HEAD", f"/v1/trajectories/{run}/events")
            self.assertEqual((await connection.ask("GET", "/health")).status, 200)

    async def test_the_connection_ends_where_the_client_says_so(self):
        for value in ("close", "Close", "x, close"):
            with self.subTest(value):
                async with await Connection.open(self.server.port) as connection:
                    await connection.send(request("GET", "/health", connection=value))
                    self.assertEqual((await connection.answer()).status, 200)
                    self.assertEqual(await connection.rest(patience=20), b"")

    async def test_what_comes_behind_the_last_request_is_nobodys(self):
        async with await Connection.open(self.server.port) as connection:
            last = request("POST", CHAT, SUM, connection="close")
            await connection.send(request("GET", "/health") + last + request("GET", "/nowhere") + b"\1\2")
            self.assertEqual([(await connection.answer()).status for _ in range(2)], [200, 200])
            self.assertEqual(await connection.rest(), b"")

    async def test_a_long_answer_comes_whole_to_who_closed_its_sending_side(self):
        tag = {"prompt": "</Outlines>", "add_special_tokens": False}
        (tag,) = (await ask(self.server.port, "POST", "/tokenize", tag)).json()["tokens"]
        tokens = json.dumps({"tokens": [tag] * 1_500_000}, separators=(",", ":")).encode()
        whole = await ask(self.server.port, "POST", "/detokenize", tokens)
        # More than the system takes from the server at once.
        self.assertGreater(len(whole.body), 15 << 20)
        async with await Connection.open(self.server.port) as connection:
            await connection.send(request("POST", "/detokenize", tokens, connection="close"))
            connection.finish_sending()
            await asyncio.sleep(1)
            self.assertEqual((await connection.answer()).body, whole.body)


if __name__ == "__main__":
    unittest.main()
