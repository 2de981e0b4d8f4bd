"""A model that does not know when to stop: every budget holds, and the run ends honestly."""

import unittest

import fake_script
from asking import Record, ask
from fake_engine import FakeEngine
from figures import LONG, figure
from server import Server, eventually

# With no time between them an engine writes hundreds of tokens before anybody can close its connection.
PACE = 0.005 if LONG else 0
TOKENS, THREADS, DEPTH, THREAD_TOKENS = 2000, 12, 2, 300


class Runaways(unittest.TestCase):
    def run_away(self, kind):
        engine = FakeEngine(kind, end_pause=0.05)
        self.addCleanup(engine.close)
        server = Server(
            "--engine", engine.url, "--max-tokens", str(TOKENS), "--max-threads", str(THREADS),
            "--max-depth", str(DEPTH), "--max-thread-tokens", str(THREAD_TOKENS))
        self.addCleanup(server.close)
        most, written, answered, ends = 0, 0, 0, {"stop": 0, "length": 0}
        for runaway in fake_script.RUNAWAYS:
            for joins in (False, True):
                engine.reset()
                question = fake_script.question(runaway=runaway, joins=joins, pace=PACE)
                answer = ask(server, question)
                told = f"{runaway} {joins}: {answer.body[-800:]}"
                self.assertIsNone(answer.error, told)
                self.assertTrue(answer.is_done, told)
                self.assertIn(answer.finish, ("stop", "length"), told)
                ends[answer.finish] += 1
                record = Record.finished(server, answer.run)
                self.assertEqual(answer.usage["completion_tokens"], record.tokens, told)
                self.assertLessEqual(record.tokens, TOKENS * 1.05, told)
                if PACE and kind == "vllm":
                    # What it has on its way when the tokens are used up counts, too.
                    self.assertLessEqual(engine.produced, TOKENS * 1.05, told)
                self.assertLessEqual(record.tokens, engine.produced, told)
                self.assertLessEqual(record.metrics["threads"], THREADS, told)
                self.assertLessEqual(record.metrics["max_depth"], DEPTH, told)
                for path, (_, tokens, _) in record.lines.items():
                    if path != "0":
                        self.assertLessEqual(tokens, THREAD_TOKENS * 1.05, f"{path} of {told}")
                most, written = max(most, record.tokens), max(written, engine.produced)
                if joins and record.metrics["forks"]:
                    # A fifth of the tokens is kept for the answer, whatever threads do.
                    self.assertEqual((answer.finish, answer.content.strip()), ("stop", "bari"), told)
                    answered += 1
                elif answer.finish == "length":
                    self.assertTrue(answer.report["partial"] and answer.report["reason"], told)
                self.assertTrue(engine.wait_until_idle())
        self.assertTrue(eventually(server.is_idle))
        self.assertGreater(answered, 0)
        figure("E.6 31", engine=kind, runaways=2 * len(fake_script.RUNAWAYS), token_limit=TOKENS, most_tokens=most,
               most_written=written, answered_after_a_join=answered, **ends)

    def test_with_token_ids(self):
        self.run_away("vllm")

    def test_with_text(self):
        self.run_away("completions")


if __name__ == "__main__":
    unittest.main()
