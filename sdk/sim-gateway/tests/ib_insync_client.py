"""Drives a simulated gateway with ib_insync and asserts what it is told.

Usage: ib_insync_client.py HOST PORT CONTROL_SOCKET
"""

import asyncio

# The library asks for an event loop as it is imported, which newer Pythons no longer make on their own.
asyncio.set_event_loop(asyncio.new_event_loop())

import ib_insync  # noqa: E402
from sync_clients import check  # noqa: E402

check(ib_insync, server_version=176)
