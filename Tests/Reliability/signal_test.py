"""Signals: a server that is asked to end lets runs finish, tells those that it cuts, and goes."""

import http.client
import signal
import threading
import time
import unittest

import fake_script
from asking import ask, ask_all, judge
from fake_engine import FakeEngine
from figures import figure
from server import PATIENCE, Server, eventually

STREAMS = 200


class Signals(unittest.TestCase):
    def setUp(self):
        self.engine = FakeEngine("vllm")
        self.servers = []

    def tearDown(self):
        for server in self.servers:
            if server.is_alive():
                server.process.kill()
                server.process.wait()
        self.engine.close()

    def server(self, *arguments):
        server = Server("--engine", self.engine.url, "--max-concurrency", "256", *arguments)
        self.servers.append(server)
        return server

    def status(self, server, method, path):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        body = b'{"model": "fake-model", "messages": [{"role": "user", "content": "?"}]}' if method == "POST" else None
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def test_drain(self):
        """Half of the streams end in time, the others are cut; whichever it is, they say so."""
        server = self.server("--drain", "4")
        # They all wait at the engine when the signal comes; then the first half goes on, and the second waits for ever.
        questions = [
            fake_script.question(seed=index, forks=0, words=10, gate="never" if index % 2 else "drain")
            for index in range(STREAMS)]
        answers = []
        asking = threading.Thread(target=lambda: answers.extend(ask_all(server, questions, width=STREAMS)))
        asking.start()
        self.assertTrue(eventually(lambda: self.engine.running == STREAMS))
        self.assertEqual(self.status(server, "GET", "/ready")[0], 200)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        self.assertTrue(eventually(lambda: self.status(server, "GET", "/ready")[0] == 503))
        noticed = time.monotonic() - began
        self.engine.open("drain")
        self.assertEqual(self.status(server, "GET", "/health")[0], 200)
        refused, text = self.status(server, "POST", "/v1/chat/completions")
        self.assertEqual(refused, 503)
        self.assertIn("shutting_down", text)
        self.assertEqual(server.process.wait(timeout=PATIENCE), 0)
        seconds = time.monotonic() - began
        asking.join()
        ends = {"stop": 0, "error": 0}
        for index, answer in enumerate(answers):
            self.assertFalse(answer.is_cut, answer.body)
            if answer.error:
                self.assertEqual(answer.error["code"], "shutting_down", answer.body)
                self.assertIsNone(answer.finish)
                self.assertFalse(answer.is_done)
                ends["error"] += 1
            else:
                plan = fake_script.Plan(fake_script.script(questions[index]))
                self.assertEqual((answer.finish, answer.content.strip()), ("stop", plan.answer.strip()))
                ends["stop"] += 1
        self.assertEqual(len(answers), STREAMS)
        self.assertGreaterEqual(ends["error"], STREAMS // 2, ends)
        self.assertGreater(ends["stop"], 0)
        self.assertTrue(self.engine.wait_until_idle())
        figure("E.6 26", streams=STREAMS, ready_503_after_ms=round(1000 * noticed, 1),
               seconds_until_exit=round(seconds, 2), exit_status=0, cut_with_stop=0, **ends)

    def test_an_idle_server_ends_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.server("--drain", "600")
            began = time.monotonic()
            server.process.send_signal(number)
            self.assertEqual(server.process.wait(timeout=PATIENCE), 0)
            figure("E.6 26", idle=True, signal=number.name, seconds_until_exit=round(time.monotonic() - began, 2))

    def test_the_second_signal_does_not_wait(self):
        server = self.server("--drain", "600")
        asking = threading.Thread(target=self.ask_in_vain, args=(server,))
        asking.start()
        self.assertTrue(eventually(lambda: self.engine.running == 1))
        server.process.send_signal(signal.SIGTERM)
        self.assertTrue(eventually(lambda: self.status(server, "GET", "/ready")[0] == 503))
        began = time.monotonic()
        server.process.send_signal(signal.SIGINT)
        self.assertEqual(server.process.wait(timeout=PATIENCE), 130)
        asking.join()
        self.assertTrue(self.engine.wait_until_idle())
        figure("E.6 26", second_signal=True, seconds_until_exit=round(time.monotonic() - began, 2))

    def ask_in_vain(self, server):
        try:
            answer = ask(server, fake_script.question(seed=1, prefill=600))
            self.assertIsNone(answer.finish)
        except OSError:
            pass
        except http.client.HTTPException:
            pass

    def test_signals_that_are_ignored(self):
        server = self.server()
        for number in (signal.SIGHUP, signal.SIGPIPE):
            server.process.send_signal(number)
            question = fake_script.question(seed=number)
            self.assertEqual(judge(self, server, question, ask(server, question)), "stop")
        self.assertEqual(server.close(), 0)


if __name__ == "__main__":
    unittest.main()
