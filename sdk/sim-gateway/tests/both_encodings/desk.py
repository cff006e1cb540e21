"""The official Python client with a memory: what it was told, decoded, and which messages went over the wire."""

import copy
import inspect
import json
import queue
import socket
import threading
from decimal import Decimal
from enum import Enum

from ibapi.client import EClient
from ibapi.tag_value import TagValue
from ibapi.wrapper import EWrapper

PATIENCE = 20.0
# What the client says about itself and not about what it was told.
OWN = {"connectAck", "connectionClosed", "winError", "logAnswer", "msgLoopTmo", "msgLoopRec"}


def plain(thing):
    """A decoded object as comparable data; numbers by value, whatever they are written with."""
    if thing is None or isinstance(thing, (bool, int, str)):
        return thing
    if isinstance(thing, (float, Decimal)):
        return float(thing)
    if isinstance(thing, Enum):
        return thing.name
    if isinstance(thing, (set, frozenset)):
        return sorted(plain(each) for each in thing)
    if isinstance(thing, dict):
        return {str(key): plain(value) for key, value in thing.items()}
    if isinstance(thing, (list, tuple)):
        if thing and all(isinstance(each, TagValue) for each in thing):
            # Protobuf has them as a map, which has no order.
            thing = sorted(thing, key=lambda each: each.tag)
        return [plain(each) for each in thing]
    return {"": type(thing).__name__, **{key: plain(value) for key, value in vars(thing).items()}}


def comparable(name, arguments):
    """The arguments of a callback as comparable data."""
    if name == "smartComponents" and isinstance(arguments[1], list):
        # The client makes a list of them in text and a map by number in protobuf.
        request, listed = arguments
        arguments = request, {each.bitNumber: (each.exchange, each.exchangeLetter) for each in listed}
    return [plain(each) for each in arguments]


def flat(data, path=""):
    """Every leaf of comparable data by its path, as in "2.orderRef"."""
    if isinstance(data, dict):
        pairs = data.items()
    elif isinstance(data, list):
        pairs = enumerate(data)
    else:
        return {path: data}
    leaves = {}
    for key, value in pairs:
        leaves |= flat(value, f"{path}.{key}" if path else str(key))
    # An empty list is told from a missing one.
    return leaves or {path: data}


class Desk(EWrapper, EClient):
    """A client whose every callback goes into one queue, as (name, comparable arguments)."""

    def __init__(self):
        EClient.__init__(self, self)
        self.told = queue.Queue()
        self.requested, self.answered = set(), set()

    def note(name):
        def callback(self, *arguments):
            # The client changes some objects after it has handed them out, so what matters is copied now.
            self.told.put((name, comparable(name, copy.deepcopy(arguments))))

        return callback

    for _name, _ in inspect.getmembers(EWrapper, inspect.isfunction):
        if not _name.startswith("_") and not _name.endswith("ProtoBuf") and _name not in OWN:
            locals()[_name] = note(_name)

    def configResponseProtoBuf(self, response):
        self.told.put(("config", [response.reqId]))

    def updateConfigResponseProtoBuf(self, response):
        self.told.put(("updateConfig", [response.reqId]))

    def open(self, host, port, number):
        self.connect(host, port, number)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        interpret, process = self.decoder.interpret, self.decoder.processProtoBuf

        def text(fields, number):
            self.answered.add(number)
            interpret(fields, number)

        def protobuf(message, number):
            self.answered.add(number)
            process(message, number)

        self.decoder.interpret, self.decoder.processProtoBuf = text, protobuf
        self.run()

    def sendMsg(self, number, message):
        self.requested.add(number)
        super().sendMsg(number, message)

    def sendMsgProtoBuf(self, number, message):
        # Its caller has added 200 already, which is what says that it is protobuf.
        self.requested.add(number - 200)
        super().sendMsgProtoBuf(number, message)

    def until(self, last):
        """Everything up to the callback `last`, without it."""
        seen = []
        while True:
            try:
                name, arguments = self.told.get(timeout=PATIENCE)
            except queue.Empty:
                raise AssertionError(f"no {last} came; instead: {seen[-20:]}") from None
            if name == last:
                return seen, arguments
            seen.append((name, arguments))

    def fence(self):
        """Everything that was on its way: the answers to one connection come in order."""
        self.reqCurrentTime()
        return self.until("currentTime")[0]


def control(path, command):
    """Says a command to the gateway's operator."""
    with socket.socket(socket.AF_UNIX) as operator:
        operator.connect(path)
        operator.sendall(command.encode() + b"\n")
        answer = json.loads(operator.makefile().readline())
    assert "error" not in answer, (command, answer)
    return answer
