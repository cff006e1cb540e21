"""What is asked, by subject. Each question is asked on both sides and compared there."""

from decimal import Decimal

from ibapi.contract import Contract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from ibapi.order_cancel import OrderCancel

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


APPLE = contract("AAPL")
EURO = contract("EUR", "CASH", "IDEALPRO")


def session(pair):
    pair.ask("the user", lambda desk: desk.reqUserInfo(3))
    pair.ask("the next id", lambda desk: desk.reqIds(1))
    pair.ask("the accounts", lambda desk: desk.reqManagedAccts())
    pair.ask("the family codes", lambda desk: desk.reqFamilyCodes())
    pair.ask_protobuf("the time", lambda desk: desk.reqCurrentTimeInMillis(), "currentTimeInMillis")


def conduct(pair):
    pair.ask("a log level", lambda desk: desk.setServerLogLevel(3), lambda desk: desk.reqIds(1))
    pair.ask("a lost connection", commands=["notice 1100", "notice 1102"])


def reference(pair):
    pair.ask("a stock", lambda desk: desk.reqContractDetails(10, APPLE))
    pair.ask("a currency", lambda desk: desk.reqContractDetails(11, EURO))
    pair.ask("no such contract", lambda desk: desk.reqContractDetails(12, contract("NOTHING")))
    pair.ask("symbols like MS", lambda desk: desk.reqMatchingSymbols(13, "MS"))
    pair.ask("a market rule", lambda desk: desk.reqMarketRule(26))


def market_data(pair):
    pair.ask("live data", lambda desk: desk.reqMarketDataType(1), lambda desk: desk.reqMktData(20, APPLE, "", False, False, []), steps=["3s"])
    pair.ask("more of it", steps=["5s"])
    pair.ask("twice cancelled", lambda desk: desk.cancelMktData(20), lambda desk: desk.cancelMktData(20))
    pair.ask("a snapshot", lambda desk: desk.reqMktData(21, APPLE, "", True, False, []), steps=["12s"])


def orders(pair):
    pair.ask("a market order", lambda desk: desk.placeOrder(1, APPLE, order("BUY", "MKT", 100)), steps=["2s"])
    resting = order("BUY", "LMT", 50, lmtPrice=200.0, tif="GTC")
    pair.ask("a resting order", lambda desk: desk.placeOrder(2, APPLE, resting), steps=["1s"])
    changed = order("BUY", "LMT", 60, lmtPrice=201.0, tif="GTC")
    pair.ask("the same changed", lambda desk: desk.placeOrder(2, APPLE, changed), steps=["1s"])
    stop = order("SELL", "STP", 10, auxPrice=150.0, tif="GTC")
    pair.ask("a stop", lambda desk: desk.placeOrder(3, APPLE, stop), steps=["1s"])
    stop_limit = order("SELL", "STP LMT", 10, auxPrice=151.0, lmtPrice=150.5, tif="GTC")
    pair.ask("a stop limit", lambda desk: desk.placeOrder(4, APPLE, stop_limit), steps=["1s"])
    between = order("BUY", "LMT", 50, lmtPrice=200.001)
    pair.ask("a price between ticks", lambda desk: desk.placeOrder(5, APPLE, between))
    asked = order("BUY", "MKT", 100, whatIf=True)
    pair.ask("what if", lambda desk: desk.placeOrder(6, APPLE, asked), steps=["1s"])
    pair.ask("open orders", lambda desk: desk.reqOpenOrders())
    pair.ask("all open orders", lambda desk: desk.reqAllOpenOrders())
    pair.ask("a cancel", lambda desk: desk.cancelOrder(2, OrderCancel()), steps=["1s"])
    pair.ask("a cancel too late", lambda desk: desk.cancelOrder(1, OrderCancel()))
    pair.ask("a cancel of nothing", lambda desk: desk.cancelOrder(99, OrderCancel()))
    pair.command("reject 201")
    pair.ask("the order rejected", lambda desk: desk.placeOrder(7, APPLE, order("BUY", "MKT", 1)), steps=["1s"])
    pair.ask("a fill by the operator", commands=["fill 7:3"])
    pair.ask("cancel everything", lambda desk: desk.reqGlobalCancel(OrderCancel()), steps=["1s"])


def afterwards(pair):
    pair.ask("executions", lambda desk: desk.reqExecutions(30, ExecutionFilter()))
    pair.ask("completed orders", lambda desk: desk.reqCompletedOrders(False))


def other_clients(pair):
    kept = order("SELL", "LMT", 5, lmtPrice=400.0, tif="GTC", orderRef="kept")
    pair.ask("an order to keep", lambda desk: desk.placeOrder(20, EURO, order("SELL", "LMT", 1, lmtPrice=400.0)), steps=["1s"])
    pair.ask("another order to keep", lambda desk: desk.placeOrder(21, APPLE, kept), steps=["1s"])
    pair.connect(number=0)
    pair.ask("orders to come", lambda desk: desk.reqAutoOpenOrders(True), lambda desk: desk.reqIds(1), number=0)
    pair.ask("everybody's orders", lambda desk: desk.reqAllOpenOrders(), number=0)
    pair.ask("my own orders", lambda desk: desk.reqOpenOrders(), number=0)
    pair.ask("an order that is not mine", lambda desk: desk.cancelOrder(21, OrderCancel()), number=0)
    pair.disconnect(number=0)
    pair.disconnect()
    pair.connect()
    pair.ask("orders after a new start", lambda desk: desk.reqOpenOrders())


def account(pair):
    pair.ask("positions", lambda desk: desk.reqPositions())
    pair.ask("no more positions", lambda desk: desk.cancelPositions(), lambda desk: desk.reqIds(1))
    tags = "NetLiquidation,TotalCashValue,BuyingPower"
    pair.ask("a summary", lambda desk: desk.reqAccountSummary(40, "All", tags))
    pair.ask("no more summary", lambda desk: desk.cancelAccountSummary(40), lambda desk: desk.reqIds(1))
    pair.ask("the account", lambda desk: desk.reqAccountUpdates(True, ACCOUNT))
    pair.ask("no more account", lambda desk: desk.reqAccountUpdates(False, ACCOUNT), lambda desk: desk.reqIds(1))
    pair.ask("positions of one", lambda desk: desk.reqPositionsMulti(41, ACCOUNT, ""))
    pair.ask("without them", lambda desk: desk.cancelPositionsMulti(41), lambda desk: desk.reqIds(1))
    pair.ask("the account of one", lambda desk: desk.reqAccountUpdatesMulti(42, ACCOUNT, "", True))
    pair.ask("without it", lambda desk: desk.cancelAccountUpdatesMulti(42), lambda desk: desk.reqIds(1))
    pair.ask("profit", lambda desk: desk.reqPnL(43, ACCOUNT, ""), steps=["2s"])
    pair.ask("without it", lambda desk: desk.cancelPnL(43), lambda desk: desk.reqIds(1))
    pair.ask("profit of one", lambda desk: desk.reqPnLSingle(44, ACCOUNT, "", 265598), steps=["2s"])
    pair.ask("without it", lambda desk: desk.cancelPnLSingle(44), lambda desk: desk.reqIds(1))


ALL = [session, conduct, reference, market_data, orders, afterwards, other_clients, account]
