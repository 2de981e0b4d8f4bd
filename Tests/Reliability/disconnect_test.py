"""Clients that go away, wherever in a run they do: nothing goes on for them, here or at the engine."""

import socket
import struct
import time
import unittest

import fake_script
from asking import begin, body, head
from fake_engine import FakeEngine
from figures import LONG, figure, percentile
from one_engine import OneEngine
from server import Server, eventually

ROUNDS = 200 if LONG else 6


class Disconnects(OneEngine):
    @classmethod
    def setUpClass(cls):
        cls.engine = FakeEngine("vllm")
        cls.server = Server("--engine", cls.engine.url, "--max-concurrency", "8")
        cls.base = cls.server.descriptors()

    def leave(self, handle, number):
        """Closes in one of two ways: a reset, or an end."""
        if number % 2:
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handle.close()

    def drop(self, point, script, is_ready):
        """Lets clients go as soon as their run has come to a point, one after the other; what they began must end."""
        seconds = []
        disconnects = self.server.counted("braid_client_disconnects_total")
        for number in range(ROUNDS):
            question = fake_script.question(seed=number, **script)
            self.engine.reset()
            handle = begin(self.server, question, is_streaming=number % 3 != 0)
            self.assertTrue(eventually_quickly(lambda: is_ready(self.engine)), point)
            self.leave(handle, number)
            began = time.monotonic()
            self.assertTrue(self.engine.wait_until_idle(), point)
            seconds.append(time.monotonic() - began)
            self.assertTrue(eventually(self.server.is_idle), point)
            # Nothing began again.
            self.assertEqual(self.engine.running, 0, point)
            self.assertIn("closed", [one.end for one in self.engine.generations], point)
        self.assertEqual(self.server.counted("braid_client_disconnects_total") - disconnects, ROUNDS)
        self.tell(point, seconds)

    def tell(self, point, seconds):
        figure("E.6 6", point=point, clients=len(seconds), median_ms_until_closed=to_ms(percentile(seconds, 0.5)),
               longest_ms=to_ms(max(seconds)))

    def test_in_the_head(self):
        self.cut_request("head", lambda content: head(len(content))[:40])

    def test_in_the_body(self):
        self.cut_request("body", lambda content: head(len(content)) + content[:30])

    def cut_request(self, point, sent):
        content = body("fake-model", fake_script.question(seed=1))
        for number in range(ROUNDS):
            handle = socket.create_connection(("127.0.0.1", self.server.port))
            handle.sendall(sent(content))
            self.leave(handle, number)
        self.assertTrue(eventually(self.server.is_idle))
        self.assertEqual(len(self.engine.generations), 0)
        self.tell(point, [0.0] * ROUNDS)

    def test_in_the_queue(self):
        # Every place is taken until these leave.
        holders = [begin(self.server, fake_script.question(seed=index, prefill=600)) for index in range(8)]
        self.assertTrue(eventually(lambda: self.engine.running == 8))
        seconds = []
        for number in range(ROUNDS):
            handle = begin(self.server, fake_script.question(seed=100 + number), is_streaming=number % 3 != 0)
            self.assertTrue(eventually(lambda: self.server.metrics()["braid_queue_depth"] == 1))
            self.leave(handle, number)
            began = time.monotonic()
            self.assertTrue(eventually(lambda: self.server.metrics()["braid_queue_depth"] == 0))
            seconds.append(time.monotonic() - began)
        for number, handle in enumerate(holders):
            self.leave(handle, number)
        self.assertTrue(self.engine.wait_until_idle())
        self.assertTrue(eventually(self.server.is_idle))
        self.assertEqual(len(self.engine.generations), 8)
        self.tell("queue", seconds)

    def test_before_the_first_token(self):
        self.drop("before the first token", {"prefill": 600}, lambda engine: engine.running == 1)

    def test_in_the_main_line(self):
        self.drop("main line", {"words": 400, "pace": 0.01}, lambda engine: engine.produced > 3)

    def test_in_threads(self):
        self.drop(
            "threads", {"width": 6, "words": 8, "pace": 0.005, "depth": 1, "forks": 6},
            lambda engine: any("<Thread>" in one.context and one.produced > 2 for one in engine.generations))

    def test_at_the_join(self):
        self.drop(
            "join", {"width": 2, "words": 8, "pace": 0.005, "depth": 1, "forks": 8},
            lambda engine: any(one.context.endswith("</Parallel>") for one in engine.generations))


def eventually_quickly(condition):
    """As `eventually`, for what lasts milliseconds only."""
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.001)
    return True


def to_ms(seconds):
    return round(seconds * 1000, 1)


if __name__ == "__main__":
    unittest.main()
