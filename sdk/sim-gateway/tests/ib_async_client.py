"""Drives a simulated gateway with ib_async and asserts what it is told.

Usage: ib_async_client.py HOST PORT CONTROL_SOCKET
"""

import asyncio

# The library asks for an event loop as it is imported, which newer Pythons no longer make on their own.
asyncio.set_event_loop(asyncio.new_event_loop())

import ib_async  # noqa: E402
from sync_clients import check  # noqa: E402

check(ib_async, server_version=178)
