"""What the documentation says, and what a stream says against what is kept."""

import asyncio
import json
import os
import re
import subprocess
import tempfile
import unittest

from figures import LONG, figure
from raw_http import CHAT, AsyncTest, Connection, ask, parse_event, question, request
from server import PATIENCE, Server

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


class Transcript(AsyncTest):
    """What was streamed is what was stored, byte for byte."""

    QUESTIONS = [
        "Use 3, 7, 25 and 50 to make 765",
        "What is 347 * 86?",
        "Make 24 from 3, 8, 5 and 2",
        "If 3x + 7 = 22 and 7y + 4 = 3y + 32, what is x * y + 2?",
        "What is 27 + 58?",
    ]

    async def test_the_stream_the_document_the_record_and_its_events_agree(self):
        with tempfile.TemporaryDirectory() as folder:
            store = os.path.join(folder, "runs.sqlite")
            server = Server("--store", store)
            try:
                asked = [(text, seed) for text in self.QUESTIONS for seed in range(40 if LONG else 4)]
                slots = asyncio.Semaphore(4)

                async def compare(text, seed):
                    async with slots:
                        return await self.compare(server, text, seed)

                runs = await asyncio.gather(*(compare(*pair) for pair in asked))
                live = {run: server.text(f"/v1/trajectories/{run}/events") for run, _ in runs}
            finally:
                self.assertEqual(server.close(), 0)
            # Another process reads the same from the disk.
            server = Server("--store", store)
            self.addCleanup(server.close)
            for run, reasoning in runs:
                self.assertEqual(server.text(f"/v1/trajectories/{run}/events"), live[run])
                record = server.get(f"/v1/trajectories/{run}")
                self.assertEqual(told(record["trajectory"]["root"]), reasoning)
            figure(
                "E.6 37 transcripts",
                runs=len(runs),
                characters=sum(len(reasoning) for _, reasoning in runs),
                different=0,
            )

    async def compare(self, server, text, seed):
        """Streams a question and follows its events at the same time; gives the run's name and its thoughts."""
        body = question(text, seed=seed, temperature=0.8, stream=True)
        async with await Connection.open(server.port) as connection:
            await connection.send(request("POST", CHAT, body))
            head = await connection.head()
            self.assertEqual(head.status, 200)
            run = head.fields["x-braid-trajectory-id"]
            following = asyncio.create_task(ask(server.port, "GET", f"/v1/trajectories/{run}/events"))
            text = b"".join([piece async for piece in connection.chunks()]).decode()
        events = [event for event in map(parse_event, text.split("\n\n")) if event]
        self.assertEqual(events[-1][1], "[DONE]")
        deltas = [json.loads(data)["choices"][0]["delta"] for _, data in events[:-1]]
        reasoning = "".join(delta.get("reasoning_content") or "" for delta in deltas)
        self.assertEqual("".join(delta.get("reasoning") or "" for delta in deltas), reasoning)
        answer = "".join(delta.get("content") or "" for delta in deltas)
        record = server.get(f"/v1/trajectories/{run}")
        self.assertEqual(record["answer"] or "", answer)
        self.assertEqual(told(record["trajectory"]["root"]), reasoning)
        # Who followed it live saw each token once, and in every line the text of the record.
        written = {}
        for name, data in (await following).events():
            if name == "token":
                token = json.loads(data)
                written[token["thread"]] = written.get(token["thread"], "") + token["text"] + (token["control"] or "")
        self.assertEqual(written, lines(record["trajectory"]["root"]))
        return run, reasoning


def lines(thread):
    """What the model wrote in each line of a record."""
    found = {}
    own = "".join(
        step["segment"]["text"] for step in thread["steps"] if step.get("segment", {}).get("origin") == "model"
    )
    if own:
        found[thread["id"]] = own
    for step in thread["steps"]:
        for child in step.get("fork", {}).get("threads", []):
            found.update(lines(child))
    return found


TAG = re.compile(r"(</?(?:Parallel|Outlines|Outline|Thread|Return|Answer|Question)>|</?s>)")


class Telling:
    """One text of a record: the main line up to a fork, the fork's threads one after the other, each under its name, and so on;
    tags and the answer are left out, and where a tag or a line ends, so does the text's line."""

    def __init__(self):
        self.text = ""
        self.breaks = 0

    def add(self, text):
        if self.breaks:
            text = text.lstrip("\n")
            if text and self.text:
                self.text += "\n" * (self.breaks - self.text.endswith("\n"))
        if text:
            self.text += text
            self.breaks = 0

    def visit(self, thread, is_main=True):
        is_answer = False
        for step in thread["steps"]:
            if "fork" in step:
                for child in step["fork"]["threads"]:
                    outline = ((child.get("outline") or {}).get("text") or "").strip()
                    self.breaks = 2
                    self.add(f"[thread {child['id'].partition('.')[2]}]" + (f" {outline}" if outline else ""))
                    self.breaks = 1
                    self.visit(child, is_main=False)
                    self.breaks = 2
            elif step["segment"]["origin"] == "model":
                for piece in TAG.split(step["segment"]["text"]):
                    if TAG.fullmatch(piece):
                        is_begin = is_main and piece == "<Answer>"
                        is_answer = is_begin or is_answer and piece != "</Answer>"
                        self.breaks = max(self.breaks, 1)
                    elif not is_answer:
                        self.add(piece)


def told(root):
    """A record as the text that clients are told."""
    telling = Telling()
    telling.visit(root)
    return telling.text


class Documentation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def test_curl_lines_run_as_they_are(self):
        count = 0
        for name in ("README.md", "docs/server.md", "docs/quick-starts.md"):
            with open(os.path.join(ROOT, name)) as file:
                blocks = re.findall(r"^```sh\n(.*?)^```", file.read(), flags=re.DOTALL | re.MULTILINE)
            for command in filter(None, (block[block.find("curl ") :] if "curl " in block else "" for block in blocks)):
                with self.subTest(file=name, command=command):
                    self.run_command(command.replace("http://127.0.0.1:8642", self.server.address))
                count += 1
        self.assertGreaterEqual(count, 4)
        figure("E.6 39 curl", commands=count)

    def test_the_line_of_the_greeting_runs_as_it_is(self):
        self.run_command(next(line for line in self.server.log if line.strip().startswith("curl ")))

    def run_command(self, command):
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        if "data: " in done.stdout:
            self.assertTrue(done.stdout.endswith("data: [DONE]\n\n"), done.stdout[-300:])
        else:
            self.assertEqual(json.loads(done.stdout)["choices"][0]["finish_reason"], "stop")

    def test_one_version(self):
        told = subprocess.run([os.environ["BRAID_BINARY"], "--version"], capture_output=True, text=True).stdout.strip()
        self.assertRegex(told, r"^\d+\.\d+\.\d+$")
        self.assertEqual(self.server.get("/v1/braid")["version"], told)
        self.assertIn(f'braid_build_info{{version="{told}"}} 1', self.server.text("/metrics"))


if __name__ == "__main__":
    unittest.main()
