"""llama-server as a fork-join engine: what a client gets over HTTP with nothing but /completion."""

from __future__ import annotations

import concurrent.futures
import http.client
import json
import random
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from sidebyside.drivers import DriverError


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class ServerDriver:
    """A llama-server on this machine, used as ThreadWeaver's client does: the prefix is read first, then each thread is a
    request with the prefix before its own header, then the join is a request with all texts.

    Every repetition has another prefix, so that nothing is found in the cache that a first question would not find.
    """

    def __init__(self, binary: Path, model: Path, threads: int, slots: int, unified: bool, context: int, log: Path) -> None:
        self._port = _free_port()
        self._seed = 0
        size = context * 2 + 1024 if unified else context * slots
        command = [
            str(binary), "--model", str(model), "--threads", str(threads), "--threads-batch", str(threads),
            "--ctx-size", str(size), "--parallel", str(slots), "--flash-attn", "off", "--host", "127.0.0.1",
            "--port", str(self._port), "--no-webui"] + (["--kv-unified"] if unified else [])
        self._log = log.open("w")
        self._process = subprocess.Popen(command, stdout=self._log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 120
        while not self._is_healthy():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.close()
                raise DriverError(f"llama-server did not start; see {log}")
            time.sleep(0.1)

    def _is_healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=2)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def _complete(self, prompt: list[int], count: int) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=600)
        try:
            body = {
                "prompt": prompt, "n_predict": count, "ignore_eos": True, "temperature": 0, "top_k": 1,
                "samplers": ["top_k"], "cache_prompt": True, "return_tokens": True}
            connection.request("POST", "/completion", json.dumps(body), {"Content-Type": "application/json"})
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if "timings" not in answer:
            raise DriverError(f"llama-server answered {str(answer)[:300]}")
        if len(answer["tokens"]) != count:
            raise DriverError(f"llama-server decoded {len(answer['tokens'])} of {count} tokens")
        return answer

    def run(self, line: str) -> dict[str, Any]:
        """Runs a `forkjoin` line: join=reprefill or join=sequential."""
        values = dict(word.split("=", 1) for word in line.split()[1:])
        prefix, width, header, tokens, answer = (
            int(values[key]) for key in ("prefix", "width", "header", "tokens", "answer"))
        self._seed += 1
        numbers = random.Random(self._seed)
        start = [3 + numbers.randrange(397) for _ in range(prefix)]
        began = time.perf_counter()
        if values["join"] == "sequential":
            self._complete(start, width * tokens + answer)
            return {"program": "forkjoin", "engine": "llama-server", "seconds": time.perf_counter() - began}
        headers = [[3 + (thread * 37 + k * 11) % 397 for k in range(header)] for thread in range(width)]
        self._complete(start, 1)
        prefilled = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(width) as pool:
            threads = list(pool.map(lambda header: self._complete(start + header, tokens), headers))
        threaded = time.perf_counter()
        joined = start + [
            token for header, thread in zip(headers, threads, strict=True) for token in header + thread["tokens"]]
        last = self._complete(joined, answer)
        end = time.perf_counter()
        decoded = last["timings"]["predicted_ms"] / 1e3
        return {
            "program": "forkjoin", "engine": "llama-server", "seconds": end - began,
            "prefill_seconds": prefilled - began, "threads_seconds": threaded - prefilled,
            "join_seconds": end - threaded - decoded, "answer_seconds": decoded,
            "prefix_tokens_evaluated": [thread["timings"]["prompt_n"] for thread in threads],
            "join_tokens_evaluated": last["timings"]["prompt_n"]}

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
        self._log.close()
