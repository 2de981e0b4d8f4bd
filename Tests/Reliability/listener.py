"""A server within the tests' own process."""

import asyncio
import threading

from wire import ClientGone, Reader


class Listener:
    """Listens on a free port of this machine until it is closed.

    What answers a request is `exchange(reader, writer)`, which says whether the connection goes on.
    """

    def __init__(self, port=0):
        self.failure = None
        self.loop = asyncio.new_event_loop()
        self.connections = set()
        started = threading.Event()
        self.thread = threading.Thread(target=self.serve, args=(port, started), daemon=True)
        self.thread.start()
        started.wait()
        if self.failure:
            raise self.failure
        self.root = f"http://127.0.0.1:{self.port}"
        self.url = self.root + "/v1"

    def serve(self, port, started):
        asyncio.set_event_loop(self.loop)
        try:
            self.server = self.loop.run_until_complete(
                self.loop.create_server(self.protocol, "127.0.0.1", port, backlog=1024))
            self.port = self.server.sockets[0].getsockname()[1]
        except OSError as error:
            self.failure = error
            started.set()
            return
        started.set()
        self.loop.run_forever()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    def close(self):
        """Stops listening and breaks every connection off."""

        def stop():
            self.server.close()
            for writer in list(self.connections):
                writer.transport.abort()
            self.loop.call_later(0.05, self.loop.stop)

        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(stop)
            self.thread.join(timeout=10)

    def protocol(self):
        return asyncio.StreamReaderProtocol(Reader(limit=1 << 24, loop=self.loop), self.connected, loop=self.loop)

    async def connected(self, reader, writer):
        self.connections.add(writer)
        try:
            while await self.exchange(reader, writer):
                pass
        except (ConnectionError, ClientGone, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        except asyncio.CancelledError:
            pass
        finally:
            self.connections.discard(writer)
            writer.close()
