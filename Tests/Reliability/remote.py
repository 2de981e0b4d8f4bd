"""A server in front of the fake engine, and what it is asked."""

import asyncio
import resource
import time

import fake_script
from fake_engine import FakeEngine
from raw_http import CHAT, AsyncTest, ask
from server import PATIENCE, Server, eventually_so

MODEL = "fake-model"


def allow_many_files():
    """Lets this process, and what it starts, have as many connections as the system allows."""
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
