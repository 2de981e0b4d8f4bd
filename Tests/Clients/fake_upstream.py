"""A chat server as small as can be: answers, streams, calls a tool, and notices when its caller goes away."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODEL = "fake-chat"


class FakeUpstream:
    """Listens on a free port of this machine until it is closed."""

    def __init__(self):
        self.requests = []
        self.cut = threading.Semaphore(0)
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def do_GET(self):
                if self.path.rstrip("/").endswith("/models"):
                    card = {"id": MODEL, "object": "model", "created": 1, "owned_by": "fake", "max_model_len": 8192}
                    self.reply(200, {"object": "list", "data": [card]})
                else:
                    self.refuse()

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                if not self.path.endswith("/chat/completions"):
                    return self.refuse()
                request = json.loads(body)
                upstream.requests.append((dict(self.headers), request))
                answer = upstream.answer(request)
                if request.get("stream"):
                    self.stream(request, answer)
                else:
                    choice = {"index": 0, "message": {"role": "assistant", **answer}, "finish_reason": finish(answer)}
                    self.reply(200, {**head("chat.completion"), "choices": [choice], "usage": USAGE})

            def stream(self, request, answer):
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                try:
                    for delta, pause in deltas(request, answer):
                        time.sleep(pause)
                        self.event({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
                    self.event({"choices": [{"index": 0, "delta": {}, "finish_reason": finish(answer)}]})
                    if (request.get("stream_options") or {}).get("include_usage"):
                        self.event({"choices": [], "usage": USAGE})
                    self.chunk(b"data: [DONE]\n\n")
                    self.chunk(b"")
                except (BrokenPipeError, ConnectionResetError):
                    upstream.cut.release()
                    self.close_connection = True

            def event(self, content):
                self.chunk(b"data: " + json.dumps({**head("chat.completion.chunk"), **content}).encode() + b"\n\n")

            def chunk(self, data):
                self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
                self.wfile.flush()

            def refuse(self):
                error = {"message": "no such address", "type": "invalid_request_error", "param": None, "code": None}
                self.reply(404, {"error": error})

            def reply(self, status, content):
                data = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def answer(self, request):
        if request.get("tools"):
            function = {"name": request["tools"][0]["function"]["name"], "arguments": '{"city": "Bern"}'}
            return {"content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": function}]}
        return {"content": "Six times seven is forty-two.\nAnswer: 42"}

    def close(self):
        self.server.shutdown()
        self.server.server_close()


USAGE = {"prompt_tokens": 7, "completion_tokens": 9, "total_tokens": 16}


def head(kind):
    return {"id": "chatcmpl-fake", "object": kind, "created": 1, "model": MODEL}


def finish(answer):
    return "tool_calls" if answer.get("tool_calls") else "stop"


def deltas(request, answer):
    """What the answer comes as, with the seconds before each piece; a slow question takes a minute."""
    yield {"role": "assistant", "content": ""}, 0
    if "slow" in json.dumps(request["messages"]):
        for number in range(600):
            yield {"content": f" {number}"}, 0.1
    for call in answer.get("tool_calls") or []:
        function = call["function"]
        first = {"index": 0, "id": call["id"], "type": "function", "function": {"name": function["name"], "arguments": ""}}
        yield {"tool_calls": [first]}, 0
        for piece in (function["arguments"][:5], function["arguments"][5:]):
            yield {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}, 0
    for word in (answer.get("content") or "").split(" "):
        yield {"content": word + " "}, 0
