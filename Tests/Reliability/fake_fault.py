"""What goes wrong at an engine that is none, on purpose."""

import gzip

import fake_script


class Fault:
    """What goes wrong with one generation: its kind, and after how many tokens where that matters."""

    # Before the head of the answer.
    EARLY = ["reset", "close", "silent", "status-500", "status-502", "status-503", "status-504", "status-429",
             "retry-0", "retry-1", "retry-3600", "retry-garbage", "retry-date", "quota", "status-400", "status-401",
             "status-404", "html", "json-error", "gzip", "redirect"]
    # In the middle of it.
    LATE = ["reset-after", "cut", "cut-in-event", "end", "done", "error", "error-done", "stall", "comments", "slow",
            "index", "unknown-finish", "abort", "garbage", "huge"]
    # Oddities that are no faults.
    HARMLESS = ["no-usage", "null-choices", "bom", "crlf", "pings", "split"]

    def __init__(self, kind, after=0):
        assert kind in Fault.EARLY + Fault.LATE + Fault.HARMLESS, kind
        self.kind, self.after = kind, after

    def __repr__(self):
        return f"{self.kind}@{self.after}"

    async def fail_early(self, wire):
        """What goes wrong before the answer begins."""
        error = {"error": {"message": "it went wrong", "type": "server_error", "param": None, "code": None}}
        retries = {"retry-0": "0", "retry-1": "1", "retry-3600": "3600", "retry-garbage": "soon",
                   "retry-date": "Wed, 21 Oct 2015 07:28:00 GMT"}
        if self.kind == "reset":
            wire.reset()
            return False
        if self.kind == "close":
            return False
        if self.kind == "silent":
            await wire.wait(3600)
        if self.kind.startswith("status-"):
            return await wire.json(int(self.kind[7:]), error)
        if self.kind in retries:
            return await wire.json(429, error, {"retry-after": retries[self.kind]})
        if self.kind == "quota":
            error["error"]["code"] = "insufficient_quota"
            return await wire.json(429, error)
        if self.kind == "html":
            return await wire.reply(200, {"content-type": "text/html"}, b"<html><body>Welcome!</body></html>")
        if self.kind == "json-error":
            return await wire.json(200, error)
        if self.kind == "gzip":
            body = gzip.compress(b"data: [DONE]\n\n")
            return await wire.reply(200, {"content-type": "text/event-stream", "content-encoding": "gzip"}, body)
        if self.kind == "redirect":
            return await wire.reply(307, {"location": "http://127.0.0.1:9/"}, b"")
        raise AssertionError(self)

    async def fail_late(self, wire, speech, engine):
        """What goes wrong in the middle of the answer of an engine of this kind."""
        error = {"error": {"message": "it went wrong", "type": "server_error", "code": 500}}
        kind = self.kind
        if kind == "reset-after":
            # What was written is on its way; a reset would take it back.
            await wire.wait(0.05)
            wire.reset()
            return False
        if kind == "cut":
            return False
        if kind == "cut-in-event":
            await wire.raw(b"data: {\"choices\": [{\"index\": 0, \"te")
            return False
        if kind == "end":
            return await wire.end()
        if kind == "done":
            await wire.event("[DONE]")
            return await wire.end()
        if kind in ("error", "error-done"):
            await wire.event(error)
            if kind == "error-done":
                await wire.event("[DONE]")
            return await wire.end()
        if kind in ("stall", "slow"):
            await wire.wait(3600 if kind == "stall" else 30)
        if kind == "comments":
            while True:
                await wire.wait(0.2)
                await wire.comment()
        if kind == "index":
            await wire.event({"choices": [{"index": 1, "text": "other", "token_ids": [fake_script.FIRST_ID + 20]}]}
                             if engine in ("vllm", "completions") else error)
            return await wire.end()
        if kind in ("unknown-finish", "abort"):
            for event in speech.end("abort" if kind == "abort" else "mystery", usage=True):
                await wire.event(event)
            if engine != "llama-server":
                await wire.event("[DONE]")
            return await wire.end()
        if kind == "garbage":
            await wire.event("{\"choices\": [{]")
            return await wire.end()
        if kind == "huge":
            await wire.event({"choices": [{"index": 0, "text": "x" * (5 << 20)}]})
            return await wire.end()
        raise AssertionError(self)
