"""The servers that clients are tried on."""

import asyncio
import contextlib
import os
import sys

import loopback_only
from fake_upstream import MODEL as UPSTREAM_MODEL
from fake_upstream import FakeUpstream

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Reliability"))

import fake_script  # noqa: E402
from fake_engine import FakeEngine  # noqa: E402
from fake_fault import Fault  # noqa: E402
from server import Server, eventually  # noqa: E402

KEY = "key-of-a-client-0123456789"
MODEL = "braid-puzzles"
PACED_MODEL = "fake-model"
QUESTION = "12 + 34 = ?"
WIDE_QUESTION = "Make 24 from 3, 8, 5 and 2"
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tells the weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


class ClientServers:
    """One server with the built-in model, one in front of a chat service that calls tools, one in front of an engine
    that writes as slowly as a question says. All want the same key.

    The packages keep connections for later, which live no longer than the loop that opened them, so all share one runner.
    """

    def __init__(self):
        self.runner = asyncio.Runner()
        keys = {"BRAID_API_KEYS": f"client:{KEY}"}
        self.upstream = FakeUpstream()
        self.engine = FakeEngine()
        self.built_in = Server(environment=keys)
        self.tools = Server(
            "--engine", self.upstream.url, "--model", UPSTREAM_MODEL, "--method", "sequential", environment=keys)
        self.paced = Server("--engine", self.engine.url, "--method", "sequential", environment=keys)

    def close(self):
        self.runner.close()
        statuses = [server.close() for server in (self.built_in, self.tools, self.paced)]
        self.engine.close()
        self.upstream.close()
        assert statuses == [0, 0, 0], f"braid serve ended with {statuses}"
        assert not loopback_only.wanted, f"the client wanted {loopback_only.wanted}"

    def record(self, server, run):
        """What the server knows of a run."""
        return server.get(f"/v1/trajectories/{run}", KEY)

    def in_flight(self):
        """How many runs go on in front of the paced engine."""
        return self.paced.metrics(KEY)["braid_requests_in_flight"]

    @contextlib.contextmanager
    def failing(self):
        """Lets the paced engine break off in its first answer, and be of no use from then on."""
        self.engine.reset()
        self.engine.faults = lambda _: Fault("status-400") if self.engine.generations else Fault("cut", after=8)
        try:
            yield
        finally:
            self.engine.faults = None

    def is_all_over(self):
        """Whether nothing runs, waits or is written any more in front of the paced engine, soon."""
        return eventually(lambda: self.paced.is_idle(KEY) and self.engine.running == 0)


def slow_question():
    """A question that takes seconds: ten words of answer, each by itself."""
    return fake_script.question(seed=1, forks=0, words=4, answer=10, pace=0.1)


def endless_question():
    """A question to which no word of an answer comes for a minute."""
    return fake_script.question(seed=2, forks=0, prefill=60)
