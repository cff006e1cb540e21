"""Contracts and orders to ask about, and how to ask nothing."""

from decimal import Decimal

from ibapi.contract import Contract
from ibapi.order import Order

ACCOUNT = "DU1234567"


def contract(symbol, kind="STK", exchange="SMART", currency="USD", **more):
    made = Contract()
    made.symbol, made.secType, made.exchange, made.currency = symbol, kind, exchange, currency
    for name, value in more.items():
        setattr(made, name, value)
    return made


def order(action, kind, quantity, **more):
    made = Order()
    made.action, made.orderType, made.totalQuantity = action, kind, Decimal(quantity)
    made.tif, made.orderRef = "DAY", "proof"
    for name, value in more.items():
        setattr(made, name, value)
    return made


def idle(desk):
    """A question that is always answered, after one that is answered with silence."""
    desk.reqIds(1)


APPLE = contract("AAPL")
EURO = contract("EUR", "CASH", "IDEALPRO")
# Calls of all expirations of a month.
CALLS = contract("SPY", "OPT", lastTradeDateOrContractMonth="202612", strike=600.0, right="C")
CALLS.multiplier = "100"
