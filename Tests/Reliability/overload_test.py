"""More than the server can do: what finds no place is told so, and nobody takes all of them."""

import asyncio
import json
import random
import resource
import statistics
import time
import unittest

from figures import LONG, figure, milliseconds, percentile
from raw_http import CHAT, AsyncTest, Connection, ask, bearer, question
from remote import Remote, allow_many_files, line
from server import Server, eventually_so


def setUpModule():
    allow_many_files()


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
