"""Asks two simulated gateways the same through the official Python client, once in protobuf and once in text.

Usage: main.py HOST PROTOBUF_PORT PROTOBUF_CONTROL TEXT_PORT TEXT_CONTROL
Prints one line of JSON: which messages each side's client sent and understood.
"""

import json
import os
import sys
import traceback

import questions
from exceptions import EXCEPTIONS
from pair import Pair, Side


def compare(sides):
    """Every difference that is no exception, and every exception that is no difference."""
    pair = Pair(sides, EXCEPTIONS)
    pair.connect()
    versions = [side.desk(7).serverVersion() for side in sides]
    assert versions == [226, 178], versions
    for question in questions.ALL:
        question(pair)
    pair.disconnect()
    used = {each.group() for each in pair.used}
    unused = {str(each) for each in EXCEPTIONS if each.group() not in used}
    return pair.differences + [f"nothing needs this exception: {each}" for each in sorted(unused)]


def main():
    host, *rest = sys.argv[1:]
    sides = [Side("protobuf", host, int(rest[0]), rest[1]), Side("text", host, int(rest[2]), rest[3])]
    problems = compare(sides)
    for problem in problems:
        print(problem, file=sys.stderr)
    seen = {
        side.name: {"requests": sorted(side.requested), "answers": sorted(side.answered)} for side in sides
    }
    print(json.dumps(seen))
    return 1 if problems else 0


# The client's reading threads would keep the process alive after an error.
try:
    code = main()
except BaseException:
    traceback.print_exc()
    code = 1
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)
