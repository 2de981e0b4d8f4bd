"""Drives the unmodified `openai` package against `braid serve`; scripts/test-clients runs it.

Two servers: one with the built-in model, one in front of a small chat server that is a part of this folder.
"""

import json
import time
import unittest
import urllib.error
import urllib.request

import openai

from braid_server import BraidServer
from fake_upstream import MODEL as UPSTREAM_MODEL
from fake_upstream import FakeUpstream

MODEL = "braid-puzzles"
QUESTION = [{"role": "user", "content": "12 + 34 = ?"}]
WIDE_QUESTION = [{"role": "user", "content": "Use 3, 7, 25 and 50 to make 765"}]


def setUpModule():
    global upstream, built_in, remote
    upstream = FakeUpstream()
    built_in = BraidServer()
    remote = BraidServer("--engine", upstream.url, "--model", UPSTREAM_MODEL, "--method", "sequential")


def tearDownModule():
    statuses = (built_in.close(), remote.close())
    upstream.close()
    assert statuses == (0, 0), f"braid serve ended with {statuses}"


def client(server, **options):
    return openai.OpenAI(base_url=server.url, api_key="none", max_retries=0, timeout=120, **options)


def call(server, path, body=None):
    """A request beside the package, for routes that it does not know."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server.address + path, data=data, headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as reply:
        return json.load(reply)


def wait_for_status(server, run, status):
    deadline = time.monotonic() + 20
    while True:
        found = call(server, f"/v1/trajectories/{run}")["status"]
        if found == status or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


class Models(unittest.TestCase):
    def test_models_are_listed(self):
        names = [model.id for model in client(built_in).models.list()]
        self.assertIn(MODEL, names)
        self.assertIn(f"{MODEL}:sequential", names)
        self.assertEqual(client(built_in).models.retrieve(MODEL).id, MODEL)

    def test_an_unknown_model_is_not_found(self):
        with self.assertRaises(openai.NotFoundError) as caught:
            client(built_in).models.retrieve("nobody")
        self.assertEqual(caught.exception.code, "model_not_found")


class Chat(unittest.TestCase):
    def test_an_answer_comes_whole(self):
        raw = client(built_in).chat.completions.with_raw_response.create(model=MODEL, messages=WIDE_QUESTION, seed=1)
        completion = raw.parse()
        choice = completion.choices[0]
        self.assertEqual(choice.message.role, "assistant")
        self.assertTrue(choice.message.content)
        self.assertEqual(choice.finish_reason, "stop")
        self.assertTrue(raw.headers["x-request-id"])
        extension = completion.model_extra["braid"]
        self.assertEqual(raw.headers["x-braid-trajectory-id"], extension["trajectory_id"])
        self.assertEqual(completion.usage.completion_tokens, extension["total_tokens"])
        self.assertEqual(
            completion.usage.total_tokens, completion.usage.prompt_tokens + completion.usage.completion_tokens
        )
        self.assertGreater(completion.usage.prompt_tokens, 0)
        self.assertLess(
            completion.usage.completion_tokens_details.reasoning_tokens, completion.usage.completion_tokens
        )
        record = call(built_in, f"/v1/trajectories/{extension['trajectory_id']}")
        self.assertEqual(record["status"], "finished")
        self.assertEqual(record["metrics"]["total_tokens"], completion.usage.completion_tokens)

    def test_an_answer_comes_as_it_is_written(self):
        whole = client(built_in).chat.completions.create(model=MODEL, messages=WIDE_QUESTION, seed=1)
        chunks = list(
            client(built_in).chat.completions.create(
                model=MODEL, messages=WIDE_QUESTION, seed=1, stream=True, stream_options={"include_usage": True}
            )
        )
        self.assertEqual(chunks[0].choices[0].delta.role, "assistant")
        self.assertEqual(chunks[-1].choices, [])
        self.assertEqual(chunks[-1].usage, whole.usage)
        self.assertEqual(len({chunk.id for chunk in chunks}), 1)
        deltas = [chunk.choices[0] for chunk in chunks if chunk.choices]
        content = "".join(choice.delta.content or "" for choice in deltas)
        self.assertEqual(content, whole.choices[0].message.content)
        for name in ("reasoning_content", "reasoning"):
            thoughts = "".join((choice.delta.model_extra or {}).get(name) or "" for choice in deltas)
            self.assertTrue(thoughts)
            self.assertEqual(thoughts, whole.choices[0].message.model_extra[name])
        self.assertEqual([choice.finish_reason for choice in deltas if choice.finish_reason], ["stop"])
        self.assertIsNotNone(deltas[-1].finish_reason)

    def test_several_answers_are_several_runs(self):
        completion = client(built_in).chat.completions.create(model=f"{MODEL}:sequential", messages=QUESTION, n=2)
        self.assertEqual([choice.index for choice in completion.choices], [0, 1])
        self.assertTrue(all(choice.message.content for choice in completion.choices))

    def test_earlier_messages_that_are_not_read_are_reported(self):
        messages = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"}, *QUESTION]
        raw = client(built_in).chat.completions.with_raw_response.create(
            model=MODEL, messages=messages, extra_body={"unheard_of": 1}
        )
        ignored = raw.headers["x-braid-ignored-fields"]
        self.assertIn("messages[0..1]", ignored)
        self.assertIn("unheard_of", ignored)

    def test_the_braid_object_chooses_the_method(self):
        completion = client(built_in).chat.completions.create(
            model=MODEL, messages=QUESTION, extra_body={"braid": {"method": "sequential", "reasoning": "hidden"}}
        )
        self.assertEqual(completion.model_extra["braid"]["method"], "sequential")
        self.assertNotIn("reasoning_content", completion.choices[0].message.model_extra)

    def test_a_bound_on_tokens_is_a_length(self):
        completion = client(built_in).chat.completions.create(model=MODEL, messages=WIDE_QUESTION, max_tokens=3)
        self.assertEqual(completion.choices[0].finish_reason, "length")
        self.assertLessEqual(completion.usage.completion_tokens, 3)


class Errors(unittest.TestCase):
    def test_an_unknown_model_is_not_found(self):
        with self.assertRaises(openai.NotFoundError) as caught:
            client(built_in).chat.completions.create(model="nobody", messages=QUESTION)
        self.assertEqual((caught.exception.code, caught.exception.param), ("model_not_found", "model"))

    def test_bad_values_are_named(self):
        cases = [
            ({"temperature": -1}, "temperature"),
            ({"n": 1000}, "n"),
            ({"stop": ["x"] * 100}, "stop"),
            ({"extra_body": {"top_k": -5}}, "top_k"),
            ({"extra_body": {"braid": {"max_thread": 1}}}, "braid.max_thread"),
            ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
        ]
        for fields, param in cases:
            with self.subTest(param), self.assertRaises(openai.BadRequestError) as caught:
                client(built_in).chat.completions.create(**{"model": MODEL, "messages": QUESTION, **fields})
            self.assertEqual(caught.exception.param, param)
            self.assertEqual(caught.exception.response.headers["x-should-retry"], "false")

    def test_tools_need_a_server_behind(self):
        tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
        with self.assertRaises(openai.BadRequestError) as caught:
            client(built_in).chat.completions.create(model=MODEL, messages=QUESTION, tools=[tool])
        self.assertEqual(caught.exception.param, "tools")

    def test_what_raw_completions_without_a_tokenizer_come_to_is_for_the_server_behind(self):
        with self.assertRaises(openai.NotFoundError) as caught:
            client(remote).completions.create(model=UPSTREAM_MODEL, prompt="a")
        # This one has chat only, and says so in its own words.
        self.assertEqual(caught.exception.message, "Error code: 404 - no such address")


class Completions(unittest.TestCase):
    RAW = {"add_special_tokens": False, "skip_special_tokens": False, "return_token_ids": True}

    @classmethod
    def setUpClass(cls):
        frame = call(built_in, "/tokenize", {"model": MODEL, "messages": QUESTION})
        cls.prompt = call(built_in, "/tokenize", {"model": MODEL, "prompt": "12 + 34 = ", "add_special_tokens": False})
        assert frame["count"] == len(frame["tokens"]) > 0
        cls.prompt = cls.prompt["tokens"]

    def complete(self, **fields):
        fields = {"model": MODEL, "prompt": self.prompt, "temperature": 0, "max_tokens": 8, **fields}
        return client(built_in).completions.create(**fields)

    def test_tokens_can_be_read_back(self):
        self.assertEqual(call(built_in, "/detokenize", {"tokens": self.prompt})["prompt"], "12 + 34 = ")

    def test_ids_go_in_and_out(self):
        completion = self.complete(extra_body=self.RAW)
        choice = completion.choices[0]
        ids = choice.model_extra["token_ids"]
        self.assertEqual(choice.model_extra["prompt_token_ids"], self.prompt)
        self.assertEqual(completion.usage.completion_tokens, len(ids))
        self.assertEqual(completion.usage.prompt_tokens, len(self.prompt))
        # What is sent back as ids goes on as it would have gone on.
        half = len(ids) // 2
        rest = self.complete(prompt=self.prompt + ids[:half], max_tokens=len(ids) - half, extra_body=self.RAW)
        self.assertEqual(rest.choices[0].model_extra["token_ids"], ids[half:])

    def test_a_stream_has_the_same_tokens(self):
        whole = self.complete(extra_body=self.RAW).choices[0]
        chunks = list(self.complete(stream=True, stream_options={"include_usage": True}, extra_body=self.RAW))
        pieces = [chunk.choices[0] for chunk in chunks if chunk.choices]
        self.assertEqual("".join(piece.text for piece in pieces), whole.text)
        ids = [id for piece in pieces for id in piece.model_extra.get("token_ids") or []]
        self.assertEqual(ids, whole.model_extra["token_ids"])
        self.assertEqual(pieces[-1].finish_reason, whole.finish_reason)
        self.assertEqual(chunks[-1].usage.completion_tokens, len(ids))

    def test_a_stop_id_ends_a_continuation(self):
        ids = self.complete(extra_body=self.RAW).choices[0].model_extra["token_ids"]
        stopped = self.complete(extra_body={**self.RAW, "stop_token_ids": [ids[1]]}).choices[0]
        self.assertEqual(stopped.finish_reason, "stop")
        self.assertEqual(stopped.model_extra["stop_reason"], ids[1])
        self.assertEqual(stopped.model_extra["token_ids"], ids[: ids.index(ids[1]) + 1])

    def test_a_prompt_can_be_scored(self):
        ids = self.complete(extra_body=self.RAW).choices[0].model_extra["token_ids"]
        drawn = self.complete(logprobs=1, extra_body=self.RAW).choices[0].logprobs.token_logprobs
        scored = self.complete(prompt=self.prompt + ids, echo=True, max_tokens=0, logprobs=1).choices[0]
        values = scored.logprobs.token_logprobs
        self.assertEqual(len(values), len(self.prompt) + len(ids))
        self.assertIsNone(values[0])
        for one, other in zip(values[len(self.prompt) :], drawn):
            self.assertAlmostEqual(one, other, places=3)

    def test_several_prompts_and_answers_are_numbered(self):
        completion = self.complete(prompt=[self.prompt, self.prompt[:2]], n=2, temperature=1, seed=3)
        self.assertEqual([choice.index for choice in completion.choices], [0, 1, 2, 3])

    def test_bad_prompts_are_named(self):
        for prompt, param in [([], "prompt"), ([-1], "prompt[0]"), ([1 << 31], "prompt[0]"), ([[1], [1 << 30]], "prompt[1][0]")]:
            with self.subTest(prompt), self.assertRaises(openai.BadRequestError) as caught:
                self.complete(prompt=prompt)
            self.assertEqual(caught.exception.param, param)


class Responses(unittest.TestCase):
    def test_a_response_comes_whole(self):
        response = client(built_in).responses.create(
            model=MODEL, input=WIDE_QUESTION[0]["content"], instructions=None, metadata={"a": "b"}
        )
        self.assertEqual(response.status, "completed")
        self.assertTrue(response.output_text)
        self.assertEqual(response.metadata, {"a": "b"})
        self.assertEqual([item.type for item in response.output][-1], "message")
        self.assertIn("reasoning", [item.type for item in response.output])
        self.assertEqual(response.usage.output_tokens, response.model_extra["braid"]["total_tokens"])

    def test_a_response_comes_as_it_is_written(self):
        fields = {"model": MODEL, "input": WIDE_QUESTION, "extra_body": {"seed": 1}}
        events = list(client(built_in).responses.create(stream=True, **fields))
        self.assertEqual([event.sequence_number for event in events], list(range(len(events))))
        self.assertEqual(events[0].type, "response.created")
        self.assertEqual(events[-1].type, "response.completed")
        final = events[-1].response
        done = [event.item for event in events if event.type == "response.output_item.done"]
        self.assertEqual([item.id for item in done], [item.id for item in final.output])
        text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
        self.assertEqual(text, final.output_text)
        thoughts = {}
        for event in events:
            if event.type == "response.reasoning_text.delta":
                thoughts[event.item_id] = thoughts.get(event.item_id, "") + event.delta
        self.assertEqual(
            thoughts, {item.id: item.content[0].text for item in final.output if item.type == "reasoning"}
        )
        whole = client(built_in).responses.create(**fields)
        self.assertEqual([item.type for item in whole.output], [item.type for item in final.output])
        self.assertEqual(whole.output_text, final.output_text)

    def test_the_packages_own_reader_follows(self):
        with client(built_in).responses.stream(model=MODEL, input=QUESTION) as stream:
            for _ in stream:
                pass
            self.assertTrue(stream.get_final_response().output_text)

    def test_stored_state_is_refused(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            client(built_in).responses.create(model=MODEL, input="a", previous_response_id="resp_1")
        self.assertEqual(caught.exception.param, "previous_response_id")


class Upstream(unittest.TestCase):
    TOOL = {
        "type": "function",
        "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
    }

    def test_a_method_asks_the_server_behind(self):
        completion = client(remote).chat.completions.create(model=UPSTREAM_MODEL, messages=QUESTION)
        self.assertIn("42", completion.choices[0].message.content)

    def test_tools_are_passed_through(self):
        completion = client(remote).chat.completions.create(
            model=UPSTREAM_MODEL, messages=QUESTION, tools=[self.TOOL], parallel_tool_calls=False
        )
        call = completion.choices[0].message.tool_calls[0]
        self.assertEqual((call.function.name, json.loads(call.function.arguments)), ("weather", {"city": "Bern"}))
        self.assertEqual(completion.choices[0].finish_reason, "tool_calls")
        headers, request = upstream.requests[-1]
        self.assertEqual(request["tools"], [self.TOOL])
        self.assertEqual(request["model"], UPSTREAM_MODEL)
        self.assertNotIn("none", headers.get("Authorization", headers.get("authorization", "")))

    def test_tool_calls_are_streamed_through(self):
        stream = client(remote).chat.completions.create(
            model=UPSTREAM_MODEL, messages=QUESTION, tools=[self.TOOL], stream=True
        )
        arguments, reasons = "", []
        for chunk in stream:
            for choice in chunk.choices:
                for part in choice.delta.tool_calls or []:
                    arguments += part.function.arguments or ""
                reasons.append(choice.finish_reason)
        self.assertEqual(json.loads(arguments), {"city": "Bern"})
        self.assertEqual(reasons[-1], "tool_calls")

    def test_leaving_a_stream_stops_the_run(self):
        raw = client(remote).chat.completions.with_raw_response.create(
            model=UPSTREAM_MODEL, messages=[{"role": "user", "content": "a slow question"}], stream=True
        )
        run = raw.headers["x-braid-trajectory-id"]
        stream = raw.parse()
        iterator = iter(stream)
        for _ in range(3):
            next(iterator)
        self.assertEqual(call(remote, f"/v1/trajectories/{run}")["status"], "running")
        stream.close()
        self.assertEqual(wait_for_status(remote, run, "cancelled"), "cancelled")
        self.assertTrue(upstream.cut.acquire(timeout=20), "the server behind was not told")


if __name__ == "__main__":
    unittest.main()
