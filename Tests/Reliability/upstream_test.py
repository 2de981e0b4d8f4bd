"""An engine that goes wrong in every way there is: no half answer passes for a whole one, and each token counts once.

With an engine of each kind, in one process with the tests. Every question has its own words, and the engine's text is a
function of its context, so an answer that ends with `stop` is right or is not.
"""

import random
import unittest

import fake_script
from asking import ask, ask_all, counts, judge
from fake_engine import FakeEngine
from fake_fault import Fault
from figures import LONG, figure
from one_engine import OneEngine
from server import Server, eventually

ROUNDS = 25 if LONG else 1
TREES = 2500 if LONG else 12
# Faults that would take minutes to be noticed by themselves; the run's own time ends them here.
SLOW = {"silent", "stall", "comments", "slow"}
# Of these, tokens may be lost on the way that the engine had written.
LOSSY = SLOW | {"reset-after", "cut", "cut-in-event"}
FAULTS = Fault.EARLY + Fault.LATE + Fault.HARMLESS
SHORT = {"timeout_s": 1.5, "thread_timeout_s": 0.7}


def draws(generation):
    """Random numbers that depend on what is asked alone, whatever the order of requests."""
    return random.Random(f"{generation.context}{generation.attempt}")


def scripted(generation):
    """The fault that the question names, in some of its generations."""
    kind = fake_script.script(generation.context).get("fault")
    random = draws(generation)
    if not kind or random.random() > 0.3:
        return None
    return Fault(kind, random.randrange(6))


class EachKind(OneEngine):
    """One server in front of one engine of the class's kind."""

    kind = None

    @classmethod
    def setUpClass(cls):
        cls.engine = FakeEngine(cls.kind, faults=scripted)
        cls.server = Server("--engine", cls.engine.url)
        cls.model = cls.engine.model + (":sequential" if cls.kind == "chat" else "")
        ask(cls.server, fake_script.question(seed=0), cls.model)
        cls.base = cls.server.descriptors()

    def setUp(self):
        super().setUp()
        self.engine.faults = scripted
        self.hurt = 0

    def ask_scripts(self, scripts):
        """Asks for what scripts say, judges, and counts tokens.

        Gives how the answers ended, the tokens that were told of, and those that were lost on the way.
        """
        ends, told, lost = {"stop": 0, "length": 0, "error": 0}, 0, 0
        # Not more at a time than are remembered.
        for start in range(0, len(scripts), 200):
            some = scripts[start:start + 200]
            questions = [
                (fake_script.question(**script), {"braid": SHORT} if script.get("fault") in SLOW else {})
                for script in some]
            answers = ask_all(self.server, questions, model=self.model)
            for script, (question, _), answer in zip(some, questions, answers):
                ends[judge(self, self.server, question, answer, has_tags=self.kind != "chat")] += 1
                if answer.run is None:
                    # It failed before it began.
                    self.assertGreaterEqual(answer.status, 400, answer.body)
                    continue
                said, made = counts(self.server, self.engine, question, answer)
                self.assertEqual(len(set(said)), 1, (question, said))
                if script.get("fault") in LOSSY:
                    self.assertLessEqual(said[0], made, question)
                else:
                    self.assertEqual(said[0], made, question)
                told, lost = told + said[0], lost + made - said[0]
            self.hurt += sum(one.fault is not None for one in self.engine.requests)
            # Whatever was sent again or elsewhere began with what was there, to the byte.
            self.assertFalse([one.context[-200:] for one in self.engine.generations if not one.is_known])
            if start + 200 < len(scripts):
                self.engine.reset()
        self.assertTrue(self.engine.wait_until_idle())
        self.assertTrue(eventually(self.server.is_idle))
        return ends, told, lost

    def check_faults(self):
        scripts = [
            {"seed": index, "fault": kind, "depth": 2, "width": 3, "words": 5, "forks": 1}
            for index, kind in enumerate(FAULTS * ROUNDS)]
        ends, _, lost = self.ask_scripts(scripts)
        self.assertGreater(self.hurt, len(scripts) // 5)
        figure("E.6 17", engine=self.kind, runs=len(scripts), faults=self.hurt, silent_truncations=0, lost_tokens=lost,
               **ends)

    def check_trees(self):
        """Random trees, half of them with faults that lose no token."""
        draws = random.Random(1)
        exact = [kind for kind in FAULTS if kind not in LOSSY]
        scripts = [
            {"seed": 10_000 + index, "depth": draws.randint(0, 2), "width": draws.randint(1, 4),
             "forks": draws.randint(0, 2), "words": draws.randint(1, 9),
             "fault": draws.choice(exact) if index % 2 else None}
            for index in range(TREES)]
        ends, tokens, lost = self.ask_scripts(scripts)
        # Those without a fault, at least.
        self.assertGreaterEqual(ends["stop"], len(scripts) // 2)
        figure("E.6 36", engine=self.kind, trees=len(scripts), tokens=tokens, difference=lost, **ends)


class VLLM(EachKind):
    kind = "vllm"

    def test_faults(self):
        self.check_faults()

    def test_trees(self):
        self.check_trees()

    def test_flapping(self):
        """Half of all generations fail; what is sent again is a fifth of what is asked, and the ten that are given."""
        for kind in ("status-500", "reset", "status-503"):
            engine = FakeEngine(self.kind, faults=lambda one: Fault(kind) if draws(one).random() < 0.5 else None)
            self.addCleanup(engine.close)
            server = Server("--engine", engine.url)
            self.addCleanup(server.close)
            questions = [
                fake_script.question(seed=50_000 + index, width=4, words=3) for index in range(400 if LONG else 40)]
            ends = {"stop": 0, "length": 0, "error": 0}
            for question, answer in zip(questions, ask_all(server, questions)):
                ends[judge(self, server, question, answer)] += 1
            contexts = {one.context for one in engine.generations}
            again = len(engine.generations) - len(contexts)
            # What is read ahead of a join is asked for, too, and never sent again.
            offered = len(contexts) + sum(one.is_warm_up for one in engine.requests)
            figure("E.6 20", fault=kind, offered=offered, sent_again=again, ratio=round(1 + again / offered, 3), **ends)
            self.assertLessEqual(again, 0.2 * offered + 10)
            self.assertGreater(offered, len(questions))

    def test_large_tool_call(self):
        """What is passed on comes as it is, however large; where it is cut, it says so."""
        script = fake_script.question(seed=1, blob=5 << 20)
        answer = ask(self.server, script, "fake-model:passthrough")
        self.assertEqual(answer.status, 200)
        self.assertIn("x" * (5 << 20), answer.body)
        self.assertTrue(answer.is_done)
        for kind in Fault.EARLY + ["cut", "reset-after", "cut-in-event", "error"]:
            if kind == "silent":
                continue
            self.engine.faults = lambda one: Fault(kind, 2)
            answer = ask(self.server, fake_script.question(seed=1), "fake-model:passthrough")
            self.assertNotEqual(answer.finish, "stop", (kind, answer.body))
            self.assertFalse(answer.is_done, (kind, answer.body))
            self.assertTrue(answer.status != 200 or "\"error\"" in answer.body, (kind, answer.body))


class SGLang(EachKind):
    kind = "sglang"

    def test_faults(self):
        self.check_faults()

    def test_trees(self):
        self.check_trees()

    def test_aborts(self):
        """What is given up is aborted by its name, besides that its connection is closed."""
        self.ask_scripts([{"seed": 70_000 + index, "fault": "stall", "width": 4} for index in range(4)])
        stalled = {one.id for one in self.engine.requests if one.fault}
        self.assertTrue(stalled)
        self.assertTrue(eventually(lambda: stalled <= set(self.engine.aborted)))


class LlamaServer(EachKind):
    kind = "llama-server"

    def test_faults(self):
        self.check_faults()

    def test_trees(self):
        self.check_trees()


class Completions(EachKind):
    kind = "completions"

    def test_faults(self):
        self.check_faults()

    def test_trees(self):
        self.check_trees()


class Chat(EachKind):
    kind = "chat"

    def test_faults(self):
        self.check_faults()


del EachKind

if __name__ == "__main__":
    unittest.main()
