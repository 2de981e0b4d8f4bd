"""More than the server can do, for longer than it likes, from clients that do not behave."""

import asyncio
import json
import os
import random
import resource
import socket
import statistics
import threading
import time
import unittest

import fake_script
from fake_engine import FakeEngine
from figures import LONG, figure, milliseconds, percentile
from flood import Flood
from raw_http import AsyncTest, Connection, ask, bearer, parse_event, question, request
from server import PATIENCE, Server, eventually_so

MODEL = "fake-model"
CHAT = "/v1/chat/completions"


def setUpModule():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def tree(seed, **script):
    """A question whose answer is a tree of its own."""
    return {"model": MODEL, "messages": [{"role": "user", "content": fake_script.question(seed=seed, **script)}]}


def line(seed, **script):
    """A question that is answered in one line."""
    return {**tree(seed, forks=0, **script), "braid": {"method": "sequential"}}


class Remote(AsyncTest):
    """Tests in front of the fake engine."""

    ARGUMENTS = ()
    KEYS = None

    def setUp(self):
        self.engine = FakeEngine()
        self.addCleanup(self.engine.close)
        environment = {"BRAID_API_KEYS": self.KEYS} if self.KEYS else None
        self.server = Server("--engine", self.engine.url, *self.ARGUMENTS, environment=environment)
        self.addCleanup(self.server.close)

    async def ask(self, body, **fields):
        return await ask(self.server.port, "POST", CHAT, body, **fields)

    async def settle(self, base=None, key=None):
        """Everything that was begun is over, here and on the engine; the descriptors are those from before."""
        self.assertTrue(await eventually_so(lambda: self.server.is_idle(key)), "something still runs or waits")
        self.assertTrue(await eventually_so(lambda: self.engine.running == 0), "the engine still works")
        self.assertTrue(self.server.is_alive())
        if base is not None:
            # Connections to the engine are kept for a minute.
            returned = await eventually_so(lambda: self.server.descriptors() <= base + 5, 2 * PATIENCE)
            self.assertTrue(returned, f"{self.server.descriptors()} descriptors are open, {base} before")

    async def capacity(self, places, body):
        """Requests in a second with every place taken."""

        async def ask_one_after_the_other(first):
            for seed in range(first, first + 5):
                self.assertEqual((await self.ask(body(seed))).status, 200)

        began = time.monotonic()
        await asyncio.gather(*(ask_one_after_the_other(5 * place) for place in range(places)))
        return 5 * places / (time.monotonic() - began)


class Overload(Remote):
    PLACES, QUEUE = 8, 16
    ARGUMENTS = ("--max-concurrency", str(PLACES), "--queue", str(QUEUE))

    async def test_five_times_the_capacity(self):
        def body(seed):
            return line(seed, words=8, pace=0.01)

        capacity = await self.capacity(self.PLACES, body)
        count = 10_000 if LONG else 1000
        depths, answers = [], []
        is_over = asyncio.Event()

        async def watch():
            while not is_over.is_set():
                metrics = await asyncio.to_thread(self.server.metrics)
                depths.append((metrics["braid_queue_depth"], metrics["braid_places_taken"]))
                await asyncio.sleep(0.05)

        async def offer(number):
            began = time.monotonic()
            answer = await self.ask({**body(number), "stream": number % 2 == 0})
            answers.append((answer, time.monotonic() - began))

        watching = asyncio.create_task(watch())
        began = time.monotonic()
        offers = []
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number / (5 * capacity) - time.monotonic()))
            offers.append(asyncio.create_task(offer(number)))
        offered = count / (time.monotonic() - began)
        await asyncio.gather(*offers)
        is_over.set()
        await watching

        self.assertEqual(len(answers), count)
        refused = [(answer, seconds) for answer, seconds in answers if answer.status == 503]
        accepted = [(answer, seconds) for answer, seconds in answers if answer.status == 200]
        self.assertEqual(len(refused) + len(accepted), count)
        self.assertGreater(len(refused), 0, "it was no overload")
        for answer, _ in refused:
            self.assertEqual(answer.error["code"], "server_is_overloaded")
            self.assertGreaterEqual(int(answer.fields["retry-after"]), 1)
        for answer, _ in accepted:
            self.assert_whole(answer)
        self.assertLessEqual(max(depth for depth, _ in depths), self.QUEUE)
        self.assertLessEqual(max(taken for _, taken in depths), self.PLACES)
        self.assertEqual(self.server.counted("braid_queue_rejections_total"), len(refused))
        await self.settle()
        seconds = [seconds for _, seconds in refused]
        figure(
            "E.6 2 overload",
            requests=count,
            capacity_per_s=round(capacity),
            offered_per_s=round(offered),
            accepted=len(accepted),
            refused=len(refused),
            refused_p50_ms=milliseconds(percentile(seconds, 0.5)),
            refused_p99_ms=milliseconds(percentile(seconds, 0.99)),
            deepest_queue=int(max(depth for depth, _ in depths)),
            accepted_p99_ms=milliseconds(percentile([seconds for _, seconds in accepted], 0.99)),
        )
        if LONG:
            self.assertLess(percentile(seconds, 0.99), 0.05)

    def assert_whole(self, answer):
        if answer.is_chunked:
            events = [data for _, data in answer.events()]
            self.assertEqual(events[-1], "[DONE]")
            self.assertEqual(json.loads(events[-2])["choices"][0]["finish_reason"], "stop")
        else:
            self.assertEqual(answer.json()["choices"][0]["finish_reason"], "stop")


class Fairness(Remote):
    PLACES = 4
    ARGUMENTS = ("--max-concurrency", str(PLACES), "--queue", "256")
    KEYS = "many:key-of-the-many\none:key-of-the-one"

    async def test_one_key_does_not_keep_another_waiting(self):
        many, one = bearer("key-of-the-many"), bearer("key-of-the-one")

        async def latency(seed):
            began = time.monotonic()
            answer = await self.ask(line(seed, words=8, pace=0.005), **one)
            self.assertEqual(answer.status, 200)
            return time.monotonic() - began

        unloaded = [await latency(seed) for seed in range(10)]
        finished = refused = 0

        async def insist(seed):
            nonlocal finished, refused
            while (answer := await self.ask(line(seed, words=8, pace=0.005), **many)).status == 429:
                refused += 1
                pause = int(answer.fields["retry-after"])
                self.assertGreaterEqual(pause, 1)
                # Not all at the same moment again.
                await asyncio.sleep(pause + random.random())
            self.assertEqual(answer.status, 200)
            finished += 1

        everybody = [asyncio.create_task(insist(seed)) for seed in range(500)]
        await asyncio.sleep(0.5)
        loaded, overtaken = [], []
        while finished < 400 and len(loaded) < 20:
            before = finished
            loaded.append(await latency(len(loaded)))
            overtaken.append(finished - before)
        await asyncio.gather(*everybody)
        self.assertEqual(finished, 500)
        # One that waited behind those who came earlier would see 60 of them go first.
        self.assertLess(max(overtaken), 8 * self.PLACES)
        await self.settle(key="key-of-the-one")
        figure(
            "E.6 5 fairness",
            requests_of_the_many=500,
            refused_429=refused,
            others_finished_meanwhile=max(overtaken),
            unloaded_ms=milliseconds(statistics.median(unloaded)),
            loaded_p50_ms=milliseconds(percentile(loaded, 0.5)),
            loaded_p95_ms=milliseconds(percentile(loaded, 0.95)),
        )
        if LONG:
            wait = percentile(loaded, 0.95) - statistics.median(unloaded)
            self.assertLess(wait, 2 * statistics.median(unloaded))


class Soak(Remote):
    PLACES = 8
    ARGUMENTS = ("--max-concurrency", str(PLACES))
    MINUTES = float(os.environ.get("BRAID_SOAK_MINUTES", "120" if LONG else "0.25"))

    def body(self, seed):
        return tree(seed, words=6, width=3, depth=1 + seed % 2, pace=0.01)

    async def one_of_many(self, number):
        """What clients do: most read to the end, some go away, some are wrong."""
        kind = number % 10
        if kind < 4:
            self.assertEqual((await self.ask(self.body(number))).status, 200)
        elif kind < 7:
            answer = await self.ask({**self.body(number), "stream": True})
            self.assertEqual(answer.events()[-1][1], "[DONE]")
        elif kind == 7:
            body = {"model": MODEL, "input": fake_script.question(seed=number, words=4, pace=0.01)}
            self.assertEqual((await ask(self.server.port, "POST", "/v1/responses", body)).json()["status"], "completed")
        elif kind == 8:
            async with await Connection.open(self.server.port) as connection:
                await connection.send(request("POST", CHAT, {**self.body(number), "stream": True}))
                await connection.head()
                await anext(connection.chunks())
                connection.abort()
        else:
            self.assertEqual((await self.ask({"model": MODEL, "messages": 1})).status, 400)
            self.assertEqual((await ask(self.server.port, "GET", "/v1/models")).status, 200)
            self.assertEqual((await ask(self.server.port, "GET", "/nowhere")).status, 404)

    async def test_hours_at_seventy_percent(self):
        rate = 0.7 * await self.capacity(self.PLACES, self.body)
        await asyncio.gather(*(self.one_of_many(number) for number in range(4 * self.PLACES)))
        await self.settle()
        descriptors = self.server.descriptors()
        began = time.monotonic()
        memory, open_files, asked = [], [], []
        number = 0
        next_sample = began
        while (now := time.monotonic()) < began + 60 * self.MINUTES:
            if now >= next_sample:
                memory.append((now - began, self.server.rss()))
                open_files.append(self.server.descriptors())
                next_sample = now + max(0.5, self.MINUTES / 4)
            asked.append(asyncio.create_task(self.one_of_many(number)))
            number += 1
            if len(asked) > 1000:
                # Those that have failed are found here.
                await asyncio.gather(*asked[:500])
                del asked[:500]
            await asyncio.sleep(random.expovariate(rate))
        await asyncio.gather(*asked)
        seconds = time.monotonic() - began
        await self.settle(descriptors)
        half = memory[len(memory) // 2 :]
        slope = statistics.linear_regression([at for at, _ in half], [bytes for _, bytes in half]).slope
        growth = half[-1][1] - half[0][1]
        figure(
            "E.6 3 soak",
            minutes=round(seconds / 60, 1),
            requests=number,
            per_second=round(number / seconds, 1),
            rss_mib=round(memory[-1][1] / 2**20, 1),
            growth_in_second_half_mib=round(growth / 2**20, 2),
            slope_in_second_half_mib_per_hour=round(slope * 3600 / 2**20, 1),
            descriptors_before=descriptors,
            descriptors_most=max(open_files),
            descriptors_after=self.server.descriptors(),
        )
        self.assertLess(growth, 64 << 20)
        if self.MINUTES >= 60:
            self.assertLess(slope * 3600, 1 << 20)


class ColdStart(unittest.TestCase):
    def test_it_answers_only_when_it_can(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        began = time.monotonic()
        first = {}
        too_early = []

        def get(path, body=b""):
            head = f"{'POST' if body else 'GET'} {path} HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
                    connection.sendall(head + body)
                    return int(connection.makefile("rb").readline().split()[1])
            except OSError:
                return 0

        def poll():
            while len(first) < 2 and time.monotonic() < began + PATIENCE:
                for path in ("/health", "/ready"):
                    if path not in first and get(path) == 200:
                        first[path] = time.monotonic() - began
                time.sleep(0.002)
            # Who is ready answers, and is not ready before it lives.
            status = get(CHAT, json.dumps(question("12 + 34 = ?")).encode())
            if status != 200:
                too_early.append(status)

        polling = threading.Thread(target=poll)
        polling.start()
        server = Server("--port", str(port))
        self.addCleanup(server.close)
        polling.join()
        self.assertEqual(too_early, [])
        figure("E.6 4 cold start", health_ms=milliseconds(first["/health"]), ready_ms=milliseconds(first["/ready"]))
        if LONG:
            self.assertLess(first["/health"], 0.3)


class Cancel(Remote):
    async def test_trees_are_cancelled(self):
        count = 1000 if LONG else 50
        await asyncio.gather(*(self.ask(tree(seed, words=3)) for seed in range(16)))
        await self.settle()
        base = self.server.descriptors()
        slots = asyncio.Semaphore(8)
        latencies, finished = [], 0
        # In the main line, among the threads, behind the first of them.
        places = ["", "[thread", "[thread 2]"]

        async def one(seed):
            nonlocal finished
            async with slots, await Connection.open(self.server.port) as connection:
                body = tree(seed, words=10, width=8, depth=2, pace=0.02)
                await connection.send(request("POST", CHAT, {**body, "stream": True}))
                head = await connection.head()
                self.assertEqual(head.status, 200)
                run = head.fields["x-braid-trajectory-id"]
                text = ""
                chunks = connection.chunks()
                while places[seed % 3] not in text or not text:
                    text += (await anext(chunks)).decode()
                    if "[DONE]" in text:
                        finished += 1
                        return
                began = time.monotonic()
                cancelled = await ask(self.server.port, "POST", f"/v1/trajectories/{run}/cancel")
                latencies.append(time.monotonic() - began)
                self.assertEqual(cancelled.status, 200)
                self.assertEqual(cancelled.json()["status"], "cancelled")
                text += b"".join([piece async for piece in chunks]).decode()
                events = [event for event in map(parse_event, text.split("\n\n")) if event]
                name, data = events[-1]
                self.assertEqual((name, json.loads(data)["error"]["code"]), ("error", "run_cancelled"))
                reasons = {json.loads(data)["choices"][0]["finish_reason"] for _, data in events[:-1]}
                self.assertEqual(reasons, {None})

        await asyncio.gather(*(one(seed) for seed in range(count)))
        await self.settle(base)
        forked = self.server.counted("braid_forks_total")
        self.assertGreater(len(latencies), count // 2)
        figure(
            "E.6 7 cancel",
            cancelled=len(latencies),
            finished_before=finished,
            forks=int(forked),
            p50_ms=milliseconds(percentile(latencies, 0.5)),
            p99_ms=milliseconds(percentile(latencies, 0.99)),
            descriptors_before=base,
            descriptors_after=self.server.descriptors(),
        )

    async def test_a_request_that_waits_for_its_answer_is_told(self):
        asking = [asyncio.create_task(self.ask(tree(seed, runaway="text", pace=0.02))) for seed in range(20)]

        def running():
            return [run["id"] for run in self.server.get("/v1/trajectories?status=running&limit=200")["data"]]

        self.assertTrue(await eventually_so(lambda: len(running()) == 20))
        for run in running():
            self.assertEqual((await ask(self.server.port, "POST", f"/v1/trajectories/{run}/cancel")).status, 200)
        for answer in await asyncio.gather(*asking):
            self.assertEqual((answer.status, answer.error["code"]), (409, "run_cancelled"))
        # What is over stays as it is.
        again = await ask(self.server.port, "POST", f"/v1/trajectories/{answer.fields['x-braid-trajectory-id']}/cancel")
        self.assertEqual(again.json()["status"], "cancelled")
        await self.settle()


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
        cut = time.monotonic() - began
        going_on.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await going_on
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
        self.assertTrue(await eventually_so(lambda: server.descriptors() <= base + 5, 2 * PATIENCE))
        self.assertGreaterEqual(server.counted("braid_stalled_clients_total"), count // 2)
        # The events of a run take 8 MiB at most, and its record and text as much again each.
        allowed = count // 2 * (4 * (8 << 20)) + count * (1 << 20) + (64 << 20)
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


class Exhaustion(AsyncTest):
    async def test_no_descriptors_are_left(self):
        limit = 128
        server = Server(prepare=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
        self.addCleanup(server.close)
        idle = [await Connection.open(server.port) for _ in range(3 * limit)]
        self.assertTrue(await eventually_so(lambda: server.descriptors() >= limit - 4))
        used = server.processor_seconds()
        await asyncio.sleep(2)
        used = server.processor_seconds() - used
        for connection in idle:
            connection.abort()
        answer = await ask(server.port, "POST", CHAT, question("12 + 34 = ?"))
        self.assertEqual(answer.status, 200)
        self.assertLess(used, 1, "it is busy with waiting")
        figure("no descriptors left", limit=limit, connections=3 * limit, processor_s_in_2_s=round(used, 2))


if __name__ == "__main__":
    unittest.main()
