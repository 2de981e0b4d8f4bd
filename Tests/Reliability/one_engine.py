"""A server in front of one fake engine, for all tests of a class."""

import unittest

from server import eventually


class OneEngine(unittest.TestCase):
    """Tests behind which nothing may be left open.

    `setUpClass` gives the class its `engine`, its `server`, and `base`: how many descriptors are open before the first.
    """

    @classmethod
    def tearDownClass(cls):
        # Connections that nobody uses are closed after seconds.
        is_closed = eventually(lambda: cls.server.descriptors() <= cls.base + 5)
        status = cls.server.close()
        cls.engine.close()
        if not is_closed or status != 0:
            raise AssertionError(f"descriptors are left open, or the server ended with {status}")

    def setUp(self):
        self.engine.reset()
