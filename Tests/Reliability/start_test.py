"""A server that has just been started."""

import json
import socket
import threading
import time
import unittest

from figures import LONG, figure, milliseconds
from raw_http import CHAT, question
from server import PATIENCE, Server


class ColdStart(unittest.TestCase):
    def test_it_answers_only_when_it_can(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        began = time.monotonic()
        first = {}
        too_early = []

        def get(path, body=b""):
            head = f"{'POST' if body else 'GET'} {path} HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
                    connection.sendall(head + body)
                    return int(connection.makefile("rb").readline().split()[1])
            except OSError:
                return 0

        def poll():
            while len(first) < 2 and time.monotonic() < began + PATIENCE:
                for path in ("/health", "/ready"):
                    if path not in first and get(path) == 200:
                        first[path] = time.monotonic() - began
                time.sleep(0.002)
            # Who is ready answers, and is not ready before it lives.
            status = get(CHAT, json.dumps(question("12 + 34 = ?")).encode())
            if status != 200:
                too_early.append(status)

        polling = threading.Thread(target=poll)
        polling.start()
        server = Server("--port", str(port))
        self.addCleanup(server.close)
        polling.join()
        self.assertEqual(too_early, [])
        figure("E.6 4 cold start", health_ms=milliseconds(first["/health"]), ready_ms=milliseconds(first["/ready"]))
        if LONG:
            self.assertLess(first["/health"], 0.3)


if __name__ == "__main__":
    unittest.main()
