"""What ib_insync and its successor ib_async, which have one interface, are asked and must be told.

`check` runs all of it. Nothing may be logged as an error that was not provoked: the libraries log what they
cannot decode, what they waited for in vain and what they are told is wrong.
"""

import contextlib
import json
import logging
import math
import sys
import time

import sync_data
import sync_history
import sync_orders

PATIENCE = 10.0
ACCOUNT = "DU1234567"


class Complaints(logging.Handler):
    """Keeps what is logged as an error and what speaks of a timeout."""

    def __init__(self):
        super().__init__()
        self.heard = []
        logging.getLogger().addHandler(self)
        logging.getLogger().setLevel(logging.INFO)

    def emit(self, record):
        text = record.getMessage()
        if record.levelno >= logging.ERROR or "timeout" in text.lower() or "timed out" in text.lower():
            self.heard.append(f"{record.levelname} {record.name}: {text[:500]}")

    def assert_none(self):
        assert not self.heard, "\n".join(self.heard)


class Traffic:
    """Which messages the library sent and took apart, by number."""

    def __init__(self, library):
        self.requests, self.answers = set(), set()
        client, decoder = library.client.Client, library.decoder.Decoder
        send, interpret = client.sendMsg, decoder.interpret

        def sending(this, message):
            if message and message[:1].isdigit():
                self.requests.add(int(message.split("\0", 1)[0]))
            send(this, message)

        def interpreting(this, fields):
            self.answers.add(int(fields[0]))
            interpret(this, fields)

        client.sendMsg, decoder.interpret = sending, interpreting

    def report(self):
        print("messages " + json.dumps({"requests": sorted(self.requests), "answers": sorted(self.answers)}))


class Session:
    """A connected client and what there is to say about it."""

    def __init__(self, library, address, server_version):
        self.library = library
        self.address = address
        self.server_version = server_version
        self.complaints = Complaints()
        self.ib = None
        self.stock = None
        self.codes = set()
        self.told = {}

    def connect(self, client):
        self.ib = self.library.IB()
        # Without it a question that is not answered is waited for without end.
        self.ib.RequestTimeout = PATIENCE
        self.ib.errorEvent += lambda about, code, *rest: self.codes.add(code)
        self.listen(self.ib.wrapper)
        self.ib.connect(*self.address, clientId=client, timeout=PATIENCE)
        same(self.ib.client.serverVersion(), self.server_version)
        same(self.ib.managedAccounts(), [ACCOUNT])
        self.complaints.assert_none()

    def listen(self, wrapper):
        """Keeps orders as they were told last; the libraries go on showing what they have sent themselves."""
        hand_on = wrapper.openOrder

        def open_order(number, contract, order, state):
            self.told[number] = order
            hand_on(number, contract, order, state)

        wrapper.openOrder = open_order

    def until(self, holds, what):
        deadline = time.monotonic() + PATIENCE
        while not holds():
            left = deadline - time.monotonic()
            assert left > 0, f"{what}; logged: {self.complaints.heard}"
            self.ib.waitOnUpdate(timeout=min(left, 0.2))

    @contextlib.contextmanager
    def provoked(self, *codes):
        """Within it the gateway says each of these codes, and nothing else is logged as an error."""
        self.complaints.assert_none()
        self.codes.clear()
        yield
        for code in codes:
            self.until(lambda: code in self.codes, f"{code} was not said")  # noqa: B023
            # Whether the library takes it for an error is its own affair.
            self.complaints.heard = [text for text in self.complaints.heard if f" {code}," not in text]
        self.complaints.assert_none()

    def cancelled(self, trade):
        with self.provoked(202):
            self.ib.cancelOrder(trade.order)
            self.until(lambda: trade.orderStatus.status == "Cancelled", f"not cancelled: {trade}")

    def placed(self, order, status):
        trade = self.ib.placeOrder(self.stock, order)
        self.until(lambda: trade.orderStatus.status == status, f"no {status}: {trade}")
        return trade

    def price(self, factor):
        """A price on the grid, this far from where the market is."""
        [ticker] = self.ib.reqTickers(self.stock)
        return round(ticker.marketPrice() * factor, 2)


def same(got, wanted):
    assert got == wanted, f"got {got!r}, wanted {wanted!r}"


def check(library, server_version):
    host, port = sys.argv[1:3]
    traffic = Traffic(library)
    session = Session(library, (host, int(port)), server_version)
    session.connect(client=1)
    for part in [*PARTS, *sync_data.PARTS, *sync_history.PARTS, *sync_orders.PARTS]:
        part(session)
        session.complaints.assert_none()
    session.ib.disconnect()
    session.complaints.assert_none()
    traffic.report()
    print("all of it as expected")


def reference_data(session):
    ib, library = session.ib, session.library
    stock = library.Stock("AAPL", "SMART", "USD")
    [details] = ib.reqContractDetails(stock)
    same((details.contract.conId, details.contract.primaryExchange), (265598, "NASDAQ"))
    same((details.longName, details.minTick, details.stockType), ("APPLE INC", 0.01, "COMMON"))
    assert "LMT" in details.orderTypes and "SMART" in details.validExchanges, details
    same(ib.qualifyContracts(stock), [stock])
    same((stock.conId, stock.localSymbol), (265598, "AAPL"))
    session.stock = stock
    samples = ib.reqMatchingSymbols("AAPL")
    assert 265598 in [sample.contract.conId for sample in samples], samples
    rule = ib.reqMarketRule(int(details.marketRuleIds.split(",")[0]))
    assert rule and rule[0].increment > 0, rule
    with session.provoked(200):
        same(ib.reqContractDetails(library.Stock("NOSUCH", "SMART", "USD")), [])
    now = ib.reqCurrentTime()
    assert now.year >= 2024, now


def market_data(session):
    ib = session.ib
    ticker = ib.reqMktData(session.stock)
    whole = lambda: ticker.bid > 0 and ticker.ask > 0 and ticker.last > 0 and ticker.bidSize > 0  # noqa: E731
    session.until(whole, f"no whole quote: {ticker}")
    assert ticker.bid <= ticker.ask, ticker
    same((ticker.minTick, ticker.marketDataType), (0.01, 1))
    ib.cancelMktData(session.stock)
    [snapshot] = ib.reqTickers(session.stock)
    assert snapshot.bid <= snapshot.ask, snapshot


def market_order(session):
    ib, library = session.ib, session.library
    trade = session.placed(library.MarketOrder("BUY", 100, orderRef="mine"), "Filled")
    same((trade.orderStatus.filled, trade.orderStatus.remaining), (100.0, 0.0))
    session.until(lambda: trade.fills and trade.fills[-1].commissionReport.execId, f"no commission: {trade}")
    fill = trade.fills[-1]
    same((fill.execution.side, fill.execution.orderRef, fill.execution.acctNumber), ("BOT", "mine", ACCOUNT))
    assert fill.commissionReport.commission > 0, fill
    same(fill.commissionReport.currency, "USD")
    session.until(
        lambda: [each.position for each in ib.positions()] == [100.0]
        and [each.position for each in ib.portfolio()] == [100.0],
        f"no position: {ib.positions()} {ib.portfolio()}",
    )
    assert ib.portfolio()[0].marketPrice > 0, ib.portfolio()


def limit_order(session):
    ib, library = session.ib, session.library
    order = library.LimitOrder("BUY", 10, session.price(0.5))
    trade = session.placed(order, "Submitted")
    assert trade in ib.openTrades(), ib.openTrades()
    # Modifying is placing once more under the same id.
    order.lmtPrice = session.price(0.51)
    order.totalQuantity = 20
    assert ib.placeOrder(session.stock, order) is trade
    session.until(lambda: trade.orderStatus.remaining == 20.0, f"not modified: {trade}")
    [found] = ib.reqOpenOrders()
    same(getattr(found, "order", found).orderId, order.orderId)
    session.cancelled(trade)
    same(ib.openTrades(), [])


def what_if(session):
    state = session.ib.whatIfOrder(session.stock, session.library.LimitOrder("BUY", 10, session.price(0.9)))
    assert float(state.initMarginChange) > 0, state
    assert float(state.equityWithLoanAfter) > 0, state
    assert 0 < state.commission < 100, state
    same(session.ib.openTrades(), [])


def an_order_outlives_its_session(session):
    """An order of another session is taken apart and put together again by the client that modifies it."""
    ib, library = session.ib, session.library
    trade = session.placed(library.LimitOrder("BUY", 10, session.price(0.5), tif="GTC"), "Submitted")
    ib.disconnect()
    session.complaints.assert_none()
    session.connect(client=1)
    ib = session.ib
    # A rejected order, Inactive, is an open one to ib_insync.
    [found] = [each for each in ib.openTrades() if each.isActive()]
    same((found.order.permId, found.order.tif), (trade.order.permId, "GTC"))
    same((found.contract.conId, found.orderStatus.remaining), (265598, 10.0))
    found.order.totalQuantity = 30
    ib.placeOrder(session.stock, found.order)
    session.until(lambda: found.orderStatus.remaining == 30.0, f"not modified: {found}")
    session.cancelled(found)


def what_became_of_orders(session):
    ib, library = session.ib, session.library
    fills = ib.reqExecutions()
    same([(fill.execution.side, fill.execution.shares) for fill in fills], [("BOT", 100.0)])
    none = ib.reqExecutions(library.ExecutionFilter(symbol="MSFT"))
    same(none, [])
    completed = ib.reqCompletedOrders(False)
    statuses = {trade.orderStatus.status for trade in completed}
    assert {"Cancelled", "Filled"} <= statuses, statuses
    [filled] = [trade for trade in completed if trade.orderStatus.status == "Filled"]
    same((filled.order.filledQuantity, filled.contract.symbol), (100.0, "AAPL"))


def account(session):
    ib = session.ib
    values = {value.tag: value for value in ib.accountValues(ACCOUNT)}
    assert float(values["NetLiquidation"].value) > 0, values
    summary = {value.tag: value for value in ib.accountSummary()}
    assert float(summary["NetLiquidation"].value) > 0, summary
    same(summary["NetLiquidation"].account, ACCOUNT)
    same([position.position for position in ib.reqPositions()], [100.0])
    total = ib.reqPnL(ACCOUNT)
    single = ib.reqPnLSingle(ACCOUNT, "", session.stock.conId)
    session.until(lambda: not math.isnan(total.dailyPnL), f"no profit: {total}")
    session.until(lambda: single.position == 100, f"no profit of the position: {single}")
    assert single.value > 0 and not math.isnan(single.unrealizedPnL), single
    ib.cancelPnL(ACCOUNT)
    ib.cancelPnLSingle(ACCOUNT, "", session.stock.conId)


def orders_that_wait_or_fail(session):
    library = session.library
    stop = session.placed(library.StopOrder("SELL", 10, session.price(0.5)), "PreSubmitted")
    session.until(lambda: stop.orderStatus.whyHeld == "trigger", f"not held: {stop}")
    session.cancelled(stop)
    refused = [
        # Off the grid; more than the account can pay for; of a kind that does not exist.
        (110, library.LimitOrder("BUY", 10, session.price(0.5) + 0.001)),
        (201, library.LimitOrder("BUY", 10_000_000, session.price(1.0))),
        (387, library.Order(action="BUY", totalQuantity=10, orderType="NOSUCH")),
    ]
    for code, order in refused:
        with session.provoked(code):
            trade = session.ib.placeOrder(session.stock, order)
            session.until(lambda: code in session.codes, f"{code} was not said: {trade}")  # noqa: B023
    with session.provoked(202):
        order = library.LimitOrder("BUY", 10, session.price(0.5), tif="IOC")
        session.placed(order, "Cancelled")


def another_client_sees_and_ends_orders(session):
    """Client 0 has orders of its own and sees those of everyone."""
    mine = session.placed(session.library.LimitOrder("BUY", 10, session.price(0.5)), "Submitted")
    other = session.library.IB()
    other.RequestTimeout = PATIENCE
    other.connect(*session.address, clientId=0, timeout=PATIENCE)
    found = [getattr(order, "order", order) for order in other.reqAllOpenOrders()]
    same([(order.clientId, order.permId) for order in found], [(1, mine.order.permId)])
    with session.provoked(202):
        other.reqGlobalCancel()
        session.until(lambda: mine.orderStatus.status == "Cancelled", f"not cancelled: {mine}")
    other.disconnect()


def questions_about_the_session(session):
    ib = session.ib
    # The libraries wait for the answer and lose what it says.
    ib.reqUserInfo()
    before = ib.client.getReqId()
    ib.client.reqIds(1)
    ib.client.reqManagedAccts()
    ib.client.setServerLogLevel(5)
    ib.reqMarketDataType(1)
    ib.reqCurrentTime()
    assert ib.client.getReqId() > before


PARTS = [
    reference_data,
    market_data,
    market_order,
    limit_order,
    what_if,
    orders_that_wait_or_fail,
    another_client_sees_and_ends_orders,
    questions_about_the_session,
    an_order_outlives_its_session,
    what_became_of_orders,
    account,
]
