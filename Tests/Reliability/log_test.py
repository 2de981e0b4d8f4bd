"""What clients send may stand in the log, but makes no line of its own."""

import re
import unittest

from figures import figure
from raw_http import CHAT, AsyncTest, Connection, Cut, ask, bearer, question, request
from server import Server

KEY = "right-key-0123456789abcdef"
SUM = question("12 + 34 = ?", max_tokens=8)


class Logs(AsyncTest):
    async def test_no_line_is_forged(self):
        server = Server("--log-level", "trace", environment={"BRAID_API_KEYS": f"ann:{KEY}"})
        forged = "x\r\n2026-01-01T00:00:00+0000 critical braid : forged\x1b[2J\x1b]0;title\x07\u202e\u2028forged"
        try:
            for body in (
                question("1", model=forged),
                question("1", user=forged),
                question(forged),
                {**SUM, "stop": [forged * 20]},
                {**SUM, forged: 1},
                {**SUM, "braid": {"method": forged}},
                {**SUM, "braid": {forged: 1}},
                {**SUM, "messages": [{"role": forged, "content": "1"}]},
            ):
                answer = await ask(server.port, "POST", CHAT, body, **bearer(KEY))
                # Fields of an answer cannot be forged either.
                self.assertNotIn("forged", answer.fields)
            for path in (
                "/v1/trajectories/%0d%0aforged",
                "/v1/models/%1b%5b2Jforged",
                "/v1/trajectories?status=%0aforged",
                "/%0aforged",
                "/v1/trajectories?query=%1b%5b2J",
            ):
                await ask(server.port, "GET", path, **bearer(KEY))
            for name in ("user_agent", "x_request_id", "traceparent", "origin", "referer", "last_event_id", "host"):
                for value in ("forged\x1b[2J", "forged\x07", "forged\x7f", "forged\x85", "f" * 5000):
                    async with await Connection.open(server.port) as connection:
                        await connection.send(request("GET", "/v1/models", **{**bearer(KEY), name: value}))
                        try:
                            answer = await connection.answer()
                        except Cut:
                            continue
                        self.assertNotIn("\x1b", answer.fields.get("x-request-id", ""))
        finally:
            server.close()
        log = server.log_text()
        lines = log.splitlines()
        self.assertGreater(len(lines), 20, "nothing was logged")
        self.assertNotIn("forged", "\n".join(line for line in lines if not self.is_own(line)))
        self.assertEqual([line for line in lines if not self.is_own(line)], [])
        strange = [
            character
            for character in log
            if character != "\n" and (ord(character) < 32 or ord(character) in (127, 0x85, 0x202E, 0x2028))
        ]
        self.assertEqual(strange, [])
        figure("E.6 34 log injection", lines=len(lines), forged=0)

    def is_own(self, line):
        """Whether the server wrote it."""
        return bool(
            re.match(r"\d{4}-\d\d-\d\dT[\d:.+Z-]+ (trace|debug|info|notice|warning|error|critical) braid\b", line)
            or line.startswith("braid: serving ")
            or line.startswith("  curl ")
        )


if __name__ == "__main__":
    unittest.main()
