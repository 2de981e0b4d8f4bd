"""Values that no client should send, in right JSON: each gets its error in OpenAI's form, and the server lives."""

import json
import unittest

from malformed import SUM, Malformed
from raw_http import CHAT, question, request


class Values(Malformed):
    """Numbers and lists that are too much, too little, or something else, by route and field."""

    RAW = {"model": "braid-puzzles", "prompt": "12", "max_tokens": 2}

    async def test_numbers(self):
        wrong = {
            "max_tokens": [
                "0",
                "-1",
                "-0",
                "0.1",
                "1e400",
                "4611686018427387904",
                "9223372036854775808",
                "18446744073709551616",
                '"5"',
                "true",
                "[]",
            ],
            "n": ["0", "-1", "1000000000", "1.5", "1e9", '"1"'],
            "temperature": ["-1", "1e9", "1e400", "-1e400", '"0"', "[0]"],
            "top_p": ["0", "-0.1", "1.1", '"1"'],
            "top_k": ["-5", "1.5", "9223372036854775808"],
            "min_p": ["-0.1", "2"],
            "repetition_penalty": ["0", "-1", "1e9"],
            "seed": ["9223372036854775808", "-9223372036854775809", "0.5", '"1"'],
        }
        for path, body in ((CHAT, SUM), ("/v1/completions", self.RAW)):
            for field, values in wrong.items():
                for value in values:
                    with self.subTest(path=path, field=field, value=value):
                        text = json.dumps({**body, field: "HERE"}).replace('"HERE"', value)
                        # What no number can hold is not JSON that anybody could read.
                        told = {"code": "invalid_json"} if "e400" in value else {"param": field}
                        await self.refuses_body(text.encode(), 400, path=path, **told)

    async def test_numbers_that_are_right(self):
        for field, value in [
            ("temperature", "-0"),
            ("temperature", "-0.0"),
            ("temperature", "1e-400"),
            ("seed", "-1"),
            ("seed", "-9223372036854775808"),
            ("max_tokens", "256.0"),
            ("max_tokens", "1e2"),
            ("top_k", "-1"),
            ("n", "null"),
        ]:
            with self.subTest(field=field, value=value):
                text = json.dumps({**SUM, field: "HERE"}).replace('"HERE"', value)
                self.assertEqual((await self.send(request("POST", CHAT, text.encode()))).status, 200)

    async def test_lists(self):
        for path, body in ((CHAT, SUM), ("/v1/completions", self.RAW)):
            for stop, param in [
                ([""], "stop[0]"),
                ("", "stop"),
                (["x"] * 10_000, "stop"),
                ([1], "stop[0]"),
                ("x" * 10_000, "stop"),
                ({}, "stop"),
            ]:
                with self.subTest(path=path, stop=str(stop)[:40]):
                    await self.refuses_body({**body, "stop": stop}, 400, path=path, param=param)
        many = [{"role": "user", "content": "1"}] * 5000
        await self.refuses_body({**SUM, "messages": many}, 400, param="messages")
        for text in ("", " \n "):
            await self.refuses_body(question(text), 400, param="messages")

    async def test_options_of_a_run(self):
        for field, values in {
            "max_threads": [0, -1, 2**62],
            "max_depth": [-1, 10**9],
            "max_total_tokens": [0, -1],
            "max_thread_tokens": [0],
            "timeout_s": [0, -1, 1e300],
            "thread_timeout_s": [0],
            "samples": [0, 10**9],
            "workers": [-1],
            "method": ["nothing", 1, ""],
            "reasoning": ["loud"],
            "order": ["backwards"],
            "unheard_of": [1],
        }.items():
            for value in values:
                with self.subTest(field=field, value=value):
                    answer = await self.send(request("POST", CHAT, {**SUM, "braid": {field: value}}))
                    self.assert_error(answer, 400)
                    self.assertTrue(answer.error["param"].startswith("braid"), answer.error)
        await self.refuses_body({**SUM, "braid": []}, 400, param="braid")

    async def test_token_ids(self):
        many = json.dumps({**self.RAW, "prompt": [1] * 1_000_000}).encode()
        await self.refuses_body(many, 400, path="/v1/completions", param="prompt", code="context_length_exceeded")
        for prompt, param in [
            ("[-1]", "prompt[0]"),
            ("[2147483648]", "prompt[0]"),
            ("[9223372036854775808]", "prompt[0]"),
            ("[1, 1e3]", "prompt[1]"),
            ("[1, 2.5]", "prompt[1]"),
            ('[1, "2"]', "prompt[1]"),
            ("[1, null]", "prompt[1]"),
            ("[1, [2]]", "prompt[1]"),
            ("[2147483647]", "prompt[0]"),
            ("[]", "prompt"),
            ('""', "prompt"),
            ("[[]]", "prompt[0]"),
            ("[[1], [2, -2]]", "prompt[1][1]"),
            ('[""]', "prompt[0]"),
            ("null", "prompt"),
            ("{}", "prompt"),
            ("1", "prompt"),
            ("true", "prompt"),
            ("[true]", "prompt[0]"),
        ]:
            with self.subTest(prompt):
                text = json.dumps({**self.RAW, "prompt": "HERE"}).replace('"HERE"', prompt)
                await self.refuses_body(text.encode(), 400, path="/v1/completions", param=param)
                if prompt.startswith("[") and param != "prompt" and "[[" not in prompt and '[""]' != prompt:
                    text = json.dumps({"tokens": "HERE"}).replace('"HERE"', prompt)
                    await self.refuses_body(
                        text.encode(), 400, path="/detokenize", param=param.replace("prompt", "tokens")
                    )
        for stops, param in [
            ("[-1]", "stop_token_ids[0]"),
            ("[2147483647]", "stop_token_ids[0]"),
            ('"a"', "stop_token_ids"),
            (json.dumps([1] * 10_000), "stop_token_ids"),
        ]:
            with self.subTest(stops[:20]):
                text = json.dumps({**self.RAW, "stop_token_ids": "HERE"}).replace('"HERE"', stops)
                await self.refuses_body(text.encode(), 400, path="/v1/completions", param=param)
        million = json.dumps({"tokens": [1] * 1_000_000}).encode()
        self.assertEqual((await self.send(request("POST", "/detokenize", million))).status, 200)

    async def test_addresses(self):
        for path in (
            "/v1/trajectories?limit=0",
            "/v1/trajectories?limit=x",
            "/v1/trajectories?limit=9223372036854775808",
            "/v1/trajectories?status=odd",
            "/v1/trajectories?before=%00",
        ):
            with self.subTest(path):
                await self.refuses(request("GET", path), 400)
        for path in (
            "/v1/trajectories/run_x",
            "/v1/trajectories/run_x/events",
            "/v1/trajectories/%F0%9F%92%A9",
            "/nowhere",
            "/v1/models/nobody",
            "/page/..",
            "/page/%2e%2e/x",
            "/v1/../health",
            "/%zz",
            "/%",
            "/%ff",
            "/a%00b",
            "/" + "a/" * 4000,
            "/v1/trajectories/" + "x" * 10_000,
        ):
            with self.subTest(path[:40]):
                await self.refuses(request("GET", path), 404)
        last = request("GET", "/v1/trajectories/run_x/events", last_event_id="9" * 50)
        await self.refuses(last, 404)


if __name__ == "__main__":
    unittest.main()
