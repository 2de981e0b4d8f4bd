"""What no client should send, over real connections: each gets its error in OpenAI's form, and the server lives."""

import asyncio
import json

from raw_http import CHAT, AsyncTest, Connection, question, request
from server import PATIENCE, Server

SUM = question("12 + 34 = ?")
QUESTION = json.dumps(SUM).encode()


class Malformed(AsyncTest):
    """Tests against one server, which lives through all of them."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server("--queue", "1000")

    @classmethod
    def tearDownClass(cls):
        status = cls.server.close()
        assert status == 0, f"braid serve ended with {status}"

    def tearDown(self):
        told = f"the server ended with {self.server.status()}:\n{self.server.log_text()[-4000:]}"
        self.assertTrue(self.server.is_alive(), told)

    async def send(self, data, patience=PATIENCE):
        """Sends bytes, reading at the same time, and gives the first answer."""
        async with await Connection.open(self.server.port) as connection:
            sending = asyncio.create_task(connection.send(data))
            try:
                return await connection.answer(patience=patience)
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)

    def assert_error(self, answer, *statuses, param=None, code=None):
        self.assertIn(answer.status, statuses, answer.body[:500])
        self.assertIsNotNone(answer.error, answer.body[:500])
        self.assertEqual(answer.fields["content-type"], "application/json")
        self.assertEqual(set(answer.error), {"message", "type", "param", "code"})
        self.assertTrue(answer.error["message"])
        if param is not None:
            self.assertEqual(answer.error["param"], param)
        if code is not None:
            self.assertEqual(answer.error["code"], code)

    async def refuses(self, data, *statuses, **expected):
        self.assert_error(await self.send(data), *statuses, **expected)

    async def refuses_body(self, body, *statuses, path=CHAT, **expected):
        await self.refuses(request("POST", path, body), *statuses, **expected)
