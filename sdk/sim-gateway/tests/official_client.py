"""Drives a simulated gateway with the official Python client and asserts what it is told.

Usage: official_client.py HOST PORT CONTROL_SOCKET
"""

import json
import os
import queue
import socket
import sys
import threading
import time
import traceback
from decimal import Decimal

from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from ibapi.order_cancel import OrderCancel
from ibapi.wrapper import EWrapper

PATIENCE = 10.0
ACCOUNT = "DU1234567"


class Desk(EWrapper, EClient):
    """Puts every callback of interest into one queue, as (name, arguments)."""

    def __init__(self):
        EClient.__init__(self, self)
        self.told = queue.Queue()

    def note(name):
        def callback(self, *arguments):
            # The client changes some objects after it has handed them out, so what matters is copied now.
            self.told.put((name, [copy_of(each) for each in arguments]))

        return callback

    for _name in (
        "nextValidId managedAccounts error currentTime contractDetails contractDetailsEnd tickPrice tickSize "
        "tickReqParams marketDataType openOrder openOrderEnd orderStatus execDetails execDetailsEnd "
        "commissionAndFeesReport completedOrder completedOrdersEnd position positionEnd accountSummary "
        "accountSummaryEnd updateAccountValue updatePortfolio updateAccountTime accountDownloadEnd symbolSamples "
        "marketRule pnl pnlSingle positionMulti positionMultiEnd accountUpdateMulti accountUpdateMultiEnd "
        "userInfo currentTimeInMillis tickSnapshotEnd"
    ).split():
        locals()[_name] = note(_name)

    def wait(self, name, fits=lambda *arguments: True):
        """Skips callbacks until one fits; returns its arguments."""
        deadline = time.monotonic() + PATIENCE
        skipped = []
        while True:
            left = deadline - time.monotonic()
            try:
                got, arguments = self.told.get(timeout=max(left, 0.001))
            except queue.Empty:
                raise AssertionError(f"no {name} came; instead: {skipped[-30:]}") from None
            if got == name and fits(*arguments):
                return arguments
            skipped.append((got, [str(each) for each in arguments]))

    def until(self, last, fits=lambda *arguments: True):
        """Everything up to and including the callback `last`."""
        seen = []
        deadline = time.monotonic() + PATIENCE
        while not seen or seen[-1][0] != last or not fits(*seen[-1][1]):
            try:
                seen.append(self.told.get(timeout=max(deadline - time.monotonic(), 0.001)))
            except queue.Empty:
                raise AssertionError(f"no {last} came; instead: {[name for name, _ in seen]}") from None
        return seen


def copy_of(thing):
    import copy

    return copy.copy(thing)


def same(got, wanted):
    assert got == wanted, f"got {got!r}, wanted {wanted!r}"


def control(path, command):
    with socket.socket(socket.AF_UNIX) as operator:
        operator.connect(path)
        operator.sendall(command.encode() + b"\n")
        answer = json.loads(operator.makefile().readline())
    assert "error" not in answer, answer
    return answer


def connected(host, port, client):
    # A client that disconnects keeps its socket open until its reader notices, and its id in use for as long.
    deadline = time.monotonic() + PATIENCE
    while True:
        desk = attempt(host, port, client)
        name, arguments = desk.told.get(timeout=PATIENCE)
        if name == "managedAccounts":
            break
        same((name, arguments[2]), ("error", 326))
        assert time.monotonic() < deadline, "the client id never became free"
    same(arguments, [ACCOUNT])
    following = desk.wait("nextValidId")[0]
    desk.wait("error", lambda about, at, code, *rest: code == 2158)
    return desk, following


def attempt(host, port, client):
    desk = Desk()
    desk.connect(host, port, client)
    threading.Thread(target=desk.run, daemon=True).start()
    return desk


def apple():
    contract = Contract()
    contract.symbol, contract.secType, contract.exchange, contract.currency = "AAPL", "STK", "SMART", "USD"
    return contract


def order(action, kind, quantity, limit=None, tif="DAY"):
    made = Order()
    made.action, made.orderType, made.totalQuantity, made.tif = action, kind, Decimal(quantity), tif
    made.orderRef = "proof"
    if limit is not None:
        made.lmtPrice = limit
    return made


def session(desk):
    same(desk.serverVersion(), 226)
    desk.reqCurrentTime()
    assert abs(desk.wait("currentTime")[0] - time.time()) < 5
    desk.reqCurrentTimeInMillis()
    assert abs(desk.wait("currentTimeInMillis")[0] / 1000 - time.time()) < 5
    desk.reqUserInfo(3)
    same(desk.wait("userInfo"), [3, ""])
    desk.reqIds(1)
    same(desk.wait("nextValidId"), [1])
    desk.reqManagedAccts()
    same(desk.wait("managedAccounts"), [ACCOUNT])
    desk.reqHistoricalData(4, apple(), "", "1 D", "1 fortnight", "TRADES", 1, 1, False, [])
    same(desk.wait("error")[0:3:2], [4, 321])


def reference_data(desk):
    desk.reqContractDetails(10, apple())
    _, details = desk.wait("contractDetails")
    same((details.contract.conId, details.contract.symbol, details.contract.primaryExchange), (265598, "AAPL", "NASDAQ"))
    same((details.minTick, details.longName), (0.01, "APPLE INC"))
    assert "SMART" in details.validExchanges.split(",")
    same(desk.wait("contractDetailsEnd"), [10])
    euro = Contract()
    euro.symbol, euro.secType, euro.exchange, euro.currency = "EUR", "CASH", "IDEALPRO", "USD"
    desk.reqContractDetails(11, euro)
    _, details = desk.wait("contractDetails")
    same((details.contract.localSymbol, details.minTick), ("EUR.USD", 0.00005))
    nothing = apple()
    nothing.symbol = "NOTHING"
    desk.reqContractDetails(12, nothing)
    same(desk.wait("error")[0:3:2], [12, 200])
    desk.reqMatchingSymbols(13, "MS")
    same([each.contract.symbol for each in desk.wait("symbolSamples")[1]], ["MSFT"])
    desk.reqMarketRule(26)
    rule, steps = desk.wait("marketRule")
    same((rule, steps[0].lowEdge, steps[0].increment), (26, 0.0, 0.01))


def market_data(desk):
    desk.reqMarketDataType(1)
    desk.reqMktData(20, apple(), "", False, False, [])
    seen = desk.until("tickSize", lambda request, field, size: field == 8)
    same([name for name, _ in seen[:3]], ["tickReqParams", "marketDataType", "tickPrice"])
    prices = {arguments[1]: arguments[2] for name, arguments in seen if name == "tickPrice"}
    assert 0 < prices[1] < prices[2], prices
    assert 180 < prices[9] < 280, prices
    moved = desk.wait("tickPrice", lambda request, field, price, _: field in (1, 2) and price != prices[field])
    same(moved[0], 20)
    desk.wait("tickPrice", lambda request, field, price, _: field == 4)
    desk.cancelMktData(20)
    desk.cancelMktData(20)
    same(desk.wait("error")[0:3:2], [20, 300])
    desk.reqMktData(21, apple(), "", True, False, [])
    same(desk.wait("tickSnapshotEnd"), [21])


def market_order(desk):
    desk.placeOrder(1, apple(), order("BUY", "MKT", 100))
    seen = desk.until("commissionAndFeesReport")
    names = [name for name, _ in seen]
    same(names[:2] + names[-1:], ["openOrder", "orderStatus", "commissionAndFeesReport"])
    same(seen[0][1][3].status, "PreSubmitted")
    fills = [arguments[2] for name, arguments in seen if name == "execDetails"]
    bought = sum(fill.shares for fill in fills)
    while bought < 100:
        fill = desk.wait("execDetails")[2]
        bought += fill.shares
        desk.wait("commissionAndFeesReport")
    same((bought, fills[0].side, fills[0].orderRef, fills[0].acctNumber), (Decimal(100), "BOT", "proof", ACCOUNT))
    same(seen[-1][1][0].execId, fills[0].execId)
    same(seen[-1][1][0].currency, "USD")
    return fills[0]


def resting_order(desk):
    desk.placeOrder(2, apple(), order("BUY", "LMT", 50, 200.0, "GTC"))
    desk.wait("orderStatus", lambda number, status, *rest: (number, status) == (2, "Submitted"))
    desk.placeOrder(2, apple(), order("BUY", "LMT", 60, 201.0, "GTC"))
    changed = desk.wait("openOrder", lambda number, contract, order, state: number == 2)
    same((changed[2].lmtPrice, changed[2].totalQuantity, changed[3].status), (201.0, Decimal(60), "Submitted"))
    status = desk.wait("orderStatus")
    same(status[1:4], ["Submitted", Decimal(0), Decimal(60)])
    desk.placeOrder(3, apple(), order("BUY", "LMT", 50, 200.001))
    same(desk.wait("error")[0:3:2], [3, 110])
    desk.reqOpenOrders()
    seen = desk.until("openOrderEnd")
    same([name for name, _ in seen], ["openOrder", "orderStatus", "openOrderEnd"])
    return changed[2].permId


def cancels(desk):
    desk.cancelOrder(2, OrderCancel())
    names = [(name, arguments[1] if name == "orderStatus" else arguments[2]) for name, arguments in desk.until("error")]
    same(names, [("orderStatus", "PendingCancel"), ("orderStatus", "Cancelled"), ("error", 202)])
    desk.cancelOrder(1, OrderCancel())
    same(desk.wait("error")[0:3:2], [1, 10148])
    desk.cancelOrder(99, OrderCancel())
    same(desk.wait("error")[0:3:2], [99, 10147])


def afterwards(desk, fill):
    desk.reqExecutions(30, ExecutionFilter())
    seen = desk.until("execDetailsEnd")
    listed = [arguments[2] for name, arguments in seen if name == "execDetails"]
    same((listed[0].execId, listed[0].price, listed[0].time), (fill.execId, fill.price, fill.time))
    assert any(name == "commissionAndFeesReport" for name, _ in seen)
    desk.reqCompletedOrders(False)
    done = [arguments for name, arguments in desk.until("completedOrdersEnd") if name == "completedOrder"]
    same([state.status for _, _, state in done], ["Filled", "Cancelled"])
    same((done[0][1].totalQuantity, done[0][1].filledQuantity), (Decimal(0), Decimal(100)))
    desk.reqAllOpenOrders()
    same([name for name, _ in desk.until("openOrderEnd")], ["openOrderEnd"])


def account(desk, fill):
    desk.reqPositions()
    who, contract, position, cost = desk.wait("position")
    same((who, contract.conId, position), (ACCOUNT, 265598, Decimal(100)))
    assert abs(cost - fill.price) < 0.2, cost
    desk.wait("positionEnd")
    desk.reqAccountSummary(40, "All", "NetLiquidation,TotalCashValue,BuyingPower")
    rows = [arguments for name, arguments in desk.until("accountSummaryEnd") if name == "accountSummary"]
    values = {tag: Decimal(value) for _, _, tag, value, _ in rows}
    same(sorted(values), ["BuyingPower", "NetLiquidation", "TotalCashValue"])
    assert 999_000 < values["NetLiquidation"] < 1_001_000 and values["TotalCashValue"] < 980_000, values
    desk.cancelAccountSummary(40)
    desk.reqAccountUpdates(True, ACCOUNT)
    seen = desk.until("accountDownloadEnd")
    portfolio = [arguments for name, arguments in seen if name == "updatePortfolio"]
    same((portfolio[0][0].symbol, portfolio[0][1]), ("AAPL", Decimal(100)))
    assert any(name == "updateAccountValue" and arguments[0] == "NetLiquidation" for name, arguments in seen)
    desk.reqAccountUpdates(False, ACCOUNT)
    desk.reqPositionsMulti(41, ACCOUNT, "")
    same(desk.wait("positionMulti")[4], Decimal(100))
    desk.wait("positionMultiEnd")
    desk.reqAccountUpdatesMulti(42, ACCOUNT, "", True)
    desk.wait("accountUpdateMultiEnd")
    desk.reqPnL(43, ACCOUNT, "")
    same(desk.wait("pnl")[0], 43)
    desk.reqPnLSingle(44, ACCOUNT, "", 265598)
    same(desk.wait("pnlSingle")[1], Decimal(100))


def reconnect(host, port, path, desk):
    desk.placeOrder(5, apple(), order("SELL", "LMT", 100, 260.0, "GTC"))
    desk.wait("orderStatus", lambda number, status, *rest: (number, status) == (5, "Submitted"))
    desk.disconnect()
    desk, following = connected(host, port, 7)
    same(following, 6)
    control(path, "fill 5")
    filled = desk.wait("orderStatus", lambda number, status, *rest: status == "Filled")
    same((filled[0], filled[2], filled[4]), (5, Decimal(100), 260.0))
    report = desk.wait("commissionAndFeesReport")[0]
    assert report.realizedPNL > 2_000, report
    same(attempt(host, port, 7).wait("error")[2], 326)
    desk.disconnect()


def main():
    host, port, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    desk, following = connected(host, port, 7)
    same(following, 1)
    session(desk)
    reference_data(desk)
    market_data(desk)
    fill = market_order(desk)
    resting_order(desk)
    cancels(desk)
    afterwards(desk, fill)
    account(desk, fill)
    reconnect(host, port, path, desk)
    print("official client: all of it as expected")


try:
    main()
except BaseException:
    # The client's own thread would keep the program from ending.
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(1)
