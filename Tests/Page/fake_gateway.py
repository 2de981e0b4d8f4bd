"""A gateway without a model: it follows the real one's contract and plays written runs, hostile and slow ones too.

    python3 fake_gateway.py --page Sources/BraidGateway/Page [--key SECRET] [--port 0]

The first line on standard output is its address. The question chooses what is played, see `Script`.
"""

from __future__ import annotations

import argparse
import base64
import itertools
import json
import pathlib
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from payloads import CROSSED

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
DESCRIPTION = {
    "version": "0.0.0-fake",
    "models": [
        {"id": "braid-puzzles", "methods": ["adaptive", "sequential", "threadweaver", "self-consistency"],
         "default_method": "adaptive", "context_length": 1024},
        {"id": "other-model", "methods": ["sequential"], "default_method": "sequential", "context_length": 40960},
    ],
    "limits": {"max_threads": 32, "max_depth": 2, "max_total_tokens": 65536, "timeout_s": 600},
    "store": True,
}


class Refusal(Exception):
    """An error in OpenAI's form."""

    def __init__(self, status: int, message: str, code: str | None = None, param: str | None = None,
                 retry_after: int | None = None):
        super().__init__(message)
        self.status, self.message, self.code, self.param, self.retry_after = status, message, code, param, retry_after


class Script:
    """What happens in a run: pairs of a pause in seconds and an event."""

    def __init__(self, question: str, method: str):
        self.question, self.method = question, method

    def events(self):
        yield 0, {"type": "run_started", "question": self.question, "method": self.method, "model": "braid-puzzles",
                  "context_length": 1024}
        yield 0.005, {"type": "prefilled", "thread": "0", "tokens": 14}
        if self.question.startswith("hostile: "):
            yield from self.hostile(self.question.removeprefix("hostile: "))
        elif self.question == "hostile many":
            yield from self.hostile_many(CROSSED)
        elif self.question.startswith("flood "):
            yield from self.flood(*map(int, self.question.split()[1:3]))
        elif self.question.startswith("slow"):
            yield from self.forked(0.12, nested=False)
        elif self.question.startswith("nested"):
            yield from self.forked(0.006, nested=True)
        elif self.method == "sequential":
            yield from self.written("0", "<Think>try 8 * 3 = 24, then 5 and 2 are left over; " * 12 + "</Think>", 0.004)
            yield from self.answer("((5 + 3) * 2) + 8", True)
        else:
            yield from self.forked(0.012, nested=False)

    @staticmethod
    def written(thread: str, text: str, pause: float):
        for word in text.split(" "):
            isTag = word.startswith("<") and word.endswith(">")
            yield pause, {"type": "token", "thread": thread, "text": "" if isTag else word + " ", "tokens": 1,
                          "control": word if isTag else None}

    @staticmethod
    def answer(text: str | None, verified: bool | None, outcome: dict | None = None):
        outcome = outcome or {"kind": "finished"}
        yield 0.002, {"type": "thread_finished", "thread": "0", "outcome": outcome, "returned": None}
        yield 0, {"type": "answered", "text": text, "outcome": outcome}
        yield 0, {"type": "verified", "verified": verified}

    def forked(self, pause: float, nested: bool):
        outlines = [{"number": 1, "after": [], "text": " * 2"}, {"number": 2, "after": [], "text": " * 3"},
                    {"number": 3, "after": [], "text": " + 8"}, {"number": 4, "after": [1], "text": " 8 5 | 3 2"},
                    {"number": 5, "after": [], "text": " + 5"}]
        yield from self.written("0", "I split this. <Parallel> <Outlines> 1: * 2 2: * 3 3: + 8 4 after 1: 8 5 | 3 2 "
                                     "5: + 5 </Outlines>", pause)
        yield pause, {"type": "forked", "thread": "0", "outlines": outlines,
                      "into": [f"0.{number}" for number in range(1, 6)]}
        first = [0, 1, 2, 4]
        for index in first:
            yield from self.begun(f"0.{index + 1}", outlines[index])
        texts = ["8 * 2 = 16 leaves 3 5 16 and 16 + 5 + 3 = 24 so that is one way to do it",
                 "8 * 3 = 24 leaves 5 and 2 which must both be used, 24 + 5 - 2 = 27, 24 - 5 + 2 = 21, none",
                 "(5 + 3) * 2 = 16 and 16 + 8 = 24 is what was asked, checked once more: 5 + 3 = 8, 8 * 2 = 16, "
                 "16 + 8 = 24, all four numbers are used once",
                 "8 - 5 = 3 and 3 * 2 = 6 gives 18 no", "((8 * 2) + 3) + 5 = 24 yes"]
        running = {index: self.written(f"0.{index + 1}", texts[index], 0) for index in first}
        if nested:
            yield from self.nest(pause)
        while running:
            for index in sorted(running):
                event = next(running[index], None)
                if event:
                    yield pause / 3, event[1]
                    continue
                del running[index]
                returned = "((5 + 3) * 2) + 8" if index == 2 else "none"
                yield 0, {"type": "thread_finished", "thread": f"0.{index + 1}", "outcome": {"kind": "finished"},
                          "returned": returned}
                if index == 0:
                    yield from self.begun("0.4", outlines[3])
                    running[3] = self.written("0.4", texts[3], 0)
        yield 0.003, {"type": "joined", "thread": "0", "threads": [f"0.{number}" for number in range(1, 6)],
                      "tokens": 38}
        yield from self.written("0", "</Parallel> <Answer> ((5 + 3) * 2) + 8 </Answer>", pause)
        yield from self.answer("((5 + 3) * 2) + 8", self.method != "threadweaver")

    def nest(self, pause: float):
        outlines = [{"number": 1, "after": [], "text": " first half"}, {"number": 2, "after": [], "text": " second half"}]
        yield 0, {"type": "forked", "thread": "0.2", "outlines": outlines, "into": ["0.2.1", "0.2.2"]}
        for number in (1, 2):
            yield from self.begun(f"0.2.{number}", outlines[number - 1])
            yield from self.written(f"0.2.{number}", f"half {number} of it needs some more words", pause)
            yield 0, {"type": "thread_finished", "thread": f"0.2.{number}", "outcome": {"kind": "finished"},
                      "returned": f"half {number}"}
        yield 0, {"type": "joined", "thread": "0.2", "threads": ["0.2.1", "0.2.2"], "tokens": 9}

    @staticmethod
    def begun(thread: str, outline: dict | None):
        yield 0.001, {"type": "thread_started", "thread": thread, "outline": outline}
        yield 0.001, {"type": "prefilled", "thread": thread, "tokens": 3}

    def flood(self, lanes: int, tokens: int):
        names = [f"0.{number}" for number in range(1, lanes + 1)]
        outlines = [{"number": number, "after": [], "text": f" part {number}"} for number in range(1, lanes + 1)]
        yield 0, {"type": "forked", "thread": "0", "outlines": outlines, "into": names}
        for name, outline in zip(names, outlines):
            yield from self.begun(name, outline)
        batch = 4
        for start in range(0, tokens, batch):
            for name in names:
                yield 0, {"type": "token", "thread": name, "text": f"{start} + {name} = " + ("\n" if start % 400 == 0 else ""),
                          "tokens": batch, "control": None}
            yield 0.004, None
        for name in names:
            yield 0, {"type": "thread_finished", "thread": name, "outcome": {"kind": "finished"}, "returned": "done"}
        yield 0, {"type": "joined", "thread": "0", "threads": names, "tokens": lanes}
        yield from self.answer("done", None)

    def hostile_many(self, texts: list[str]):
        """One thread for each text."""
        names = [f"0.{number}" for number in range(1, len(texts) + 1)]
        outlines = [{"number": number, "after": [], "text": text} for number, text in enumerate(texts, 1)]
        yield 0, {"type": "forked", "thread": "0", "outlines": outlines, "into": names}
        for name, outline, text in zip(names, outlines, texts):
            yield from self.begun(name, outline)
            yield 0, {"type": "token", "thread": name, "text": text, "tokens": 1, "control": text}
            yield 0, {"type": "thread_finished", "thread": name, "outcome": {"kind": "malformed", "message": text},
                      "returned": text}
        yield 0, {"type": "joined", "thread": "0", "threads": names, "tokens": len(names)}
        yield from self.answer("".join(texts), None)

    def hostile(self, text: str):
        """The same text wherever a model or a server can write."""
        outlines = [{"number": 1, "after": [], "text": text}, {"number": 2, "after": [1], "text": text}]
        yield 0, {"type": "token", "thread": "0", "text": text, "tokens": 1, "control": text}
        yield 0, {"type": "forked", "thread": "0", "outlines": outlines, "into": ["0.1", "0.2"]}
        for number in (1, 2):
            yield from self.begun(f"0.{number}", outlines[number - 1])
            yield 0, {"type": "token", "thread": f"0.{number}", "text": text + "\n" + text, "tokens": 2, "control": None}
            yield 0, {"type": "decided", "decision": {"thread": f"0.{number}", "action": "distil", "reason": text,
                                                      "seconds": 0.01}}
            yield 0, {"type": "malformed", "thread": f"0.{number}", "what": text}
            yield 0, {"type": "thread_finished", "thread": f"0.{number}",
                      "outcome": {"kind": "failed", "message": text} if number == 2 else {"kind": "finished"},
                      "returned": text}
        yield 0, {"type": "joined", "thread": "0", "threads": ["0.1", "0.2"], "tokens": 4}
        yield 0, {"type": "token", "thread": "0", "text": text, "tokens": 1, "control": None}
        yield from self.answer(text, False)


class Run:
    """One run: its events so far, and its record."""

    def __init__(self, identifier: str, question: str, method: str, model: str, owner: str):
        self.id, self.question, self.method, self.model, self.owner = identifier, question, method, model, owner
        self.created, self.began = time.time(), time.monotonic()
        self.status, self.answer, self.verified, self.metrics = "running", None, None, None
        self.events: list[dict] = []
        self.more = threading.Condition()
        self.isCancelled = False
        self.decisions: list[dict] = []
        self.root = self.line("0", None)
        self.lines = {"0": self.root}
        self.last: dict[str, float] = {}
        self.connections = 0
        threading.Thread(target=self.play, daemon=True).start()

    @staticmethod
    def line(identifier: str, outline: dict | None) -> dict:
        line = {"id": identifier, "steps": []}
        if outline:
            line["outline"] = outline
        return line

    def play(self):
        for pause, event in Script(self.question, self.method).events():
            if pause:
                time.sleep(pause)
            if self.isCancelled:
                break
            if event:
                self.add(event)
        if self.isCancelled:
            for line in self.lines.values():
                line.setdefault("outcome", {"kind": "cancelled"})
                self.add({"type": "thread_finished", "thread": line["id"], "outcome": {"kind": "cancelled"},
                          "returned": None})
            self.add({"type": "answered", "text": None, "outcome": {"kind": "cancelled"}})
        total, critical, prefilled, forks, threads, widest, depth = measure(self.root)
        seconds = time.monotonic() - self.began
        self.metrics = {
            "total_tokens": total, "critical_path_tokens": critical, "prefilled_tokens": prefilled, "forks": forks,
            "threads": threads, "widest_fork": widest, "max_depth": depth, "max_context_tokens": total, "seconds": seconds,
            "structure_valid": True, "acceleration": 0 if total == 0 else 1 - critical / total}
        self.status = "cancelled" if self.isCancelled else "finished"
        self.add({"type": "end", "status": self.status, "metrics": self.metrics, "verified": self.verified})

    def add(self, event: dict):
        at = time.monotonic() - self.began
        with self.more:
            if event["type"] == "verified":
                self.verified = event["verified"]
                return
            self.record(event, at)
            self.events.append({**event, "at": round(at, 6)})
            self.more.notify_all()

    def record(self, event: dict, at: float):
        line = self.lines.get(event.get("thread", ""))
        kind = event["type"]
        if kind == "token":
            text = event["text"] + (event["control"] or "")
            last = line["steps"][-1].get("segment") if line["steps"] else None
            if last and last["origin"] == "model":
                last["text"] += text
                last["tokenCount"] += event["tokens"]
                last["end"] = at
            else:
                self.segment(line, "model", text, event["tokens"], at)
        elif kind == "prefilled":
            self.segment(line, "seed" if "." in line["id"] else "prompt", "<Question>" + self.question, event["tokens"], at)
        elif kind == "forked":
            threads = [self.line(name, outline) for name, outline in zip(event["into"], event["outlines"])]
            self.lines |= {thread["id"]: thread for thread in threads}
            line["steps"].append({"fork": {"outlines": event["outlines"], "threads": threads, "outlineTokens": 0}})
        elif kind == "joined":
            line["steps"][-1]["fork"]["join"] = "reprefill"
            self.segment(line, "joined", "<Return>" * len(event["threads"]), event["tokens"], at)
        elif kind == "thread_finished":
            line["outcome"] = event["outcome"]
            if event["returned"] is not None:
                line["returned"] = event["returned"]
        elif kind == "decided":
            self.decisions.append(event["decision"])
        elif kind == "answered":
            self.answer = event["text"]
        if line is not None:
            self.last[line["id"]] = at

    def segment(self, line: dict, origin: str, text: str, tokens: int, at: float):
        line["steps"].append({"segment": {"origin": origin, "text": text, "tokenCount": tokens,
                                          "start": at if origin == "joined" else self.last.get(line["id"], at),
                                          "end": at}})

    @property
    def summary(self) -> dict:
        return {"id": self.id, "created_at": self.created, "status": self.status, "question": self.question,
                "method": self.method, "model": self.model, "engine": "fake", "answer": self.answer,
                "verified": self.verified, "metrics": self.metrics}

    @property
    def trajectory(self) -> dict:
        trajectory = {"question": {"text": self.question}, "dialect": "braid", "method": self.method, "model": self.model,
                      "engine": "fake", "seed": 0, "root": self.root, "malformedCount": 0, "cutCount": 0,
                      "seconds": time.monotonic() - self.began if self.metrics is None else self.metrics["seconds"]}
        if self.decisions:
            trajectory["decisions"] = self.decisions
        return trajectory


def measure(line: dict, depth: int = 0) -> tuple[int, int, int, int, int, int, int]:
    """Total, critical and prefilled tokens, forks, threads, widest fork, depth."""
    total = critical = prefilled = forks = threads = widest = 0
    deepest = depth
    for step in line["steps"]:
        if segment := step.get("segment"):
            if segment["origin"] == "model":
                total += segment["tokenCount"]
                critical += segment["tokenCount"]
            else:
                prefilled += segment["tokenCount"]
            continue
        finish: dict[int, int] = {}
        started = sum(1 for thread in step["fork"]["threads"] if thread["steps"])
        forks, threads, widest = forks + 1, threads + started, max(widest, started)
        for thread in step["fork"]["threads"]:
            own = measure(thread, depth + 1)
            waited = max((finish.get(number, 0) for number in thread["outline"]["after"]), default=0)
            finish[thread["outline"]["number"]] = waited + own[1]
            total, prefilled, forks, threads = total + own[0], prefilled + own[2], forks + own[3], threads + own[4]
            widest, deepest = max(widest, own[5]), max(deepest, own[6])
        critical += max(finish.values(), default=0)
    return total, critical, prefilled, forks, threads, widest, deepest


class Gateway(ThreadingHTTPServer):
    """The server with its runs."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, page: pathlib.Path, key: str | None, port: int):
        super().__init__(("127.0.0.1", port), Handler)
        self.page, self.key = page, key
        self.runs: dict[str, Run] = {}
        self.counter = itertools.count()

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (BrokenPipeError, ConnectionResetError)):
            super().handle_error(request, client_address)

    def begin(self, question: str, method: str, model: str, owner: str) -> Run:
        number = (int(time.time() * 1000) << 20 | next(self.counter)).to_bytes(16, "big")
        identifier = "run_" + base64.b32hexencode(number).decode().lower().rstrip("=")
        self.runs[identifier] = run = Run(identifier, question, method, model, owner)
        return run


class Handler(BaseHTTPRequestHandler):
    """The routes."""

    protocol_version = "HTTP/1.1"
    server: Gateway

    def log_message(self, format, *arguments):
        pass

    def do_GET(self):
        self.answer(self.get)

    def do_POST(self):
        self.answer(self.post)

    def answer(self, route):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        address = urlsplit(self.path)
        try:
            route(address.path, {name: values[0] for name, values in parse_qs(address.query).items()}, body)
        except Refusal as refusal:
            self.send_json(
                {"error": {"message": refusal.message, "type": "invalid_request_error", "param": refusal.param,
                           "code": refusal.code}},
                status=refusal.status,
                headers={"retry-after": str(refusal.retry_after)} if refusal.retry_after else {})

    def get(self, path: str, query: dict[str, str], body: bytes):
        if path == "/" or path.startswith("/page/"):
            return self.send_file("index.html" if path == "/" else path.removeprefix("/page/"))
        if path == "/v1/braid":
            return self.send_json({**DESCRIPTION, "requires_key": self.server.key is not None})
        self.check_key()
        if path == "/v1/trajectories":
            return self.send_list(query)
        run, what = self.run(path)
        if what == "":
            with run.more:
                return self.send_json({**run.summary, "trajectory": run.trajectory})
        if what == "events":
            return self.send_events(run)
        if what == "perfetto":
            return self.send_json({"traceEvents": [], "displayTimeUnit": "ms"}, headers={
                "content-disposition": f'attachment; filename="{run.id}.json"'})
        raise Refusal(404, f"There is no {path}.", "not_found")

    def post(self, path: str, query: dict[str, str], body: bytes):
        self.check_key()
        if self.headers.get("content-type") != "application/json":
            raise Refusal(415, "Send JSON.")
        if path == "/v1/chat/completions":
            return self.send_chat(json.loads(body))
        run, what = self.run(path)
        if what != "cancel":
            raise Refusal(405, "Only GET is allowed here.")
        run.isCancelled = True
        return self.send_json(run.summary)

    def check_key(self):
        if self.server.key and self.headers.get("authorization") != f"Bearer {self.server.key}":
            raise Refusal(401, "The API key is missing or wrong.", "invalid_api_key")

    def run(self, path: str) -> tuple[Run, str]:
        parts = path.removeprefix("/v1/trajectories/").split("/")
        run = self.server.runs.get(parts[0])
        if not path.startswith("/v1/trajectories/") or run is None or len(parts) > 2:
            raise Refusal(404, f"There is no {path}.", "not_found")
        return run, parts[1] if len(parts) == 2 else ""

    def send_list(self, query: dict[str, str]):
        if set(query) - {"query", "method", "model", "status", "limit", "before"}:
            raise Refusal(400, f"Unknown parameters in {query}.")
        runs = sorted(self.server.runs.values(), key=lambda run: run.id, reverse=True)
        words = query.get("query", "").lower()
        found = [run.summary for run in runs
                 if (words in run.question.lower() or words in (run.answer or "").lower())
                 and all(query.get(name, value) == value for name, value in
                         (("method", run.method), ("model", run.model), ("status", run.status)))
                 and run.id < query.get("before", "~")]
        limit = int(query.get("limit", 50))
        page = found[:limit]
        self.send_json({"object": "list", "data": page, "next": page[-1]["id"] if len(found) > limit else None})

    def send_chat(self, request: dict):
        question, settings = request["messages"][-1]["content"], request.get("braid", {})
        if question.startswith("refuse"):
            raise Refusal(503, "Too many runs are waiting.", "server_is_overloaded", retry_after=2)
        if settings.get("max_threads", 0) > 16:
            raise Refusal(400, "braid.max_threads is 17; allowed: 1 to 16.", "invalid_value", "braid.max_threads")
        run = self.server.begin(question, settings.get("method", "adaptive"), request["model"], "")
        self.begin_stream({"x-braid-trajectory-id": run.id, "x-request-id": "req_1"})
        try:
            while run.metrics is None:
                self.send_chunk(b": ping\n\n")
                time.sleep(0.1)
            chunk = {"choices": [{"index": 0, "delta": {"content": run.answer}, "finish_reason": None}]}
            self.send_chunk(f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode())
            self.send_chunk(b"")
        except OSError:
            run.isCancelled = True
            self.close_connection = True

    def send_events(self, run: Run):
        run.connections += 1
        drops = run.question.startswith("slow drop") and run.connections == 1
        following = int(self.headers.get("last-event-id") or 0)
        self.begin_stream({})
        while True:
            with run.more:
                run.more.wait_for(lambda: len(run.events) > following)
                events = run.events[following:]
            for event in events:
                following += 1
                data = {name: value for name, value in event.items() if name != "type"}
                self.send_chunk(f"id: {following}\nevent: {event['type']}\ndata: {json.dumps(data)}\n\n".encode())
                if event["type"] == "end":
                    return self.send_chunk(b"")
            if drops and following > 30:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return

    def send_file(self, name: str):
        file = self.server.page / name
        if "/" in name or not file.is_file():
            raise Refusal(404, f"There is no {name}.")
        self.send(200, file.read_bytes(), {"content-type": TYPES[file.suffix]})

    def send_json(self, value, status: int = 200, headers: dict[str, str] | None = None):
        self.send(status, json.dumps(value).encode(), {"content-type": "application/json", **(headers or {})})

    def send(self, status: int, body: bytes, headers: dict[str, str]):
        self.send_response(status)
        headers = {"content-security-policy": POLICY, "x-content-type-options": "nosniff", "cache-control": "no-cache",
                   "content-length": str(len(body)), **headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def begin_stream(self, headers: dict[str, str]):
        self.send_response(200)
        headers = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache",
                   "transfer-encoding": "chunked", **headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def send_chunk(self, data: bytes):
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--page", type=pathlib.Path, required=True, help="the folder with the page's files")
    parser.add_argument("--key", help="the API key that it requires")
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    server = Gateway(arguments.page, arguments.key, arguments.port)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
