"""Keys and prompts: none of them is in any log, error or metric."""

import json
import unittest

import fake_script
from fake_engine import FakeEngine
from figures import figure
from raw_http import CHAT, AsyncTest, ask, bearer
from server import Server


class Secrets(AsyncTest):
    CLIENT = "client-secret-5f1c9e"
    ENGINE = "engine-secret-77ab01"
    WRONG = "wrong-secret-c0ffee42"
    PROMPT = "prompt-secret-d15ea5e"

    async def test_secrets_are_nowhere(self):
        engine = FakeEngine()
        self.addCleanup(engine.close)
        fields = bearer(self.CLIENT)
        found = {}
        for level in ("notice", "debug"):
            server = Server(
                "--engine",
                engine.url,
                "--log-level",
                level,
                environment={"BRAID_API_KEYS": f"ann:{self.CLIENT}", "OPENAI_API_KEY": self.ENGINE},
            )
            try:
                errors = await self.provoke(server, fields)
                texts = {
                    "errors": "\n".join(errors),
                    "metrics": server.text("/metrics", self.CLIENT),
                    "about": server.text("/v1/braid", self.CLIENT),
                }
            finally:
                server.close()
            texts["log"] = server.log_text()
            for where, text in texts.items():
                for secret in (self.CLIENT, self.ENGINE, self.WRONG, self.PROMPT):
                    found[(level, where)] = found.get((level, where), 0) + text.count(secret)
        self.assertEqual({where: count for where, count in found.items() if count}, {})
        self.assertEqual(engine.authorizations, {f"Bearer {self.ENGINE}"})
        figure("E.6 28 planted secrets", places=len(found), found=sum(found.values()))

    async def provoke(self, server, fields):
        """Everything that goes wrong with secrets about; gives the texts of the errors."""
        asked = fake_script.question(seed=1)[:-1] + f', "note": "{self.PROMPT}"}}'
        messages = [{"role": "user", "content": asked}]
        chat = {"model": "fake-model", "messages": messages}
        requests = [
            ("POST", CHAT, chat, fields, 200),
            ("POST", CHAT, chat, bearer(self.WRONG), 401),
            ("POST", CHAT, {**chat, "temperature": -1}, fields, 400),
            ("POST", CHAT, {**chat, "model": "nobody"}, fields, 404),
            ("POST", CHAT, {**chat, "max_tokens": 1}, fields, 200),
            ("POST", CHAT, {**chat, "tools": 5}, fields, 400),
            (
                "POST",
                CHAT,
                {"model": "fake-model", "messages": [*messages, {"role": "assistant", "content": "x"}]},
                fields,
                400,
            ),
            ("POST", CHAT, json.dumps(chat).encode()[:-1], fields, 400),
            ("POST", CHAT, {**chat, "braid": {"method": "nothing"}}, fields, 400),
            ("POST", "/tokenize", {"prompt": self.PROMPT}, fields, 400),
            ("POST", "/v1/completions", {"model": "fake-model", "prompt": self.PROMPT}, fields, 200),
            ("GET", "/v1/trajectories/run_x", None, fields, 404),
            ("GET", "/nowhere", None, fields, 404),
            ("POST", CHAT, chat, {**fields, "content_encoding": "gzip"}, 415),
            ("POST", CHAT, chat, {**fields, "host": "a.example"}, 403),
            ("GET", "/health", None, {**fields, "x_long": "a" * 20_000}, 431),
        ]
        errors = []
        for method, path, body, head, status in requests:
            answer = await ask(server.port, method, path, body, **head)
            with self.subTest(path=path, body=str(body)[:80]):
                self.assertEqual(answer.status, status, answer.text)
            if answer.status >= 400:
                errors.append(answer.text + json.dumps(answer.fields))
        return errors


if __name__ == "__main__":
    unittest.main()
