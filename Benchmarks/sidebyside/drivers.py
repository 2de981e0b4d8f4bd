"""The two engines behind one protocol: a line with a program in, a line of JSON out."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Protocol


class DriverError(Exception):
    """A driver ended or refused; the text is what it said."""


class Contestant(Protocol):
    """Runs a program once and says what it measured."""

    def run(self, line: str) -> dict[str, Any]: ...

    def close(self) -> None: ...


class Driver:
    """A process of braid-forkjoin or llamacpp-forkjoin. It computes only between a line and its answer."""

    def __init__(self, command: list[str]) -> None:
        self._errors = tempfile.TemporaryFile(mode="w+")
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._lines, self._answers = self._process.stdin, self._process.stdout

    def run(self, line: str) -> dict[str, Any]:
        try:
            self._lines.write(line + "\n")
            self._lines.flush()
            answer = self._answers.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            code = self._process.wait()
            self._errors.seek(0)
            said = " ".join(self._errors.read().split())[-400:].removeprefix("Error: ")
            raise DriverError(said or f"the driver ended with code {code}")
        return json.loads(answer)

    def close(self) -> None:
        if self._process.poll() is None:
            self._lines.close()
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._process.terminate()
                self._process.wait()
        self._errors.close()


def start_braid(binary: Path, files: list[Path], threads: int, cache_mebibytes: int | None) -> tuple[Driver, Path]:
    """Starts Braid on the first of the files that it can load, with so much memory for keys and values, all of it there
    from the start, as llama.cpp has it; or, with None, with as much as it comes to use.

    Raises DriverError with what it said about the last one.
    """
    cache = ["--cache-mebibytes", str(cache_mebibytes), "--preallocate"] if cache_mebibytes else []
    errors: list[str] = []
    for file in files:
        driver = Driver([str(binary), "--model", str(file), "--threads", str(threads), *cache])
        try:
            driver.run("decode prefix=2 tokens=1")
            return driver, file
        except DriverError as error:
            driver.close()
            # Results and reports name files, not places on this machine.
            errors.append(str(error).replace(f"{file.parent}/", ""))
    raise DriverError("; ".join(errors))


def start_llamacpp(binary: Path, file: Path, threads: int, flash: bool, cache: str = "f16") -> Driver:
    """Starts llama.cpp with one shared key-value cache."""
    return Driver(
        [str(binary), "--model", str(file), "--threads", str(threads), "--flash", "on" if flash else "off",
         "--kv", "unified", "--kv-type", cache])
