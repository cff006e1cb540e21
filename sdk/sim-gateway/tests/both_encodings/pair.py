"""Two gateways with one seed and one stepped clock, one speaking protobuf and one text, asked the same."""

import socket
import time

from desk import PATIENCE, Desk, control, flat

# What the gateway says to a request that it does not know, cannot read or never answers.
REFUSALS = (320, 321, 10276)


class Side:
    """One gateway, and the client connected to it."""

    def __init__(self, name, host, port, path):
        self.name, self.host, self.port, self.path = name, host, port, path
        self.desks = {}
        self.requested, self.answered = set(), set()

    def desk(self, number):
        if number not in self.desks:
            self.desks[number] = Desk()
            self.desks[number].open(self.host, self.port, number)
        return self.desks[number]

    def close(self, number):
        desk = self.desks.pop(number)
        self.credit(desk, [])
        self.answered |= desk.answered
        # Closing alone leaves the socket open until the client's reader notices, and the number in use.
        desk.conn.socket.shutdown(socket.SHUT_RDWR)
        desk.disconnect()
        deadline = time.monotonic() + PATIENCE
        while any(each["client_id"] == number for each in self.connected()):
            assert time.monotonic() < deadline, f"client {number} never left"
            time.sleep(0.01)

    def connected(self):
        connections = control(self.path, "books")["connections"]
        return [each for each in connections if each["disconnected_at_ns"] is None]

    def credit(self, desk, told):
        """Counts what was sent since the last time, unless the gateway said that it cannot answer it."""
        refused = any(name == "error" and arguments[2] in REFUSALS for name, arguments in told)
        if not refused:
            self.requested |= desk.requested
        desk.requested = set()


class Pair:
    """Asks both sides and compares what they tell, callback by callback and field by field."""

    def __init__(self, sides, exceptions):
        self.sides = sides
        self.exceptions = exceptions
        self.used = set()
        self.differences = []
        self.callbacks = set()
        self.question = ""

    def connect(self, number=7):
        """Opens a client on both sides."""
        told = []
        for side in self.sides:
            seen, following = side.desk(number).until("nextValidId")
            told.append(seen + [("nextValidId", following)] + side.desk(number).fence())
        return self.compare("connect", told)

    def disconnect(self, number=7):
        for side in self.sides:
            side.close(number)

    def command(self, command):
        """Has the operator of both sides act."""
        for side in self.sides:
            control(side.path, command)

    def ask(self, question, *calls, steps=(), number=7, commands=()):
        """Makes the calls, then lets time pass, then has the operator act; compares all that is told.

        Returns what the first side told. A question that is answered with nothing proves nothing, so that is an
        error.
        """
        told = []
        for side in self.sides:
            desk = side.desk(number)
            for call in calls:
                call(desk)
            seen = desk.fence()
            for command in [*commands, *(f"clock step {step}" for step in steps)]:
                control(side.path, command)
                seen += desk.fence()
            side.credit(desk, seen)
            told.append(seen)
        return self.compare(question, told)

    def ask_protobuf(self, question, call, answer):
        """Asks what text has no words for: only the first side, which must be told `answer`."""
        side = self.sides[0]
        desk = side.desk(7)
        call(desk)
        told = desk.fence()
        side.credit(desk, told)
        if answer not in [name for name, _ in told]:
            self.differences.append(f"{question}: no {answer}, instead {told}")

    def compare(self, question, told):
        first, second = told
        names = [[name for name, _ in seen] for seen in told]
        if not names[0]:
            self.differences.append(f"{question}: nothing was told")
        if names[0] != names[1]:
            self.differences.append(f"{question}: {' '.join(names[0])}\n   as text: {' '.join(names[1])}")
            return first
        self.callbacks |= set(names[0])
        for (name, left), (_, right) in zip(first, second):
            self.compare_one(question, name, flat(left), flat(right))
        return first

    def compare_one(self, question, name, left, right):
        for path in sorted(left.keys() | right.keys()):
            if left.get(path, "absent") == right.get(path, "absent"):
                continue
            mine, text = left.get(path, "absent"), right.get(path, "absent")
            values = left.get(path), right.get(path)
            known = [each for each in self.exceptions if each.covers(name, path) and each.allows(*values)]
            self.used |= set(known)
            if not known:
                self.differences.append(f"{question}: {name} {path}: {mine!r}, as text {text!r}")
