"""Engines that are killed in the middle of a tree, and engines that come back as something else."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import unittest
import urllib.request

import fake_script
from asking import ask, ask_all, judge
from figures import LONG, figure
from server import PATIENCE, Server, eventually

KILLS = 100 if LONG else 3
PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fake_engine.py")


class EngineProcess:
    """A fake engine as a process of its own."""

    def __init__(self, *arguments, port=0):
        self.process = subprocess.Popen(
            [sys.executable, PROGRAM, "--port", str(port), *arguments], stdout=subprocess.PIPE, text=True)
        self.root = self.process.stdout.readline().strip()
        if not self.root:
            raise SystemExit("the fake engine did not start")
        self.url = self.root + "/v1"
        self.port = int(self.root.rpartition(":")[2])

    def counts(self):
        with urllib.request.urlopen(self.root + "/fake", timeout=PATIENCE) as reply:
            return json.loads(reply.read())

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()


class DyingEngines(unittest.TestCase):
    def setUp(self):
        self.engines = []
        self.servers = []

    def tearDown(self):
        for server in self.servers:
            server.close()
        for engine in self.engines:
            if engine.process.poll() is None:
                engine.kill()

    def engine(self, *arguments, **options):
        engine = EngineProcess(*arguments, **options)
        self.engines.append(engine)
        return engine

    def server(self, *engines):
        server = Server(*(argument for engine in engines for argument in ("--engine", engine.url)))
        self.servers.append(server)
        return server

    def kill_midway(self, victim, others, server, seed):
        """Asks four questions at once and kills an engine when threads are at work.

        Gives the questions, the answers, and the seconds from the kill to the last answer.
        """
        questions = [
            fake_script.question(seed=seed + index, width=3, words=12, pace=0.01, depth=1) for index in range(4)]
        answers = []
        asking = threading.Thread(target=lambda: answers.extend(ask_all(server, questions)))
        before = victim.counts()["generations"]
        asking.start()
        # More than a main line of each: threads.
        enough = before + (8 if not others else 4)
        self.assertTrue(eventually(
            lambda: victim.counts()["generations"] >= enough and victim.counts()["running"] > 0
            or not asking.is_alive()))
        victim.kill()
        began = time.monotonic()
        asking.join()
        return questions, answers, time.monotonic() - began

    def test_one_engine(self):
        """Without another engine whoever asks is told, and when the engine is back all is well."""
        engine = self.engine()
        server = self.server(engine)
        ends = {"stop": 0, "length": 0, "error": 0}
        seconds = []
        for round in range(KILLS):
            questions, answers, waited = self.kill_midway(engine, [], server, 1000 * round)
            seconds.append(waited)
            for question, answer in zip(questions, answers):
                ends[judge(self, server, question, answer)] += 1
            self.assertTrue(eventually(server.is_idle))
            engine = self.engine(port=engine.port)
            question = fake_script.question(seed=round)
            self.assertEqual(judge(self, server, question, ask(server, question)), "stop")
        self.assertGreater(ends["error"], 0)
        figure("E.6 18", endpoints=1, kills=KILLS, seconds_until_told=round_up(max(seconds)), **ends)

    def test_two_engines(self):
        """Another engine goes on where the first one died, to the same text."""
        ends = {"stop": 0, "length": 0, "error": 0}
        seconds = []
        kept = self.engine()
        for round in range(KILLS):
            victim = self.engine()
            server = self.server(victim, kept)
            questions, answers, waited = self.kill_midway(victim, [kept], server, 1000 * round)
            seconds.append(waited)
            for question, answer in zip(questions, answers):
                ends[judge(self, server, question, answer)] += 1
            self.assertEqual(kept.counts()["unknown"], 0)
            # The next question does not meet the dead one.
            question = fake_script.question(seed=round)
            self.assertEqual(judge(self, server, question, ask(server, question)), "stop")
            self.assertTrue(eventually(server.is_idle))
            self.servers.pop().close()
        figure("E.6 18", endpoints=2, kills=KILLS, seconds_until_whole=round_up(max(seconds)), **ends)
        self.assertEqual(ends["error"], 0)

    def test_another_model_in_its_place(self):
        """What comes back as something else is found out before it gets a token of anybody's tree."""
        name, vocabulary = ["--model", "other"], ["--shift", "7"]
        for kind, change in (("llama-server", name), ("vllm", vocabulary), ("sglang", vocabulary), ("vllm", name),
                             ("sglang", name)):
            engine = self.engine("--kind", kind)
            server = self.server(engine)
            answers = []
            questions = [fake_script.question(seed=index, width=3, words=12, pace=0.01) for index in range(4)]
            asking = threading.Thread(target=lambda: answers.extend(ask_all(server, questions)))
            asking.start()
            self.assertTrue(eventually(lambda: engine.counts()["generations"] >= 6))
            engine.kill()
            other = self.engine("--kind", kind, *change, port=engine.port)
            asking.join()
            for question, answer in zip(questions, answers):
                judge(self, server, question, answer)
            # It stays so for those who ask later.
            later = ask(server, fake_script.question(seed=9))
            self.assertEqual(later.error["code"], "upstream_error", later.body)
            self.assertIn("another model", later.error["message"])
            self.assertEqual(other.counts()["generations"], 0)
            other.kill()
            self.engine("--kind", kind, port=engine.port)
            question = fake_script.question(seed=10)
            self.assertEqual(judge(self, server, question, ask(server, question)), "stop")
            figure("E.6 19", engine=kind, change=" ".join(change), tokens_asked_of_the_other=0)

    def test_another_model_while_nobody_asks(self):
        """Without a broken connection it is found out, too."""
        engine = self.engine("--kind", "llama-server")
        server = self.server(engine)
        question = fake_script.question(seed=1)
        self.assertEqual(judge(self, server, question, ask(server, question)), "stop")
        engine.kill()
        other = self.engine("--kind", "llama-server", "--model", "other", port=engine.port)
        # Longer than an engine counts as known.
        time.sleep(1.2)
        later = ask(server, question)
        self.assertIn("another model", later.error["message"])
        self.assertEqual(other.counts()["generations"], 0)


def round_up(seconds):
    return round(seconds, 2)


if __name__ == "__main__":
    unittest.main()
