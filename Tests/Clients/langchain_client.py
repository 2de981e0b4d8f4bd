"""Drives the unmodified `langchain-openai` package against `braid serve`; scripts/test-clients runs it."""

import asyncio
import contextlib
import json
import os
import unittest

import loopback_only

os.environ["LANGSMITH_TRACING"] = "false"
loopback_only.enforce()

import openai  # noqa: E402
from langchain_core.exceptions import (  # noqa: E402
    ContextOverflowError,
    ModelAuthenticationError,
    ModelNotFoundError,
    ModelTimeoutError,
)
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage  # noqa: E402
from langchain_openai import ChatOpenAI, OpenAI  # noqa: E402

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


def setUpModule():
    global servers
    servers = ClientServers()


def tearDownModule():
    servers.close()


def chat(server, model=MODEL, **options):
    fields = {"base_url": server.url, "api_key": KEY, "model": model, "max_retries": 0, "timeout": 120, **options}
    return ChatOpenAI(**fields)


def total(chunks):
    """What the chunks of a message are together."""
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    return whole


class Chat(unittest.TestCase):
    def test_an_answer_comes_whole(self):
        answer = chat(servers.built_in, seed=1, include_response_headers=True).invoke(WIDE_QUESTION)
        self.assertIsInstance(answer, AIMessage)
        self.assertTrue(answer.content)
        self.assertEqual(answer.response_metadata["finish_reason"], "stop")
        self.assertEqual(answer.response_metadata["model_name"], MODEL)
        usage = answer.usage_metadata
        self.assertEqual(usage["total_tokens"], usage["input_tokens"] + usage["output_tokens"])
        self.assertLess(0, usage["output_token_details"]["reasoning"])
        self.assertLess(usage["output_token_details"]["reasoning"], usage["output_tokens"])
        run = answer.response_metadata["headers"]["x-braid-trajectory-id"]
        record = servers.record(servers.built_in, run)
        self.assertEqual(record["metrics"]["total_tokens"], usage["output_tokens"])

    def test_an_answer_comes_as_it_is_written(self):
        whole = chat(servers.built_in, seed=1).invoke(WIDE_QUESTION)
        streamed = total(list(chat(servers.built_in, seed=1, stream_usage=True).stream(WIDE_QUESTION)))
        self.assertEqual(streamed.content, whole.content)
        self.assertEqual(streamed.usage_metadata, whole.usage_metadata)
        self.assertEqual(streamed.response_metadata["finish_reason"], "stop")

    def test_words_come_before_the_end(self):
        pieces, in_flight = [], None
        for chunk in chat(servers.paced, PACED_MODEL).stream(slow_question()):
            if chunk.content:
                in_flight = servers.in_flight() if in_flight is None else in_flight
                pieces.append(chunk.content)
        self.assertEqual(in_flight, 1)
        self.assertGreater(len(pieces), 2)
        self.assertEqual("".join(pieces), chat(servers.paced, PACED_MODEL).invoke(slow_question()).content)

    def test_tasks_read_too(self):
        async def read():
            model = chat(servers.paced, PACED_MODEL)
            pieces = [chunk.content async for chunk in model.astream(slow_question()) if chunk.content]
            return pieces, (await model.ainvoke(slow_question())).content

        pieces, whole = servers.runner.run(read())
        self.assertGreater(len(pieces), 2)
        self.assertEqual("".join(pieces), whole)

    def test_several_questions_and_answers(self):
        answers = chat(servers.built_in, temperature=0).batch([QUESTION, WIDE_QUESTION])
        alone = chat(servers.built_in, temperature=0).invoke(WIDE_QUESTION)
        self.assertEqual([answer.content for answer in answers], ["46", alone.content])
        result = chat(servers.built_in, n=2, temperature=0).generate([[HumanMessage(QUESTION)]])
        self.assertEqual([one.text for one in result.generations[0]], ["46", "46"])
        self.assertGreater(result.llm_output["token_usage"]["completion_tokens"], 0)

    def test_a_prompt_with_several_answers_is_counted_once(self):
        one = chat(servers.built_in).invoke(QUESTION).usage_metadata["input_tokens"]
        result = chat(servers.built_in, n=2).generate([[HumanMessage(QUESTION)]])
        self.assertEqual(result.llm_output["token_usage"]["prompt_tokens"], one)

    def test_a_conversation_is_taken(self):
        answer = chat(servers.built_in, temperature=0).invoke(
            [SystemMessage("Be brief."), HumanMessage("1 + 1 = ?"), AIMessage("2"), HumanMessage(QUESTION)])
        self.assertEqual(answer.content, "46")

    def test_the_braid_object_chooses_the_method(self):
        model = chat(servers.built_in, extra_body={"braid": {"method": "sequential"}}, include_response_headers=True)
        run = model.invoke(QUESTION).response_metadata["headers"]["x-braid-trajectory-id"]
        self.assertEqual(servers.record(servers.built_in, run)["method"], "sequential")

    def test_a_bound_on_tokens_is_a_length(self):
        answer = chat(servers.built_in, max_tokens=3).invoke(WIDE_QUESTION)
        self.assertEqual(answer.response_metadata["finish_reason"], "length")
        self.assertLessEqual(answer.usage_metadata["output_tokens"], 3)


class Errors(unittest.TestCase):
    def test_kinds_are_told_apart(self):
        for responses in (False, True):
            with self.subTest(responses=responses):
                with self.assertRaises(ModelAuthenticationError) as caught:
                    chat(servers.built_in, api_key="wrong", use_responses_api=responses).invoke(QUESTION)
                self.assertIsInstance(caught.exception, openai.AuthenticationError)
                with self.assertRaises(ModelNotFoundError) as caught:
                    chat(servers.built_in, "nobody", use_responses_api=responses).invoke(QUESTION)
                self.assertIsInstance(caught.exception, openai.NotFoundError)
                self.assertEqual(caught.exception.code, "model_not_found")

    def test_bad_values_are_named(self):
        cases = [
            ({"temperature": -1}, "temperature"),
            ({"n": 1000}, "n"),
            ({"max_tokens": 10**30}, "max_completion_tokens"),
            ({"stop": ["x"] * 100}, "stop"),
            ({"extra_body": {"braid": {"max_thread": 1}}}, "braid.max_thread"),
        ]
        for fields, param in cases:
            with self.subTest(param), self.assertRaises(openai.BadRequestError) as caught:
                chat(servers.built_in, **fields).invoke(QUESTION)
            self.assertEqual(caught.exception.param, param)

    def test_a_question_beyond_the_context_is_named(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            chat(servers.built_in).invoke("7 + " * 3000)
        self.assertEqual(caught.exception.code, "context_length_exceeded")

    def test_a_question_beyond_the_context_has_its_own_kind(self):
        with self.assertRaises(ContextOverflowError):
            chat(servers.built_in).invoke("7 + " * 3000)

    def test_an_error_before_a_stream_is_the_same(self):
        with self.assertRaises(openai.NotFoundError):
            list(chat(servers.built_in, "nobody").stream(QUESTION))

    def test_half_an_answer_is_an_error(self):
        for responses in (False, True):
            with self.subTest(responses=responses):
                model = chat(servers.paced, PACED_MODEL, use_responses_api=responses)
                half = ""
                with servers.failing(), self.assertRaisesRegex((openai.APIError, ValueError), "the engine failed"):
                    for chunk in model.stream(slow_question()):
                        half += chunk.text
                self.assertTrue(half)
                with servers.failing(), self.assertRaises(openai.InternalServerError) as caught:
                    model.invoke(slow_question())
                self.assertEqual(caught.exception.status_code, 502)

    def test_a_schema_needs_a_server_behind(self):
        schema = {"title": "sum", "type": "object", "properties": {"sum": {"type": "integer"}}}
        with self.assertRaises(openai.BadRequestError) as caught:
            chat(servers.built_in).with_structured_output(schema).invoke(QUESTION)
        self.assertEqual(caught.exception.param, "response_format")


class Leaving(unittest.TestCase):
    def setUp(self):
        servers.engine.reset()

    def tearDown(self):
        self.assertEqual(len(servers.engine.generations), 1)
        self.assertTrue(servers.is_all_over())
        self.assertEqual(servers.engine.generations[0].end, "closed")

    def test_a_timeout_ends_the_run(self):
        with self.assertRaises(ModelTimeoutError) as caught:
            chat(servers.paced, PACED_MODEL, timeout=1).invoke(endless_question())
        self.assertIsInstance(caught.exception, openai.APITimeoutError)

    def test_a_timeout_of_a_stream_ends_the_run(self):
        with self.assertRaises(Exception) as caught:
            list(chat(servers.paced, PACED_MODEL, timeout=1).stream(endless_question()))
        self.assertIn("timed out", str(caught.exception).lower())

    def test_a_timeout_of_a_task_ends_the_run(self):
        with self.assertRaises(ModelTimeoutError):
            servers.runner.run(chat(servers.paced, PACED_MODEL, timeout=1).ainvoke(endless_question()))

    def test_closing_a_stream_ends_the_run(self):
        for responses in (False, True):
            with self.subTest(responses=responses):
                servers.engine.reset()
                stream = chat(servers.paced, PACED_MODEL, use_responses_api=responses).stream(slow_question())
                next(chunk for chunk in stream if chunk.text)
                self.assertEqual(servers.in_flight(), 1)
                stream.close()
                self.assertTrue(servers.is_all_over())
                self.assertEqual(servers.engine.generations[0].end, "closed")

    def test_closing_a_stream_of_a_task_ends_the_run(self):
        async def leave():
            async with contextlib.aclosing(chat(servers.paced, PACED_MODEL).astream(slow_question())) as stream:
                async for chunk in stream:
                    if chunk.content:
                        break
            # The package leaves the rest to the loop, which must go on for that.
            return await asyncio.to_thread(servers.is_all_over)

        self.assertTrue(servers.runner.run(leave()))

    def test_cancelling_a_task_ends_the_run(self):
        async def leave():
            task = asyncio.create_task(chat(servers.paced, PACED_MODEL).ainvoke(endless_question()))
            while not servers.engine.running and not task.done():
                await asyncio.sleep(0.01)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task

        servers.runner.run(leave())


class Responses(unittest.TestCase):
    def test_a_response_comes_whole(self):
        answer = chat(servers.built_in, use_responses_api=True).invoke(WIDE_QUESTION)
        self.assertEqual(answer.response_metadata["status"], "completed")
        self.assertTrue(answer.text)
        kinds = [block["type"] for block in answer.content]
        self.assertEqual((kinds[0], kinds[-1]), ("reasoning", "text"))
        self.assertTrue(answer.content[0]["content"][0]["text"])
        usage = answer.usage_metadata
        self.assertLess(usage["output_token_details"]["reasoning"], usage["output_tokens"])

    def test_a_response_comes_as_it_is_written(self):
        model = chat(servers.paced, PACED_MODEL, use_responses_api=True)
        chunks, in_flight = [], None
        for chunk in model.stream(slow_question()):
            if chunk.text and in_flight is None:
                in_flight = servers.in_flight()
            chunks.append(chunk)
        self.assertEqual(in_flight, 1)
        self.assertGreater(sum(1 for chunk in chunks if chunk.text), 2)
        whole = model.invoke(slow_question())
        self.assertEqual(total(chunks).text, whole.text)
        self.assertEqual(total(chunks).usage_metadata["output_tokens"], whole.usage_metadata["output_tokens"])

    def test_tasks_read_too(self):
        async def read():
            model = chat(servers.built_in, use_responses_api=True, temperature=0)
            pieces = [chunk.text async for chunk in model.astream(QUESTION)]
            return (await model.ainvoke(QUESTION)).text, "".join(pieces)

        self.assertEqual(servers.runner.run(read()), ("46", "46"))


class Completions(unittest.TestCase):
    def model(self, **options):
        fields = {"base_url": servers.built_in.url, "api_key": KEY, "model": MODEL, "max_retries": 0, "max_tokens": 8,
                  "temperature": 0, **options}
        return OpenAI(**fields)

    def test_a_prompt_goes_on(self):
        whole = self.model().invoke("12 + 34 = ")
        self.assertTrue(whole)
        self.assertEqual("".join(self.model().stream("12 + 34 = ")), whole)
        self.assertEqual(servers.runner.run(self.model().ainvoke("12 + 34 = ")), whole)
        result = self.model(n=2, best_of=2).generate(["1 + 2 = ", "3 + 4 = "])
        self.assertEqual([len(one) for one in result.generations], [2, 2])
        self.assertGreater(result.llm_output["token_usage"]["completion_tokens"], 0)

    def test_errors_are_told_apart(self):
        with self.assertRaises(openai.NotFoundError):
            self.model(model="nobody").invoke("1")
        with self.assertRaises(openai.AuthenticationError):
            self.model(api_key="wrong").invoke("1")


class Tools(unittest.TestCase):
    def model(self):
        return chat(servers.tools, UPSTREAM_MODEL).bind_tools([TOOL])

    def test_tools_are_passed_through(self):
        answer = self.model().invoke(QUESTION)
        self.assertEqual([(one["name"], one["args"]) for one in answer.tool_calls], [("weather", {"city": "Bern"})])
        _, request = servers.upstream.requests[-1]
        self.assertEqual(request["tools"], [TOOL])
        self.assertNotIn(KEY, json.dumps(servers.upstream.requests[-1]))
        again = self.model().invoke(
            [HumanMessage(QUESTION), answer, ToolMessage("sunny", tool_call_id=answer.tool_calls[0]["id"])])
        self.assertTrue(again.tool_calls)
        self.assertEqual([one["role"] for one in servers.upstream.requests[-1][1]["messages"]],
                         ["user", "assistant", "tool"])

    def test_tool_calls_are_streamed_through(self):
        streamed = total(list(self.model().stream(QUESTION)))
        self.assertEqual([(one["name"], one["args"]) for one in streamed.tool_calls], [("weather", {"city": "Bern"})])
        self.assertEqual(streamed.response_metadata["finish_reason"], "tool_calls")


if __name__ == "__main__":
    unittest.main()
