"""Requests that began as right ones and were changed at random: no answer is a failure of the server's own."""

import asyncio
import json
import random
import unittest

from figures import LONG, figure
from malformed import SUM, Malformed
from raw_http import CHAT, Connection, Cut, request


class Mutations(Malformed):
    """Bodies that began as right ones, and heads as well."""

    SEEDS = {
        CHAT: [
            {**SUM, "max_tokens": 4, "stop": ["x"], "braid": {"max_threads": 2}, "n": 1, "seed": 1},
            {**SUM, "max_tokens": 4, "stream": True, "stream_options": {"include_usage": True}},
            {
                "model": "braid-puzzles",
                "max_tokens": 2,
                "messages": [
                    {"role": "system", "content": [{"type": "text", "text": "a"}]},
                    {"role": "user", "content": "1+1"},
                ],
                "tools": [],
                "response_format": {"type": "text"},
                "reasoning_effort": "none",
            },
        ],
        "/v1/completions": [
            {"model": "braid-puzzles", "prompt": [1, 40, 41], "max_tokens": 2, "logprobs": 1, "echo": True},
            {"model": "braid-puzzles", "prompt": "1+1", "max_tokens": 2, "stop_token_ids": [3]},
        ],
        "/v1/responses": [
            {"model": "braid-puzzles", "input": "1+1", "max_output_tokens": 4, "instructions": "a"},
            {"model": "braid-puzzles", "input": [{"role": "user", "content": "1+1"}], "max_output_tokens": 4},
        ],
        "/tokenize": [{"prompt": "1+1", "add_special_tokens": True}, {"messages": SUM["messages"]}],
        "/detokenize": [{"tokens": [1, 2, 3]}],
        "/v1/trajectories/run_x/cancel": [{}],
    }
    PIECES = [
        b"null",
        b"true",
        b"-1",
        b"1e999",
        b"9223372036854775808",
        b'""',
        b"[]",
        b"{}",
        b'"\\ud83d\\ude00"',
        b'"\\u0000"',
        b"\xff",
        b"\0",
        b"[[[[",
        b'{"a":',
        b'"' + b"a" * 5000 + b'"',
        b"0.5",
        b",",
        b":",
        b'"<Parallel>"',
        b"\\",
    ]

    def mutate(self, draws, body):
        for _ in range(draws.randint(1, 4)):
            at = draws.randrange(len(body) + 1)
            to = min(len(body), at + draws.choice([0, 1, 2, 5, 20]))
            piece = draws.choice([b"", bytes([draws.randrange(256)]), draws.choice(self.PIECES), body[at:to] * 2])
            body = body[:at] + piece + body[to:]
        return body

    async def test_bodies(self):
        count = 10_000 if LONG else 250
        statuses = {}
        for path, seeds in self.SEEDS.items():
            draws = random.Random(path)
            bodies = [self.mutate(draws, json.dumps(draws.choice(seeds)).encode()) for _ in range(count)]

            async def send(bodies):
                connection = await Connection.open(self.server.port)
                for body in bodies:
                    answer = await connection.ask("POST", path, body)
                    statuses[answer.status] = statuses.get(answer.status, 0) + 1
                    self.assertLess(answer.status, 500, (path, body, answer.body))
                    if answer.status >= 400:
                        self.assert_error(answer, answer.status)
                    if answer.fields.get("connection") == "close":
                        connection.close()
                        connection = await Connection.open(self.server.port)
                connection.close()

            await asyncio.gather(*(send(bodies[part::8]) for part in range(8)))
        figure(
            "E.6 11 mutated bodies",
            routes=len(self.SEEDS),
            each=count,
            **{f"status_{status}": number for status, number in sorted(statuses.items())},
        )

    async def test_heads(self):
        draws = random.Random(11)
        whole = request(
            "POST", CHAT, {**SUM, "max_tokens": 2}, authorization="Bearer x", accept="*/*", connection="close"
        )
        ends = {"answered": 0, "closed": 0}
        for _ in range(10_000 if LONG else 300):
            async with await Connection.open(self.server.port) as connection:
                await connection.send(self.mutate(draws, whole))
                connection.finish_sending()
                try:
                    answer = await connection.answer()
                    self.assertNotIn(answer.status, (500, 502))
                    ends["answered"] += 1
                except Cut:
                    # A head without its end.
                    ends["closed"] += 1
        figure("E.6 11 mutated messages", **ends)


if __name__ == "__main__":
    unittest.main()
