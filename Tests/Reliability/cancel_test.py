"""Runs that are cancelled from outside, wherever they are."""

import asyncio
import json
import time
import unittest

from figures import LONG, figure, milliseconds, percentile
from raw_http import CHAT, Connection, ask, parse_event, request
from remote import Remote, allow_many_files, tree
from server import eventually_so


def setUpModule():
    allow_many_files()


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


if __name__ == "__main__":
    unittest.main()
