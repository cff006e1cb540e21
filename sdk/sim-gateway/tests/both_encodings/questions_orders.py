"""What is asked about orders of every kind and attribute. Most rest far from the market."""

from ibapi.contract import ComboLeg
from ibapi.execution import ExecutionFilter
from ibapi.order_cancel import OrderCancel
from ibapi.order_condition import (
    ExecutionCondition,
    MarginCondition,
    PercentChangeCondition,
    PriceCondition,
    TimeCondition,
    VolumeCondition,
)
from ibapi.tag_value import TagValue

from contracts import APPLE, EURO, contract, idle, order

OPEN = "20261201 10:00:00 US/Eastern"
CLOSE = "20261201 16:00:00 US/Eastern"


def place(pair, question, number, what, made, steps=("1s",)):
    pair.ask(question, lambda desk: desk.placeOrder(number, what, made), steps=steps)


def plain(pair):
    place(pair, "a market order", 1, APPLE, order("BUY", "MKT", 100), ["2s"])
    place(pair, "a resting order", 2, APPLE, order("BUY", "LMT", 50, lmtPrice=200.0, tif="GTC"))
    place(pair, "the same changed", 2, APPLE, order("BUY", "LMT", 60, lmtPrice=201.0, tif="GTC"))
    place(pair, "a stop", 3, APPLE, order("SELL", "STP", 10, auxPrice=150.0, tif="GTC"))
    both = order("SELL", "STP LMT", 10, auxPrice=151.0, lmtPrice=150.5, tif="GTC")
    place(pair, "a stop limit", 4, APPLE, both)
    place(pair, "a price between ticks", 5, APPLE, order("BUY", "LMT", 50, lmtPrice=200.001), [])
    place(pair, "what if", 6, APPLE, order("BUY", "MKT", 100, whatIf=True))
    pair.ask("open orders", lambda desk: desk.reqOpenOrders())
    pair.ask("all open orders", lambda desk: desk.reqAllOpenOrders())
    pair.ask("a cancel", lambda desk: desk.cancelOrder(2, OrderCancel()), steps=["1s"])
    pair.ask("a cancel too late", lambda desk: desk.cancelOrder(1, OrderCancel()))
    pair.ask("a cancel of nothing", lambda desk: desk.cancelOrder(99, OrderCancel()))
    pair.command("reject 201")
    place(pair, "the order rejected", 7, APPLE, order("BUY", "MKT", 1))
    pair.ask("a fill by the operator", commands=["fill 7:3"])


def kinds(pair):
    made = [
        order("SELL", "TRAIL", 10, auxPrice=30.0),
        order("SELL", "TRAIL", 10, trailingPercent=15.0, trailStopPrice=180.0),
        order("SELL", "TRAIL LIMIT", 10, auxPrice=30.0, lmtPriceOffset=0.5, trailStopPrice=180.0),
        order("BUY", "MIT", 10, auxPrice=150.0),
        order("BUY", "LIT", 10, auxPrice=150.0, lmtPrice=151.0),
        order("BUY", "MOC", 10),
        order("BUY", "LOC", 10, lmtPrice=150.0),
        order("BUY", "LMT", 10, lmtPrice=150.0, tif="OPG"),
        order("BUY", "REL", 10, auxPrice=0.02, lmtPrice=150.0),
        order("BUY", "PEG MID", 10, lmtPrice=150.0, auxPrice=0.02),
        order("BUY", "PEG MKT", 10, lmtPrice=150.0, auxPrice=0.02),
        order("BUY", "LMT", 10, lmtPrice=150.0, hidden=True),
        order("BUY", "LMT", 100, lmtPrice=150.0, displaySize=10),
        order("BUY", "LMT", 100, lmtPrice=150.0, minQty=50, allOrNone=True, discretionaryAmt=0.05),
        order("BUY", "LMT", 10, lmtPrice=150.0, outsideRth=True, goodTillDate=CLOSE, tif="GTD"),
        order("BUY", "LMT", 10, lmtPrice=150.0, goodAfterTime=OPEN),
        order("SELL", "STP", 10, auxPrice=150.0, triggerMethod=4),
        adjusted(),
        sliced(),
        conditional(),
        order("BUY", "LMT", 10, lmtPrice=150.0, tif="IOC"),
        order("BUY", "LMT", 10, lmtPrice=150.0, tif="FOK"),
        order("BUY", "NONSENSE", 10),
    ]
    for number, each in enumerate(made, 100):
        place(pair, f"{each.orderType} {number}", number, APPLE, each)
    pair.ask("they are open", lambda desk: desk.reqOpenOrders())


def adjusted():
    made = order("SELL", "STP", 10, auxPrice=150.0)
    made.adjustedOrderType, made.triggerPrice, made.adjustedStopPrice = "STP", 300.0, 200.0
    return made


def sliced():
    made = order("BUY", "LMT", 100, lmtPrice=150.0)
    made.algoStrategy = "Adaptive"
    made.algoParams = [TagValue("adaptivePriority", "Normal")]
    return made


def conditional():
    price = PriceCondition(0, 265598, "SMART", True, 400.0)
    later = TimeCondition(True, OPEN)
    margin = MarginCondition(False, 10)
    fill = ExecutionCondition("STK", "SMART", "MSFT")
    volume = VolumeCondition(265598, "SMART", True, 1_000_000_000)
    change = PercentChangeCondition(265598, "SMART", True, 25.0)
    made = order("BUY", "LMT", 10, lmtPrice=150.0)
    made.conditions = [price, later, margin, fill, volume, change]
    for each in made.conditions[:-1]:
        each.isConjunctionConnection = False
    made.conditionsIgnoreRth, made.conditionsCancelOrder = True, False
    return made


def families(pair):
    parent = order("BUY", "LMT", 10, lmtPrice=150.0, transmit=False, orderRef="bracket")
    target = order("SELL", "LMT", 10, lmtPrice=400.0, parentId=200, transmit=False, orderRef="bracket")
    stop = order("SELL", "STP", 10, auxPrice=100.0, parentId=200, orderRef="bracket")
    pair.ask(
        "a bracket",
        lambda desk: desk.placeOrder(200, APPLE, parent),
        lambda desk: desk.placeOrder(201, APPLE, target),
        lambda desk: desk.placeOrder(202, APPLE, stop),
        steps=["1s"],
    )
    pair.ask("its parent is filled", commands=["fill 7:200"], steps=["1s"])
    pair.ask("its target is filled", commands=["fill 7:201"], steps=["1s"])
    one = order("BUY", "LMT", 10, lmtPrice=150.0, ocaGroup="either", ocaType=1)
    other = order("BUY", "LMT", 10, lmtPrice=151.0, ocaGroup="either", ocaType=1)
    place(pair, "one of two", 203, APPLE, one)
    place(pair, "the other", 204, APPLE, other)
    pair.ask("one is filled", commands=["fill 7:203"], steps=["1s"])
    spread = contract("AAPL,MSFT", "BAG")
    spread.comboLegs = [leg(265598, "BUY"), leg(272093, "SELL")]
    place(pair, "a spread", 205, spread, order("BUY", "LMT", 1, lmtPrice=-400.0))


def leg(number, action):
    made = ComboLeg()
    made.conId, made.ratio, made.action, made.exchange = number, 1, action, "SMART"
    return made


def endings(pair):
    pair.ask("cancel everything", lambda desk: desk.reqGlobalCancel(OrderCancel()), steps=["1s"])
    pair.ask("executions", lambda desk: desk.reqExecutions(30, ExecutionFilter()))
    pair.ask("completed orders", lambda desk: desk.reqCompletedOrders(False))
    chosen = ExecutionFilter()
    chosen.symbol, chosen.side = "AAPL", "BUY"
    pair.ask("some executions", lambda desk: desk.reqExecutions(31, chosen))


def other_clients(pair):
    far = order("SELL", "LMT", 1, lmtPrice=400.0)
    place(pair, "an order to keep", 300, EURO, far)
    kept = order("SELL", "LMT", 5, lmtPrice=400.0, tif="GTC", orderRef="kept")
    place(pair, "another order to keep", 301, APPLE, kept)
    pair.connect(number=0)
    pair.ask("orders to come", lambda desk: desk.reqAutoOpenOrders(True), idle, number=0)
    pair.ask("everybody's orders", lambda desk: desk.reqAllOpenOrders(), number=0)
    pair.ask("my own orders", lambda desk: desk.reqOpenOrders(), number=0)
    pair.ask("an order that is not mine", lambda desk: desk.cancelOrder(301, OrderCancel()), number=0)
    pair.disconnect(number=0)
    pair.disconnect()
    pair.connect()
    pair.ask("orders after a new start", lambda desk: desk.reqOpenOrders())


ALL = [plain, endings, other_clients]
