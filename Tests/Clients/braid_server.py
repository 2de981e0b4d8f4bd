"""Starts `braid serve` on a free port and stops it."""

import os
import re
import signal
import subprocess
import threading
import time


class BraidServer:
    """A running server; its address is in `url`."""

    def __init__(self, *arguments, environment=None, prepare=None):
        """`environment` is added to this process's own; `prepare` is called in the new process before it begins."""
        binary = os.environ.get("BRAID_BINARY")
        if not binary:
            raise SystemExit("BRAID_BINARY is not set; say where the program is")
        own = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
        self.process = subprocess.Popen(
            [binary, "serve", "--port", "0", *arguments], env={**own, **(environment or {})}, preexec_fn=prepare,
            stderr=subprocess.PIPE, text=True,
        )
        self.log = []
        self.address = None
        self.changed = threading.Event()
        self.reading = threading.Thread(target=self.read, daemon=True)
        self.reading.start()
        deadline = time.monotonic() + 120
        while self.address is None and self.process.poll() is None and time.monotonic() < deadline:
            self.changed.wait(0.1)
        if self.address is None:
            self.close()
            raise SystemExit("braid serve did not start:\n" + "".join(self.log))
        self.url = self.address + "/v1"

    def read(self):
        for line in self.process.stderr:
            self.log.append(line)
            found = re.search(r"at (http://[0-9.]+:\d+)", line)
            if found and self.address is None:
                self.address = found.group(1)
            self.changed.set()

    def close(self):
        """Stops it; returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        # What it wrote last is part of the log.
        self.reading.join(timeout=60)
        self.process.stderr.close()
        return self.process.returncode
