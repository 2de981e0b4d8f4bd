"""What a client sees of a run that a script drives, and what it may see."""

import http.client
import json
import socket
from concurrent.futures import ThreadPoolExecutor

import fake_script
from server import PATIENCE, eventually


class Answer:
    """One answer, whole or not."""

    def __init__(self, status, headers, body, is_cut):
        self.status, self.headers, self.body, self.is_cut = status, headers, body, is_cut
        self.content, self.reasoning, self.finish, self.usage, self.report = "", "", None, None, None
        self.error, self.is_done = None, False
        if headers.get("content-type", "").startswith("text/event-stream"):
            for block in body.split("\n\n"):
                self.read(block)
        else:
            self.read_document()

    @property
    def run(self):
        return self.headers.get("x-braid-trajectory-id")

    def read(self, block):
        lines = block.split("\n")
        data = "\n".join(line[6:] for line in lines if line.startswith("data: "))
        if data == "[DONE]":
            self.is_done = True
        elif data and "event: error" in lines:
            self.error = json.loads(data)["error"]
        elif data:
            try:
                chunk = json.loads(data)
            except ValueError:
                self.is_cut = True
                return
            self.usage = chunk.get("usage") or self.usage
            self.report = chunk.get("braid") or self.report
            for choice in chunk.get("choices") or []:
                self.content += choice["delta"].get("content") or ""
                self.reasoning += choice["delta"].get("reasoning_content") or ""
                self.finish = choice.get("finish_reason") or self.finish

    def read_document(self):
        try:
            document = json.loads(self.body)
        except ValueError:
            return
        self.error = document.get("error")
        self.usage, self.report = document.get("usage"), document.get("braid")
        for choice in document.get("choices") or []:
            self.content = choice["message"]["content"] or ""
            self.reasoning = choice["message"].get("reasoning_content") or ""
            self.finish = choice["finish_reason"]
            self.is_done = True


def body(model, question, is_streaming=True, **fields):
    """A chat request's body."""
    content = {"model": model, "messages": [{"role": "user", "content": question}], **fields}
    if is_streaming:
        content |= {"stream": True, "stream_options": {"include_usage": True}}
    return json.dumps(content).encode()


def ask(server, question, model="fake-model", is_streaming=True, patience=PATIENCE, **fields):
    """Asks, and reads as much of the answer as there is."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=patience)
    try:
        connection.request(
            "POST", "/v1/chat/completions", body(model, question, is_streaming, **fields),
            {"content-type": "application/json"})
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        try:
            text, is_cut = response.read(), False
        except http.client.IncompleteRead as error:
            text, is_cut = error.partial, True
        return Answer(response.status, headers, text.decode(), is_cut)
    finally:
        connection.close()


def ask_all(server, questions, width=16, **fields):
    """Asks many questions, some at the same time; each is a text, or a text and fields of its own."""

    def one(item):
        question, own = item if isinstance(item, tuple) else (item, {})
        return ask(server, question, **{**fields, **own})

    with ThreadPoolExecutor(width) as pool:
        return list(pool.map(one, questions))


def begin(server, question, is_streaming=True, model="fake-model", **fields):
    """Sends a request and reads nothing of its answer."""
    handle = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
    content = body(model, question, is_streaming, **fields)
    handle.sendall(head(len(content)) + content)
    return handle


def head(length):
    return (f"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            f"content-length: {length}\r\n\r\n").encode()


class Record:
    """The record of a run, line by line."""

    def __init__(self, server, run):
        summary = server.get(f"/v1/trajectories/{run}")
        self.metrics = summary["metrics"]
        self.status = summary["status"]
        # What the model wrote of each line, how many tokens that were, and how the line ended.
        self.lines = {}
        self.visit(summary["trajectory"]["root"])

    @classmethod
    def finished(cls, server, run):
        """The record of a run that is over, or soon will be."""
        if not eventually(lambda: server.get(f"/v1/trajectories/{run}")["status"] != "running"):
            raise AssertionError(f"{run} does not end")
        return cls(server, run)

    def visit(self, line):
        segments = [step["segment"] for step in line["steps"] if "segment" in step]
        written = [segment for segment in segments if segment["origin"] == "model"]
        self.lines[line["id"]] = (
            "".join(segment["text"] for segment in written), sum(segment["tokenCount"] for segment in written),
            (line.get("outcome") or {}).get("kind"))
        for step in line["steps"]:
            for thread in step.get("fork", {}).get("threads", []):
                self.visit(thread)

    @property
    def tokens(self):
        return sum(tokens for _, tokens, _ in self.lines.values())


def judge(test, server, question, answer, has_tags=True):
    """Fails where an answer is cut and does not say so; returns how it ended: `stop`, `length` or `error`.

    With `has_tags` every line of the record is compared with what its script says.
    """
    told = f"{question}: {answer.status} {answer.headers} {answer.body[-600:]}"
    plan = fake_script.Plan(fake_script.script(question))
    test.assertFalse(answer.is_cut, told)
    if answer.error is not None:
        for name in ("message", "type", "code"):
            test.assertTrue(answer.error.get(name), told)
        test.assertNotEqual(answer.error["code"], "internal_error", told)
        test.assertIsNone(answer.finish, told)
        test.assertFalse(answer.is_done, told)
        kind = "error"
    else:
        test.assertEqual(answer.status, 200, told)
        test.assertTrue(answer.is_done, told)
        test.assertIn(answer.finish, ("stop", "length"), told)
        test.assertEqual(answer.report["partial"], answer.finish == "length", told)
        if answer.finish == "stop":
            test.assertEqual(answer.content.strip(), plan.answer.strip(), told)
        kind = answer.finish
    if answer.run and has_tags:
        record = Record.finished(server, answer.run)
        whole = plan.lines()
        for path, (text, _, outcome) in record.lines.items():
            # Where a line could not fork it goes on in sequence, and writes what stands behind the join all the same.
            if outcome == "finished":
                test.assertEqual(text, whole[path], f"{path} of {told}")
            else:
                test.assertTrue(whole[path].startswith(text), f"{path} of {told}")
    return kind


def counts(server, engine, question, answer):
    """What different places say of the tokens of a run: the record's lines, its sum, the answer, the engine."""
    record = Record.finished(server, answer.run)
    said = [record.tokens, record.metrics["total_tokens"]]
    if answer.usage:
        said.append(answer.usage["completion_tokens"])
    made = sum(one.produced for one in engine.generations if question in one.context)
    return said, made
