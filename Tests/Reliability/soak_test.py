"""As much as the server can do, for longer than it likes."""

import asyncio
import os
import random
import statistics
import time
import unittest

import fake_script
from figures import LONG, figure
from raw_http import CHAT, Connection, ask, request
from remote import MODEL, Remote, allow_many_files, tree


def setUpModule():
    allow_many_files()


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


if __name__ == "__main__":
    unittest.main()
