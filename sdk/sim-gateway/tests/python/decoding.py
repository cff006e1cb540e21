"""A library's own decoder, without a connection, and comparable content of what it makes of a frame.

Scripts that use this are told the library and the server version as their first two arguments.
"""

import asyncio
import datetime
import enum
import importlib
import logging
import numbers
import sys

# Some libraries ask for an event loop as they are imported, which newer Pythons no longer make on their own.
asyncio.set_event_loop(asyncio.new_event_loop())

LIBRARY, VERSION = sys.argv[1], int(sys.argv[2])
OFFICIAL = LIBRARY == "ibapi"


def find(name):
    """A class of the library, wherever it keeps it."""
    for module in MODULES:
        if hasattr(module, name):
            return getattr(module, name)
    raise AttributeError(name)


if OFFICIAL:
    parts = "contract order order_condition tag_value client decoder wrapper common"
    MODULES = [importlib.import_module(f"ibapi.{part}") for part in parts.split()]
else:
    MODULES = [importlib.import_module(part) for part in (LIBRARY, f"{LIBRARY}.client", f"{LIBRARY}.decoder")]


def plain(thing):
    """Comparable content, whatever the library's classes are."""
    if hasattr(thing, "tag") and hasattr(thing, "value"):
        return (thing.tag, thing.value)
    if isinstance(thing, numbers.Number) and not isinstance(thing, bool):
        return float(thing)
    if isinstance(thing, (str, bool)) or thing is None:
        return thing
    if hasattr(thing, "_asdict"):
        return {name: plain(value) for name, value in thing._asdict().items()}
    if isinstance(thing, (list, tuple)):
        return [plain(each) for each in thing]
    if isinstance(thing, (datetime.datetime, enum.Enum)):
        return str(thing)
    names = vars(thing) if hasattr(thing, "__dict__") else thing.__slots__
    return {name: plain(getattr(thing, name)) for name in names}


class Told:
    """Takes what the decoder makes of a frame."""

    defaultTimezone = datetime.timezone.utc

    def __init__(self):
        self.told = []

    def __getattr__(self, name):
        return lambda *arguments: self.told.append((name, arguments))


class Strict(logging.Handler):
    """Ends the script at the first error a library logs."""

    def emit(self, record):
        if record.levelno >= logging.ERROR:
            sys.exit(f"logged: {record.getMessage()} {record.exc_info}")


def decoded(frame):
    """What the library's decoder makes of the fields of a frame: a callback and its arguments."""
    wrapper = Told()
    fields = frame.split(b"\0")
    assert fields.pop() == b""
    decoder = find("Decoder")(wrapper, VERSION)
    if OFFICIAL:
        number, rest = int(fields[0]), fields[1:]
        handler = decoder.msgId2handleInfo[number]
        if handler.processMeth is None:
            decoder.interpret(rest, number)
        else:
            left = iter(rest)
            handler.processMeth(decoder, left)
            assert list(left) == [], f"there is more than the decoder reads of {fields}"
    else:
        decoder.interpret([field.decode() for field in fields])
    assert len(wrapper.told) == 1, f"{fields} is {wrapper.told}"
    return wrapper.told[0]


def same(got, wanted):
    assert got == wanted, f"got {got!r}, wanted {wanted!r}"


logging.getLogger().addHandler(Strict())
