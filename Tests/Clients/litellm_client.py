"""Drives the unmodified `litellm` package against `braid serve`; scripts/test-clients --all runs it."""

import asyncio
import contextlib
import json
import os
import unittest

import loopback_only

# Otherwise it asks the network for prices when it is imported.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
loopback_only.enforce()

import litellm  # noqa: E402
import openai  # noqa: E402

from client_servers import (  # noqa: E402
    KEY,
    MODEL,
    PACED_MODEL,
    QUESTION,
    TOOL,
    UPSTREAM_MODEL,
    WIDE_QUESTION,
    ClientServers,
    endless_question,
    slow_question,
)

litellm.telemetry = False
litellm.suppress_debug_info = True
# Of models that it does not know, it asks for the whole response and deals it out itself.
litellm.register_model({
    f"openai/{name}": {"litellm_provider": "openai", "mode": "chat", "supports_native_streaming": True}
    for name in (MODEL, PACED_MODEL)})


def setUpModule():
    global servers
    servers = ClientServers()


def tearDownModule():
    servers.close()


def fields(server, question=QUESTION, model=MODEL, **options):
    """What a chat needs."""
    return {**place(server, model), "messages": [{"role": "user", "content": question}], **options}


def place(server, model=MODEL, provider="openai"):
    return {"model": f"{provider}/{model}", "api_base": server.url, "api_key": KEY, "max_retries": 0, "timeout": 120}


def paced(question):
    return fields(servers.paced, question, PACED_MODEL)


def words(chunks, name="content"):
    return [text for chunk in chunks for choice in chunk.choices if (text := getattr(choice.delta, name, None))]


class Chat(unittest.TestCase):
    def test_an_answer_comes_whole(self):
        answer = litellm.completion(**fields(servers.built_in, WIDE_QUESTION, seed=1))
        choice = answer.choices[0]
        self.assertTrue(choice.message.content)
        self.assertTrue(choice.message.reasoning_content)
        self.assertEqual((choice.finish_reason, answer.model), ("stop", MODEL))
        self.assertEqual(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens)
        self.assertLess(answer.usage.completion_tokens_details.reasoning_tokens, answer.usage.completion_tokens)
        record = servers.record(servers.built_in, answer.braid["trajectory_id"])
        self.assertEqual(record["metrics"]["total_tokens"], answer.usage.completion_tokens)

    def test_an_answer_comes_as_it_is_written(self):
        asked = fields(servers.built_in, WIDE_QUESTION, seed=1)
        whole = litellm.completion(**asked)
        chunks = list(litellm.completion(**asked, stream=True, stream_options={"include_usage": True}))
        self.assertEqual("".join(words(chunks)), whole.choices[0].message.content)
        self.assertEqual("".join(words(chunks, "reasoning_content")), whole.choices[0].message.reasoning_content)
        self.assertEqual([chunk.usage for chunk in chunks if getattr(chunk, "usage", None)], [whole.usage])
        reasons = [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason]
        self.assertEqual(reasons, ["stop"])
        built = litellm.stream_chunk_builder(chunks, messages=asked["messages"])
        self.assertEqual(built.choices[0].message.content, whole.choices[0].message.content)

    def test_words_come_before_the_end(self):
        for name in ("reasoning_content", "content"):
            pieces, in_flight = [], None
            for chunk in litellm.completion(**paced(slow_question()), stream=True):
                if words([chunk], name):
                    in_flight = servers.in_flight() if in_flight is None else in_flight
                    pieces += words([chunk], name)
            with self.subTest(name):
                self.assertEqual(in_flight, 1)
                self.assertGreater(len(pieces), 2)
                message = litellm.completion(**paced(slow_question())).choices[0].message
                self.assertEqual("".join(pieces), getattr(message, name))

    def test_tasks_read_too(self):
        async def read():
            stream = await litellm.acompletion(**paced(slow_question()), stream=True)
            chunks = [chunk async for chunk in stream]
            return words(chunks), (await litellm.acompletion(**paced(slow_question()))).choices[0].message.content

        pieces, whole = servers.runner.run(read())
        self.assertGreater(len(pieces), 2)
        self.assertEqual("".join(pieces), whole)

    def test_several_answers(self):
        answer = litellm.completion(**fields(servers.built_in, n=2, temperature=0))
        self.assertEqual([choice.index for choice in answer.choices], [0, 1])
        self.assertEqual([choice.message.content for choice in answer.choices], ["46", "46"])
        texts = {0: "", 1: ""}
        for chunk in litellm.completion(**fields(servers.built_in, n=2, temperature=0), stream=True):
            for choice in chunk.choices:
                texts[choice.index] += choice.delta.content or ""
        self.assertEqual(texts, {0: "46", 1: "46"})

    def test_a_prompt_with_several_answers_is_counted_once(self):
        one = litellm.completion(**fields(servers.built_in)).usage.prompt_tokens
        self.assertEqual(litellm.completion(**fields(servers.built_in, n=2)).usage.prompt_tokens, one)

    def test_the_braid_object_chooses_the_method(self):
        answer = litellm.completion(**fields(servers.built_in, extra_body={"braid": {"method": "sequential"}}))
        self.assertEqual(answer.braid["method"], "sequential")

    def test_a_bound_on_tokens_is_a_length(self):
        for name in ("max_tokens", "max_completion_tokens"):
            answer = litellm.completion(**fields(servers.built_in, WIDE_QUESTION, **{name: 3}))
            self.assertEqual(answer.choices[0].finish_reason, "length")
            self.assertLessEqual(answer.usage.completion_tokens, 3)


class Errors(unittest.TestCase):
    def test_an_unknown_model_is_not_found(self):
        with self.assertRaises(litellm.NotFoundError):
            litellm.completion(**fields(servers.built_in, model="nobody"))
        with self.assertRaises(litellm.NotFoundError):
            litellm.responses(**place(servers.built_in, "nobody"), input=QUESTION)
        with self.assertRaises(litellm.NotFoundError):
            servers.runner.run(litellm.acompletion(**fields(servers.built_in, model="nobody")))

    def test_a_wrong_key_is_refused(self):
        with self.assertRaises(openai.APIStatusError) as caught:
            litellm.completion(**{**fields(servers.built_in), "api_key": "wrong"})
        self.assertEqual(caught.exception.status_code, 401)

    def test_a_wrong_key_has_its_own_kind(self):
        with self.assertRaises(litellm.AuthenticationError):
            litellm.completion(**{**fields(servers.built_in), "api_key": "wrong"})

    def test_bad_values_are_named(self):
        cases = [
            ({"temperature": -1}, "temperature"),
            ({"n": 1000}, "n"),
            ({"max_tokens": 10**30}, "max_tokens"),
            ({"extra_body": {"braid": {"max_thread": 1}}}, "braid.max_thread"),
        ]
        for values, param in cases:
            with self.subTest(param), self.assertRaises(litellm.BadRequestError) as caught:
                litellm.completion(**fields(servers.built_in, **values))
            self.assertEqual(caught.exception.body["param"], param)

    def test_a_question_beyond_the_context_has_its_own_kind(self):
        with self.assertRaises(litellm.ContextWindowExceededError):
            litellm.completion(**fields(servers.built_in, "7 + " * 3000))

    def test_an_error_before_a_stream_is_the_same(self):
        with self.assertRaises(litellm.NotFoundError):
            list(litellm.completion(**fields(servers.built_in, model="nobody"), stream=True))

    def test_half_an_answer_is_an_error(self):
        asked = {**place(servers.paced, PACED_MODEL), "input": slow_question()}
        streams = [
            lambda: litellm.completion(**paced(slow_question()), stream=True),
            lambda: litellm.responses(**asked, stream=True),
        ]
        for stream in streams:
            with servers.failing(), self.assertRaises(litellm.exceptions.MidStreamFallbackError) as caught:
                list(stream())
            self.assertIn("the engine failed", str(caught.exception))
        for whole in (lambda: litellm.completion(**paced(slow_question())), lambda: litellm.responses(**asked)):
            with servers.failing(), self.assertRaises(litellm.BadGatewayError):
                whole()


class Leaving(unittest.TestCase):
    def setUp(self):
        servers.engine.reset()

    def tearDown(self):
        self.assertEqual(len(servers.engine.generations), 1)
        self.assertTrue(servers.is_all_over())
        self.assertEqual(servers.engine.generations[0].end, "closed")

    def test_a_timeout_ends_the_run(self):
        with self.assertRaises(litellm.Timeout):
            litellm.completion(**{**paced(endless_question()), "timeout": 1})

    def test_a_timeout_of_a_response_ends_the_run(self):
        with self.assertRaises(litellm.Timeout):
            litellm.responses(**{**place(servers.paced, PACED_MODEL), "timeout": 1}, input=endless_question())

    def test_a_timeout_of_a_stream_ends_the_run(self):
        with self.assertRaisesRegex(litellm.exceptions.MidStreamFallbackError, "timed out"):
            list(litellm.completion(**{**paced(endless_question()), "timeout": 1}, stream=True))

    def test_a_timeout_of_a_task_ends_the_run(self):
        with self.assertRaises(litellm.Timeout):
            servers.runner.run(litellm.acompletion(**{**paced(endless_question()), "timeout": 1}))

    def test_closing_a_stream_ends_the_run(self):
        stream = litellm.completion(**paced(slow_question()), stream=True)
        next(chunk for chunk in stream if words([chunk]))
        self.assertEqual(servers.in_flight(), 1)
        # It has no way to be closed, and being dropped is not enough; what it wraps has one.
        stream.completion_stream.close()
        self.assertTrue(servers.is_all_over())

    def test_closing_a_stream_of_a_task_ends_the_run(self):
        async def leave():
            stream = await litellm.acompletion(**paced(slow_question()), stream=True)
            async with contextlib.aclosing(stream):
                async for chunk in stream:
                    if words([chunk]):
                        break
            return await asyncio.to_thread(servers.is_all_over)

        self.assertTrue(servers.runner.run(leave()))

    def test_cancelling_a_task_ends_the_run(self):
        async def leave():
            task = asyncio.create_task(litellm.acompletion(**paced(endless_question())))
            while not servers.engine.running and not task.done():
                await asyncio.sleep(0.01)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            return await asyncio.to_thread(servers.is_all_over)

        self.assertTrue(servers.runner.run(leave()))


class Responses(unittest.TestCase):
    def test_a_response_comes_whole(self):
        response = litellm.responses(**place(servers.built_in), input=WIDE_QUESTION)
        self.assertEqual(response.status, "completed")
        self.assertEqual([item.type for item in response.output][-1], "message")
        self.assertTrue(response.output[-1].content[0].text)
        self.assertTrue(response.output[0].content[0].text)
        self.assertEqual(response.usage.total_tokens, response.usage.input_tokens + response.usage.output_tokens)
        self.assertLess(response.usage.output_tokens_details.reasoning_tokens, response.usage.output_tokens)

    def test_a_response_comes_as_it_is_written(self):
        deltas, in_flight, last = [], None, None
        for event in litellm.responses(**place(servers.paced, PACED_MODEL), input=slow_question(), stream=True):
            if event.type == "response.output_text.delta":
                in_flight = servers.in_flight() if in_flight is None else in_flight
                deltas.append(event.delta)
            last = event
        self.assertEqual(in_flight, 1)
        self.assertGreater(len(deltas), 2)
        self.assertEqual(last.type, "response.completed")
        self.assertEqual("".join(deltas), last.response.output[-1].content[0].text)

    def test_tasks_read_too(self):
        async def read():
            whole = await litellm.aresponses(**place(servers.built_in), input=QUESTION, temperature=0)
            stream = await litellm.aresponses(**place(servers.built_in), input=QUESTION, temperature=0, stream=True)
            deltas = [event.delta async for event in stream if event.type == "response.output_text.delta"]
            return whole.output[-1].content[0].text, "".join(deltas)

        self.assertEqual(servers.runner.run(read()), ("46", "46"))

    def test_stored_state_is_refused(self):
        with self.assertRaises(litellm.BadRequestError):
            litellm.responses(**place(servers.built_in), input="a", previous_response_id="resp_1")


class Completions(unittest.TestCase):
    def complete(self, **options):
        asked = {**place(servers.built_in, provider="text-completion-openai"), "prompt": "12 + 34 = ", "max_tokens": 8,
                 "temperature": 0, **options}
        return litellm.text_completion(**asked)

    def test_a_prompt_goes_on(self):
        whole = self.complete()
        self.assertTrue(whole.choices[0].text)
        self.assertEqual(whole.usage.total_tokens, whole.usage.prompt_tokens + whole.usage.completion_tokens)
        chunks = list(self.complete(stream=True))
        self.assertEqual("".join(chunk.choices[0].text or "" for chunk in chunks), whole.choices[0].text)
        several = self.complete(n=2)
        self.assertEqual([choice.index for choice in several.choices], [0, 1])

    def test_an_unknown_model_is_not_found(self):
        with self.assertRaises(litellm.NotFoundError):
            self.complete(model="text-completion-openai/nobody")


class Tools(unittest.TestCase):
    def test_tools_are_passed_through(self):
        answer = litellm.completion(**fields(servers.tools, model=UPSTREAM_MODEL, tools=[TOOL]))
        call = answer.choices[0].message.tool_calls[0]
        self.assertEqual((call.function.name, json.loads(call.function.arguments)), ("weather", {"city": "Bern"}))
        self.assertEqual(answer.choices[0].finish_reason, "tool_calls")
        _, request = servers.upstream.requests[-1]
        self.assertEqual(request["tools"], [TOOL])
        self.assertNotIn(KEY, json.dumps(servers.upstream.requests[-1]))

    def test_tool_calls_are_streamed_through(self):
        asked = fields(servers.tools, model=UPSTREAM_MODEL, tools=[TOOL], stream=True)
        built = litellm.stream_chunk_builder(list(litellm.completion(**asked)))
        call = built.choices[0].message.tool_calls[0]
        self.assertEqual((call.function.name, json.loads(call.function.arguments)), ("weather", {"city": "Bern"}))
        self.assertEqual(built.choices[0].finish_reason, "tool_calls")


if __name__ == "__main__":
    unittest.main()
