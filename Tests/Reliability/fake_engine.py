"""An engine that is none: llama-server, vLLM, SGLang or a plain service on the wire, a script in place of a model.

In a test it runs on a thread of its own and counts what it does; as a program it is a process that can be killed:

    python3 fake_engine.py [--kind vllm] [--model NAME] [--port 0] [--shift 0]

whose first line on standard output is its address. `GET /fake` has its counts.
"""

import argparse
import collections
import json
import random
import time

import fake_script
from fake_fault import Fault
from fake_speech import Speech
from listener import Listener
from wire import ClientGone, Wire

KINDS = ["vllm", "sglang", "llama-server", "completions", "chat"]
CONTEXT_LENGTH = 1 << 20


class Generation:
    """One request for tokens."""

    def __init__(self, body, context, prompt_tokens, limit, stops, attempt, headers):
        # The name that an abort call uses.
        self.id = body.get("rid") or body.get("request_id")
        self.context, self.limit, self.stops, self.headers = context, limit, stops, headers
        self.prompt_tokens = prompt_tokens
        # Tags of the prompt that count as such here.
        self.tags = []
        # How many requests with the same context came before.
        self.attempt = attempt
        self.produced = 0
        self.is_warm_up = False
        self.is_known = True
        self.fault = None
        # `stop`, `eos`, `length`, `closed` by the client, or the fault.
        self.end = None
        self.began = time.monotonic()
        self.ended = None


class FakeEngine(Listener):
    """An engine whose model is a script.

    `faults` gets each generation and gives a fault or None; `seconds_per_token` paces what scripts do not pace.
    """

    def __init__(self, kind="vllm", model="fake-model", seconds_per_token=0.0, faults=None, port=0, shift=0,
                 end_pause=5.0):
        assert kind in KINDS, kind
        self.kind, self.model, self.seconds_per_token, self.faults = kind, model, seconds_per_token, faults
        # How long it waits behind a tag that ends a stretch where it does not stop by id: its client looks up there.
        self.end_pause = end_pause
        self.opened = set()
        # Added to every id: another vocabulary.
        self.shift = shift
        self.redirect = None
        self.refuses_tokens = None
        self.requests = collections.deque(maxlen=200_000)
        self.attempts = collections.Counter()
        self.paths = {}
        self.aborted = []
        self.authorizations = set()
        self.running = 0
        self.peak = 0
        self.chats = []
        super().__init__(port)

    # Counts

    @property
    def generations(self):
        """Requests of runs: probes and warm-ups are not among them."""
        return [one for one in list(self.requests) if one.context.count('"fake"') and not one.is_warm_up]

    @property
    def produced(self):
        """Tokens that were written for runs."""
        return sum(one.produced for one in self.generations)

    def counts(self):
        generations = self.generations
        return {"running": self.running, "peak": self.peak, "generations": len(generations),
                "produced": sum(one.produced for one in generations), "aborted": len(self.aborted),
                "unknown": sum(not one.is_known for one in generations), "paths": self.paths}

    def wait_until_idle(self, seconds=30):
        """Whether nothing runs any more, soon."""
        deadline = time.monotonic() + seconds
        while self.running > 0 and time.monotonic() < deadline:
            time.sleep(0.001)
        return self.running == 0

    def reset(self):
        """Forgets what was asked."""
        self.requests.clear()
        self.attempts.clear()
        self.paths, self.aborted, self.chats = {}, [], []
        self.peak = 0

    def open(self, gate):
        """Lets those go on who wait for this."""
        self.opened.add(gate)

    # HTTP

    async def exchange(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ", 2)
        headers = {}
        for line in lines[1:]:
            if ":" in line:
                name, value = line.split(":", 1)
                headers[name.strip().lower()] = value.strip()
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.paths[path] = self.paths.get(path, 0) + 1
        if "authorization" in headers:
            self.authorizations.add(headers["authorization"])
        wire = Wire(reader, writer)
        if self.redirect:
            return await wire.reply(307, {"location": self.redirect + path}, b"")
        content = json.loads(body) if body else {}
        routes = {
            ("GET", "/v1/models"): self.models, ("GET", "/fake"): self.tell, ("GET", "/version"): self.version,
            ("GET", "/get_model_info"): self.model_info, ("GET", "/props"): self.properties,
            ("POST", "/tokenize"): self.tokenize, ("POST", "/abort_request"): self.abort,
        }
        route = routes.get((method, path))
        if route:
            return await route(wire, content)
        kind = {"vllm": "/v1/completions", "sglang": "/generate", "llama-server": "/completion",
                "completions": "/v1/completions"}.get(self.kind)
        if (method, path) == ("POST", kind):
            return await self.generate(wire, content, headers)
        if (method, path) == ("POST", "/v1/chat/completions"):
            return await self.chat(wire, content, headers)
        return await wire.json(404, {"error": {"message": "no such route", "type": "not_found", "code": 404}})

    async def models(self, wire, _):
        owner = {"vllm": "vllm", "sglang": "sglang", "llama-server": "llamacpp"}.get(self.kind, "fake")
        card = {"id": self.model, "object": "model", "created": 1, "owned_by": owner, "max_model_len": CONTEXT_LENGTH}
        return await wire.json(200, {"object": "list", "data": [card]})

    async def version(self, wire, _):
        if self.kind != "vllm":
            return await wire.json(404, {"detail": "Not Found"})
        return await wire.json(200, {"version": "0.0.0"})

    async def model_info(self, wire, _):
        if self.kind != "sglang":
            return await wire.json(404, {"detail": "Not Found"})
        return await wire.json(200, {"model_path": self.model, "tokenizer_path": self.model, "is_generation": True})

    async def properties(self, wire, _):
        if self.kind != "llama-server":
            return await wire.json(404, {"detail": "Not Found"})
        settings = {"n_ctx": CONTEXT_LENGTH}
        return await wire.json(200, {"default_generation_settings": settings, "total_slots": 64})

    async def tokenize(self, wire, content):
        if self.kind in ("completions", "chat"):
            return await wire.json(404, {"detail": "Not Found"})
        if self.refuses_tokens:
            return await wire.json(self.refuses_tokens, {"error": {"message": "not now", "type": "server_error"}})
        text = content.get("content", content.get("prompt", ""))
        ids = [id + self.shift for id in fake_script.encode(text)]
        return await wire.json(200, {"tokens": ids, "count": len(ids), "max_model_len": CONTEXT_LENGTH})

    async def abort(self, wire, content):
        if self.kind != "sglang":
            return await wire.json(404, {"detail": "Not Found"})
        self.aborted.append(content.get("rid"))
        return await wire.json(200, {})

    async def tell(self, wire, _):
        return await wire.json(200, self.counts())

    # Generations

    async def generate(self, wire, body, headers):
        sampling = body.get("sampling_params", {})
        prompt = body.get("prompt", body.get("input_ids", body.get("text")))
        try:
            context = prompt if isinstance(prompt, str) else fake_script.decode([id - self.shift for id in prompt])
        except (IndexError, ValueError):
            return await wire.json(400, {"error": {"message": "ids outside the vocabulary", "code": 400}})
        if body.get("model", self.model) != self.model:
            return await wire.json(404, {"error": {"message": f"no model {body['model']}", "type": "NotFoundError",
                                                   "code": 404}})
        stops = set(body.get("stop_token_ids", sampling.get("stop_token_ids", [])))
        limit = body.get("max_tokens", body.get("n_predict", sampling.get("max_new_tokens", 16)))
        ids = fake_script.encode(prompt) if isinstance(prompt, str) else [id - self.shift for id in prompt]
        generation = Generation(body, context, len(ids), limit, stops, self.attempts[context], headers)
        generation.tags = [fake_script.PIECES[id - fake_script.FIRST_ID] for id in ids if id < fake_script.FIRST_WORD]
        self.attempts[context] += 1
        said = fake_script.continuation(context)
        generation.is_warm_up, generation.is_known = said.is_warm_up, said.is_known
        is_of_run = '"fake"' in context and not said.is_warm_up
        if self.faults and is_of_run:
            generation.fault = self.faults(generation)
        self.requests.append(generation)
        self.running += 1
        self.peak = max(self.peak, self.running)
        try:
            return await self.stream(wire, generation, said)
        except ClientGone:
            generation.end = "closed"
            raise
        finally:
            self.running -= 1
            generation.ended = time.monotonic()

    async def stream(self, wire, generation, said):
        fault = generation.fault
        asked = fake_script.script(generation.context)
        pace = asked.get("pace", self.seconds_per_token)
        await self.think(wire, asked)
        if fault and fault.kind in Fault.EARLY:
            generation.end = fault.kind
            return await fault.fail_early(wire)
        speech = Speech(self.kind, self.model, generation, self.shift)
        if fault and fault.kind == "crlf":
            wire.line_end = b"\r\n"
        await wire.begin(bom=bool(fault and fault.kind == "bom"))
        reason = None
        for piece in said.pieces:
            if generation.produced >= generation.limit:
                reason = "length"
                break
            if fault and fault.kind in Fault.LATE and generation.produced >= fault.after:
                generation.end = fault.kind
                return await fault.fail_late(wire, speech, self.kind)
            if piece == fake_script.END_OF_TEXT:
                break
            await wire.wait(pace)
            id = fake_script.IDS.get(piece)
            id = (fake_script.FIRST_CHARACTER + ord(piece) if id is None else id) + self.shift
            generation.produced += 1
            if id in generation.stops:
                reason = id
            event = speech.token(id, piece, reason if isinstance(reason, int) else None)
            if fault and fault.kind == "split":
                await wire.trickle(event)
            else:
                await wire.event(event)
            if fault and fault.kind == "pings":
                await wire.comment()
            if isinstance(reason, int):
                break
            if not generation.stops and piece in fake_script.ENDS:
                await wire.wait(self.end_pause)
        if fault and fault.kind in Fault.LATE and fault.after >= generation.produced:
            generation.end = fault.kind
            return await fault.fail_late(wire, speech, self.kind)
        generation.end = {None: "eos", "length": "length"}.get(reason, "stop")
        for event in speech.end(reason, usage=not (fault and fault.kind == "no-usage")):
            await wire.event(event)
            if fault and fault.kind == "null-choices":
                await wire.event({"choices": None} if self.kind in ("vllm", "completions") else event)
        if self.kind != "llama-server":
            await wire.event("[DONE]")
        return await wire.end()

    async def think(self, wire, asked):
        """What happens before the first token."""
        await wire.wait(asked.get("prefill", 0))
        while "gate" in asked and asked["gate"] not in self.opened:
            await wire.wait(0.02)

    # Chat

    async def chat(self, wire, body, headers):
        self.chats.append((headers, body))
        text = " ".join(str(message.get("content")) for message in body.get("messages", []))
        generation = Generation(body, text, 0, body.get("max_tokens", 1 << 20), set(), self.attempts[text], headers)
        self.attempts[text] += 1
        generation.fault = self.faults(generation) if self.faults else None
        self.requests.append(generation)
        self.running += 1
        self.peak = max(self.peak, self.running)
        try:
            return await self.say(wire, body, generation)
        finally:
            self.running -= 1
            generation.ended = time.monotonic()

    async def say(self, wire, body, generation):
        fault = generation.fault
        if fault and fault.kind in Fault.EARLY:
            return await fault.fail_early(wire)
        said = fake_script.continuation(generation.context)
        await self.think(wire, fake_script.script(generation.context))
        head = {"id": "chatcmpl-fake", "created": 1, "model": self.model}
        asked = fake_script.script(generation.context)
        pace = asked.get("pace", self.seconds_per_token)
        if not body.get("stream"):
            text = "".join(said.pieces)
            choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            return await wire.json(200, {**head, "object": "chat.completion", "choices": [choice]})
        await wire.begin()
        head["object"] = "chat.completion.chunk"
        await wire.event({**head, "choices": [{"index": 0, "delta": {"role": "assistant"}, "finish_reason": None}]})
        speech = Speech("chat", self.model, generation, 0)
        if "blob" in asked:
            call = {"index": 0, "id": "call_1", "type": "function",
                    "function": {"name": "f", "arguments": "x" * asked["blob"]}}
            await wire.event({**head, "choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
        for piece in said.pieces:
            if fault and fault.kind in Fault.LATE and generation.produced >= fault.after:
                return await fault.fail_late(wire, speech, self.kind)
            await wire.wait(pace)
            generation.produced += 1
            await wire.event({**head, "choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]})
        await wire.event({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        await wire.event("[DONE]")
        return await wire.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kind", choices=KINDS, default="vllm")
    parser.add_argument("--model", default="fake-model")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--shift", type=int, default=0, help="added to every token id: another vocabulary")
    parser.add_argument("--seconds-per-token", type=float, default=0.0)
    parser.add_argument("--flapping", type=float, default=0.0, help="the share of generations that fail with 500")
    arguments = parser.parse_args()
    draws = random.Random(0)

    def flapping(_):
        return Fault("status-500") if draws.random() < arguments.flapping else None

    engine = FakeEngine(
        arguments.kind, model=arguments.model, seconds_per_token=arguments.seconds_per_token,
        faults=flapping if arguments.flapping else None, port=arguments.port, shift=arguments.shift)
    print(engine.root, flush=True)
    engine.thread.join()


if __name__ == "__main__":
    main()
