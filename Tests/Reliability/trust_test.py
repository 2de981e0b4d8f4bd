"""Where a server's key and its requests go: to the engine that it was told of, and nowhere else."""

import unittest

import fake_script
from asking import ask
from fake_engine import FakeEngine
from figures import figure
from server import Server, eventually

KEY = "sk-planted-7f3a"


class Trust(unittest.TestCase):
    def setUp(self):
        self.engine, self.stranger = FakeEngine("vllm"), FakeEngine("vllm")
        self.addCleanup(self.engine.close)
        self.addCleanup(self.stranger.close)

    def server(self):
        server = Server("--engine", self.engine.url, environment={"OPENAI_API_KEY": KEY})
        self.addCleanup(server.close)
        return server

    def test_redirects_are_not_followed(self):
        server = self.server()
        ask(server, fake_script.question(seed=1))
        self.assertEqual(self.engine.authorizations, {f"Bearer {KEY}"})
        self.engine.redirect = self.stranger.root
        for is_streaming in (True, False):
            for model in ("fake-model", "fake-model:passthrough"):
                answer = ask(server, fake_script.question(seed=2), model, is_streaming)
                self.assertEqual(answer.error["code"], "upstream_error", answer.body)
                self.assertNotIn(KEY, answer.body)
        self.assertEqual(self.stranger.paths, {})
        self.assertNotIn(KEY, server.log_text())
        figure("E.6 29", requests_at_the_redirect=0)

    def test_a_server_does_not_start_at_a_redirect(self):
        self.engine.redirect = self.stranger.root
        with self.assertRaises(SystemExit) as refused:
            self.server()
        self.assertIn("307", str(refused.exception))
        self.assertEqual(self.stranger.paths, {})

    def test_addresses_in_requests_are_not_used(self):
        server = self.server()
        fields = ["base_url", "api_base", "api_key", "engine"]
        answer = ask(server, fake_script.question(seed=1), **{name: self.stranger.url for name in fields})
        self.assertEqual(answer.finish, "stop", answer.body)
        for name in fields:
            self.assertIn(name, answer.headers["x-braid-ignored-fields"])
        for fields in ({"base_url": self.stranger.url}, {"engine": self.stranger.url}):
            ask(server, fake_script.question(seed=1), braid=fields)
        for text in (self.stranger.url, "http://169.254.169.254/latest/meta-data", "file:///etc/passwd"):
            ask(server, f"{text} {fake_script.question(seed=1)}", model="fake-model:passthrough")
        self.assertTrue(eventually(server.is_idle))
        self.assertEqual(self.stranger.paths, {})


if __name__ == "__main__":
    unittest.main()
