"""Who has no key: nothing is answered, however it is asked for, and nothing tells how near a guess was."""

import math
import random
import statistics
import time
import unittest

from figures import LONG, figure
from raw_http import CHAT, AsyncTest, Connection, ask, bearer, question, request
from server import Server

KEY = "right-key-0123456789abcdef"
SUM = question("12 + 34 = ?", max_tokens=8)


class Keys(AsyncTest):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(environment={"BRAID_API_KEYS": f"ann:{KEY}\nbob:another-key-of-a-client"})

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    # What needs a key, with a body where it takes one.
    ROUTES = [
        ("GET", "/v1/models", None),
        ("GET", "/v1/models/braid-puzzles", None),
        ("POST", CHAT, SUM),
        ("POST", "/v1/completions", {"model": "braid-puzzles", "prompt": "1", "max_tokens": 1}),
        ("POST", "/v1/responses", {"model": "braid-puzzles", "input": "1 + 1"}),
        ("POST", "/tokenize", {"prompt": "1"}),
        ("POST", "/detokenize", {"tokens": [1]}),
        ("GET", "/metrics", None),
        ("GET", "/v1/trajectories", None),
        ("GET", "/v1/trajectories/run_x", None),
        ("GET", "/v1/trajectories/run_x/events", None),
        ("POST", "/v1/trajectories/run_x/cancel", {}),
        ("GET", "/nowhere", None),
    ]

    async def test_nothing_is_answered_without_a_key(self):
        wrong = [
            {},
            {"authorization": ""},
            {"authorization": "Bearer"},
            {"authorization": "Bearer "},
            {"authorization": KEY},
            {"authorization": f"Basic {KEY}"},
            {"authorization": f"Bearer {KEY}x"},
            {"authorization": f"Bearer {KEY[:-1]}"},
            {"authorization": f"Bearer x{KEY}"},
            {"authorization": f"Bearer {KEY.upper()}"},
            {"authorization": f"Bearer {KEY} {KEY}"},
            {"authorization": f"Bearer\t{KEY}x"},
            {"authorization": f"Bearer ann:{KEY}"},
            {"authorization": "Bearer ann"},
            {"authorization": "Bearer " + "a" * 9000},
            {"authorization": f"Bearer {KEY[:-1]}\u0435"},
            {"authorization": f'Bearer "{KEY}"'},
            {"x_api_key": KEY},
            {"api_key": KEY},
            {"cookie": f"authorization=Bearer {KEY}"},
            {"x_authorization": f"Bearer {KEY}"},
        ]
        for method, path, body in self.ROUTES:
            for fields in wrong:
                with self.subTest(path=path, fields=str(fields)[:60]):
                    answer = await ask(self.server.port, method, path, body, **fields)
                    self.assertEqual((answer.status, answer.error["code"]), (401, "invalid_api_key"))
                    self.assertEqual(answer.fields["www-authenticate"], "Bearer")
                    self.assertNotIn(KEY, answer.text)
        # Spelt right, whatever the case of the scheme.
        for scheme in ("Bearer", "bearer", "BEARER"):
            answer = await ask(self.server.port, "GET", "/v1/models", authorization=f"{scheme} {KEY}")
            self.assertEqual(answer.status, 200)

    async def test_other_spellings_of_an_address_need_the_key_too(self):
        spellings = [
            "//v1/models",
            "///v1///models",
            "/v1/models/",
            "/v1/./models",
            "/v1/../v1/models",
            "/health/../v1/models",
            "/health/..%2fv1/models",
            "/health/%2e%2e/v1/models",
            "/%2e%2e/v1/models",
            "/v1/%6dodels",
            "/v1/%6Dodels",
            "/V1/models",
            "/v1/MODELS",
            "/v1/models;x",
            "/v1/models;/health",
            "/health;/../v1/models",
            "/v1/models?/health",
            "/v1/models#/health",
            "/v1/models%00",
            "/v1/models%00/health",
            "/v1%2fmodels",
            "/v1/models%20",
            "/v1/models\\",
            "\\v1\\models",
            "/v1\\..\\health",
            "/page/../v1/models",
            "/page/page.js/../../v1/models",
            "/page/..%2f..%2fmetrics",
            "/models",
            "/metrics",
            "/v1/metrics",
            "//metrics",
            "/health/metrics",
            "/metrics/health",
            "/metrics?x=/health",
            "http://localhost/v1/models",
            "http://localhost/health/../v1/models",
            "http://evil.example/v1/models",
            "http://localhost//metrics",
            "http://user:pass@localhost/v1/models",
            "http:/v1/models",
            "https://localhost/metrics",
            "/v1/trajectories/../models",
            "/ready/../metrics",
            "/v1/braid/../models",
            "/v1/braid/models",
            "/%2fv1/models",
            "/./metrics",
            "/v1/models/..;/models",
        ]
        answered = 0
        for path in spellings:
            for method in ("GET", "HEAD", "OPTIONS", "POST"):
                with self.subTest(path=path, method=method):
                    answer = await ask(self.server.port, method, path)
                    self.assertIn(answer.status, (204, 400) if method == "OPTIONS" else (400, 401, 404))
                    answered += 1
        for fields in (
            {"x_original_url": "/health"},
            {"x_rewrite_url": "/health"},
            {"x_forwarded_for": "127.0.0.1"},
            {"x_http_method_override": "OPTIONS"},
            {"x_forwarded_host": "localhost"},
        ):
            self.assertEqual((await ask(self.server.port, "GET", "/metrics", **fields)).status, 401)
        # A request behind one that is open to all.
        async with await Connection.open(self.server.port) as connection:
            await connection.send(request("GET", "/health") + request("GET", "/metrics") + request("GET", "/health"))
            self.assertEqual([(await connection.answer()).status for _ in range(3)], [200, 401, 200])
        for path in ("/health", "/ready", "/v1/braid", "/", "/page/page.js", "/v1/health"):
            self.assertEqual((await ask(self.server.port, "GET", path)).status, 200)
        figure("E.6 27 authentication", requests_without_key=answered, passed=0)

    async def test_the_time_of_a_comparison_tells_nothing(self):
        count = 10_000 if LONG else 500
        draws = random.Random(27)
        kinds = {"nothing": "#" * len(KEY), "all but one": KEY[:-1] + "#"}
        times = {kind: [] for kind in kinds}
        async with await Connection.open(self.server.port) as connection:
            for number in range(2 * count + 200):
                kind = draws.choice(list(kinds))
                asked = request("GET", "/v1/models", **bearer(kinds[kind]))
                began = time.perf_counter()
                await connection.send(asked)
                answer = await connection.answer()
                seconds = time.perf_counter() - began
                self.assertEqual(answer.status, 401)
                if number >= 200:
                    times[kind].append(seconds)
        # The slowest say what else the machine did.
        left, right = (sorted(values)[: int(0.9 * len(values))] for values in times.values())
        t = welch(left, right)
        figure(
            "E.6 27 time of a comparison",
            samples=2 * count,
            welch_t=round(t, 2),
            mean_us=[round(1e6 * statistics.mean(values), 2) for values in (left, right)],
        )
        if LONG:
            self.assertLess(abs(t), 4.5)


def welch(left, right):
    spread = statistics.variance(left) / len(left) + statistics.variance(right) / len(right)
    return (statistics.mean(left) - statistics.mean(right)) / math.sqrt(spread)


if __name__ == "__main__":
    unittest.main()
