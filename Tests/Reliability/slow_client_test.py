"""Clients that read or send nearly nothing, and those that only stop sending."""

import asyncio
import statistics
import time
import unittest

from figures import LONG, figure, milliseconds, percentile
from flood import Flood
from raw_http import CHAT, AsyncTest, Connection, ask, question, request
from remote import Remote, allow_many_files, line, tree
from server import PATIENCE, Server, eventually_so


def setUpModule():
    allow_many_files()


class Slow(AsyncTest):
    """Clients that read nearly nothing, behind an upstream that writes as fast as it can."""

    async def test_readers(self):
        flood = Flood()
        self.addCleanup(flood.close)
        server = Server("--engine", flood.url, "--model", flood.model, "--method", "sequential")
        self.addCleanup(server.close)
        for _ in range(3):
            self.assertEqual((await ask(server.port, "POST", CHAT, flood.question("short"))).status, 200)
        count = 100 if LONG else 16
        base, memory = server.descriptors(), server.rss()
        others, most = [], memory

        async def read_slowly(number):
            # Half of them runs, whose events are kept up to a limit; half passed through, of which nothing is kept.
            body = flood.question(
                "spill" if number % 2 else "flood", model=f"{flood.model}:passthrough" if number % 2 else None
            )
            async with await Connection.open(server.port, receive_buffer=4096, limit=1) as connection:
                await connection.send(request("POST", CHAT, {**body, "stream": True}))
                try:
                    while await connection.reader.read(1):
                        await asyncio.sleep(1)
                except ConnectionError:
                    pass

        async def go_on():
            nonlocal most
            while True:
                began = time.monotonic()
                answer = await ask(server.port, "POST", CHAT, {**flood.question("short"), "stream": True})
                self.assertEqual(answer.events()[-1][1], "[DONE]")
                others.append(time.monotonic() - began)
                most = max(most, server.rss())
                await asyncio.sleep(0.05)

        began = time.monotonic()
        going_on = asyncio.create_task(go_on())
        reading = [asyncio.create_task(read_slowly(number)) for number in range(count)]
        # Each is cut when it has not read for the limit, which is 30 s; nobody else ends these connections.
        self.assertTrue(await eventually_so(lambda: flood.writing >= count // 2))
        self.assertTrue(await eventually_so(lambda: flood.writing == 0 and server.is_idle(), 3 * PATIENCE))
        # A run may be over before its reader is cut.
        stalled = "braid_stalled_clients_total"
        self.assertTrue(await eventually_so(lambda: server.counted(stalled) >= count // 2, 3 * PATIENCE))
        cut = time.monotonic() - began
        going_on.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await going_on
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
        self.assertTrue(await eventually_so(lambda: server.descriptors() <= base + 5, 2 * PATIENCE))
        # The events of a run take 8 MiB at most; its text of nearly ten is in its record, in what its thread returns, in its
        # answer, and for a while in what the engine has sent ahead; all runs are at their largest at the same time.
        allowed = count // 2 * (6 * (8 << 20)) + count * (1 << 20) + (64 << 20)
        self.assertLess(most - memory, allowed)
        figure(
            "E.6 9 slow readers",
            streams=count,
            all_cut_after_s=round(cut, 1),
            others=len(others),
            others_p50_ms=milliseconds(percentile(others, 0.5)),
            others_p99_ms=milliseconds(percentile(others, 0.99)),
            memory_for_each_mib=round((most - memory) / count / 2**20, 2),
        )

    async def test_senders(self):
        server = Server()
        self.addCleanup(server.close)
        count = 2000 if LONG else 200
        closed_after, latencies = [], []

        async def trickle():
            async with await Connection.open(server.port) as connection:
                began = time.monotonic()
                await connection.send("GET /health HTTP/1.1\r\nHost: localhost\r\nx-slow: ")
                reading = asyncio.create_task(connection.rest())
                while not reading.done():
                    await asyncio.wait([reading], timeout=5)
                    try:
                        await connection.send("x")
                    except ConnectionError:
                        break
                (ended,) = await asyncio.gather(reading, return_exceptions=True)
                self.assertTrue(ended == b"" or isinstance(ended, ConnectionError), repr(ended))
                closed_after.append(time.monotonic() - began)

        trickling = asyncio.gather(*(trickle() for _ in range(count)))
        while not trickling.done():
            began = time.monotonic()
            answer = await ask(server.port, "POST", CHAT, question("12 + 34 = ?"))
            self.assertEqual(answer.status, 200)
            latencies.append(time.monotonic() - began)
            await asyncio.sleep(0.2)
        await trickling
        self.assertEqual(len(closed_after), count)
        self.assertTrue(server.is_alive())
        figure(
            "E.6 10 slow senders",
            connections=count,
            closed_after_s_median=round(statistics.median(closed_after), 1),
            closed_after_s_most=round(max(closed_after), 1),
            others_p50_ms=milliseconds(percentile(latencies, 0.5)),
            others_p99_ms=milliseconds(percentile(latencies, 0.99)),
        )
        if LONG:
            self.assertLess(max(closed_after), 20)


class HalfClose(Remote):
    async def test_who_only_stops_sending_is_answered(self):
        for is_streaming in (True, False):
            for body in (tree(3, words=10, pace=0.02), line(3, words=10, pace=0.02)):
                with self.subTest(body=body, is_streaming=is_streaming):
                    async with await Connection.open(self.server.port) as connection:
                        await connection.send(request("POST", CHAT, {**body, "stream": is_streaming}))
                        connection.finish_sending()
                        answer = await connection.answer()
                        self.assertEqual(answer.status, 200)
                        self.assertIn("stop", answer.text)
                        self.assertNotIn('"error"', answer.text)
        await self.settle()


if __name__ == "__main__":
    unittest.main()
