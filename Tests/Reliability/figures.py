"""What was measured, one line of JSON for each figure."""

import atexit
import json
import os

# Whether the full numbers are run, and seconds are compared with what is wanted.
LONG = os.environ.get("BRAID_LONG") == "1"

_lines = []


def figure(name, **values):
    """Keeps what a test measured, to be printed when all have run."""
    _lines.append(json.dumps({"figure": name, "long": LONG, **values}))


def percentile(values, share):
    """The value below which so many of all lie, by the nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def milliseconds(seconds):
    return round(seconds * 1000, 1)


@atexit.register
def _print():
    for line in _lines:
        print(line)
