"""Orders of ib_insync and ib_async that are more than one price: brackets, groups, stops that follow, conditions."""

import datetime


def same(got, wanted):
    assert got == wanted, f"got {got!r}, wanted {wanted!r}"


def status_of(trade):
    return trade.orderStatus.status


def bracket(session):
    """The parent fills, its children wake, and the end of one is the end of the other."""
    ib = session.ib
    orders = ib.bracketOrder("BUY", 10, session.price(1.05), session.price(1.5), session.price(0.5))
    parent, profit, loss = [ib.placeOrder(session.stock, order) for order in orders]
    session.until(lambda: status_of(parent) == "Filled", f"the parent was not filled: {parent}")
    session.until(lambda: status_of(profit) == "Submitted", f"the profit taker does not work: {profit}")
    session.until(lambda: status_of(loss) == "PreSubmitted", f"the stop does not wait: {loss}")
    told = [session.told[child.order.orderId] for child in (profit, loss)]
    same([order.parentId for order in told], [parent.order.orderId] * 2)
    groups = {order.ocaGroup for order in told}
    assert len(groups) == 1 and groups != {""}, groups
    profit.order.lmtPrice = session.price(0.95)
    # A parent that has been filled is found no more, so its children must forget it to be modified. After
    # the error that says so these libraries take the child for dead.
    profit.order.parentId = 0
    with session.provoked(202):
        ib.placeOrder(session.stock, profit.order)
        session.until(lambda: status_of(profit) == "Filled", f"no profit was taken: {profit}")
        session.until(lambda: status_of(loss) == "Cancelled", f"the other child lives on: {loss}")


def one_cancels_all(session):
    ib, library = session.ib, session.library
    resting = library.LimitOrder("BUY", 10, session.price(0.5))
    filled = library.MarketOrder("BUY", 10)
    ib.oneCancelsAll([resting, filled], "group", 1)
    rests = session.placed(resting, "Submitted")
    with session.provoked(202):
        session.placed(filled, "Filled")
        session.until(lambda: status_of(rests) == "Cancelled", f"it lives on: {rests}")


def other_types(session):
    """Every one is accepted, comes back as it went and can be taken back."""
    library = session.library
    low, high = session.price(0.5), session.price(1.5)
    till = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)).strftime("%Y%m%d-%H:%M:%S")
    condition = library.PriceCondition(price=high * 2, conId=session.stock.conId, exch="SMART", isMore=True)
    for attributes in (
        dict(orderType="STP LMT", action="SELL", auxPrice=low, lmtPrice=low),
        dict(orderType="TRAIL", action="SELL", auxPrice=round(low, 2)),
        dict(orderType="TRAIL", action="SELL", trailingPercent=20.0),
        dict(orderType="TRAIL LIMIT", action="SELL", auxPrice=low, trailStopPrice=low, lmtPriceOffset=0.05),
        dict(orderType="MIT", action="BUY", auxPrice=low),
        dict(orderType="LIT", action="BUY", auxPrice=low, lmtPrice=low),
        dict(orderType="LMT", action="BUY", lmtPrice=low, tif="GTD", goodTillDate=till),
        dict(orderType="LMT", action="BUY", lmtPrice=low, outsideRth=True, hidden=True),
        dict(orderType="LMT", action="BUY", lmtPrice=low, totalQuantity=200, displaySize=100),
        dict(orderType="LMT", action="BUY", lmtPrice=low, allOrNone=True),
        dict(orderType="LMT", action="BUY", lmtPrice=low, discretionaryAmt=0.05),
        dict(orderType="LMT", action="BUY", lmtPrice=low, conditions=[condition]),
    ):
        order = library.Order(**{"totalQuantity": 10, **attributes})
        trade = session.ib.placeOrder(session.stock, order)
        alive = ("PreSubmitted", "Submitted")
        session.until(lambda: status_of(trade) in alive, f"not accepted: {attributes}: {trade}")  # noqa: B023
        told = session.told[order.orderId]
        for name, value in attributes.items():
            # This one follows the market from the start.
            if name != "trailStopPrice":
                same((name, getattr(told, name)), (name, value))
        session.cancelled(trade)


def filled_at_market(session, contract, quantity, **attributes):
    ib, library = session.ib, session.library
    trade = ib.placeOrder(contract, library.MarketOrder("BUY", quantity, **attributes))
    session.until(lambda: status_of(trade) == "Filled", f"not filled: {trade}")
    return trade


def other_instruments(session):
    """A combination fills as a whole and by leg; a future, an option and a currency become positions."""
    ib, library = session.ib, session.library
    other = library.Stock("MSFT", "SMART", "USD")
    ib.qualifyContracts(other)
    sides = [(session.stock, "BUY"), (other, "SELL")]
    legs = [
        library.ComboLeg(conId=leg.conId, ratio=1, action=action, exchange="SMART") for leg, action in sides
    ]
    pair = library.Bag(symbol="AAPL,MSFT", exchange="SMART", currency="USD", comboLegs=legs)
    routing = [library.TagValue("NonGuaranteed", "1")]
    trade = filled_at_market(session, pair, 1, smartComboRoutingParams=routing)
    session.until(lambda: len(trade.fills) == 3, f"not a fill of the whole and one of each leg: {trade.fills}")
    same([fill.contract.secType for fill in trade.fills], ["BAG", "STK", "STK"])
    future = ib.reqContractDetails(library.Future("ES", exchange="CME"))[0].contract
    option = ib.reqContractDetails(library.Option("AAPL", right="C", exchange="SMART"))[20].contract
    currency = library.Forex("EURUSD")
    ib.qualifyContracts(currency)
    for contract, quantity in ((future, 1), (option, 1), (currency, 20_000)):
        filled_at_market(session, contract, quantity)
        held = lambda: {each.contract.conId: each.position for each in ib.positions()}  # noqa: E731
        session.until(lambda: held().get(contract.conId) == quantity, f"not held: {ib.positions()}")  # noqa: B023


def exercise(session):
    ib, library = session.ib, session.library
    option = ib.reqContractDetails(library.Option("AAPL", right="C", exchange="SMART"))[5].contract
    filled_at_market(session, option, 1)
    held = lambda: {each.contract.conId: each.position for each in ib.positions()}  # noqa: E731
    session.until(lambda: held().get(option.conId) == 1, f"not held: {ib.positions()}")
    wanted = held()[session.stock.conId] + 100
    ib.exerciseOptions(option, 1, 1, "DU1234567", 1)
    session.until(lambda: held()[session.stock.conId] == wanted, f"not exercised: {ib.positions()}")
    session.until(lambda: option.conId not in held(), f"still held: {ib.positions()}")


def algorithm(session):
    library = session.library
    urgent = [library.TagValue("adaptivePriority", "Urgent")]
    order = library.LimitOrder("BUY", 100, session.price(1.01), algoStrategy="Adaptive", algoParams=urgent)
    session.placed(order, "Filled")
    told = session.told[order.orderId]
    same((told.algoStrategy, [tuple(each) for each in told.algoParams]), ("Adaptive", [("adaptivePriority", "Urgent")]))


PARTS = [bracket, one_cancels_all, other_types, other_instruments, exercise, algorithm]
