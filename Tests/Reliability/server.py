"""`braid serve` as its own machine sees it: memory, descriptors, metrics, log, exit status."""

import asyncio
import json
import os
import re
import sys
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Clients"))

from braid_server import BraidServer  # noqa: E402

# How long a test waits for what must come; only a broken server takes so long.
PATIENCE = 60


class Server(BraidServer):
    """A running server that keeps nothing on disk unless told to."""

    def __init__(self, *arguments, **options):
        began = time.monotonic()
        if not any(argument == "--store" for argument in arguments):
            arguments = ("--no-store", *arguments)
        super().__init__(*arguments, **options)
        self.seconds_to_listen = time.monotonic() - began
        self.port = int(self.address.rpartition(":")[2])

    @property
    def pid(self):
        return self.process.pid

    def is_alive(self):
        return self.process.poll() is None

    def status(self):
        """How the process ended; None while it runs, negative for a signal."""
        return self.process.poll()

    def rss(self):
        """Bytes of memory that it has."""
        with open(f"/proc/{self.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def descriptors(self):
        """How many files and connections it has open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def processor_seconds(self):
        """Processor time that it has used."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def log_text(self):
        """Everything that it wrote to standard error."""
        return "".join(self.log)

    def get(self, path, key=None):
        """The JSON of an address."""
        return json.loads(self.text(path, key))

    def text(self, path, key=None):
        """The text of an address."""
        headers = {"authorization": f"Bearer {key}"} if key else {}
        request = urllib.request.Request(self.address + path, headers=headers)
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            return reply.read().decode()

    def metrics(self, key=None):
        """Counters and gauges by their names, labels included."""
        values = {}
        for line in self.text("/metrics", key).splitlines():
            if not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                values[name] = float(value)
        return values

    def counted(self, name, key=None, **labels):
        """The sum of a counter over all label values but these."""
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        return sum(
            value
            for full, value in self.metrics(key).items()
            if re.match(rf"{name}(\{{|$)", full) and all(label in full for label in wanted)
        )

    def is_idle(self, key=None):
        """Whether nothing runs and nothing waits."""
        values = self.metrics(key)
        return all(
            values[name] == 0 for name in ("braid_requests_in_flight", "braid_places_taken", "braid_queue_depth")
        )


def eventually(condition, patience=PATIENCE):
    """Waits until something is so; the time is only how long a broken server may take."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


async def eventually_so(condition, patience=PATIENCE):
    """The same where others go on meanwhile."""
    deadline = time.monotonic() + patience
    while not await asyncio.to_thread(condition):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.05)
    return True
