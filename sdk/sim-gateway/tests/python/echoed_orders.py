"""Orders as a client's own code writes them, and back from the program's text as its own code reads them.

Usage: echoed_orders.py LIBRARY VERSION write    prints the fields of each order as hexadecimal digits
       echoed_orders.py LIBRARY VERSION compare  reads `open DIGITS` or `completed DIGITS` for each of them

Whatever an order sets must come back in the attribute it was set in, and nothing else may be set.
"""

import math
import sys

from decoding import OFFICIAL, VERSION, decoded, find, plain, same

MODE = sys.argv[3]

# What nobody tells of an order: it is only for the one who takes it, or newer than the text.
NOT_TOLD = set(
    "transmit overridePercentageConstraints scaleTable activeStartTime activeStopTime algoId orderMiscOptions "
    "extOperator mifid2DecisionMaker mifid2DecisionAlgo mifid2ExecutionTrader mifid2ExecutionAlgo "
    "advancedErrorOverride manualOrderTime faProfile".split()
)
# What is told of an open order only.
ONLY_OPEN = set(
    "blockOrder parentId deltaNeutralSettlingFirm deltaNeutralClearingAccount deltaNeutralClearingIntent "
    "deltaNeutralOpenClose optOutSmartRouting whatIf adjustedOrderType triggerPrice adjustedStopPrice "
    "adjustedStopLimitPrice adjustedTrailingAmount adjustableTrailingUnit softDollarTier "
    "discretionaryUpToLimitPrice usePriceMgmtAlgo duration postToAts orderId clientId".split()
)
# What the gateway adds, the same for each order.
ADDED = {"orderId": 77, "clientId": 5, "permId": 1234567890123}
ADDED_COMPLETED = {
    "permId": 1234567890123,
    "filledQuantity": 3.0,
    "autoCancelDate": "20261231",
    "refFuturesConId": 15,
    "shareholder": "nobody",
    "imbalanceOnly": True,
    "routeMarketableToBbo": True,
    "parentPermId": 16,
}
# What an attribute that was not set may come back as.
NOTHING = ("", "?", "None", 0, -1, 2**31 - 1, 2**63 - 1, sys.float_info.max, float(2**127 - 1), None)


def made(name, **attributes):
    thing = find(name)()
    for attribute, value in attributes.items():
        assert hasattr(thing, attribute), f"{name} has no {attribute}"
        setattr(thing, attribute, value)
    return thing


def tags(**pairs):
    return [find("TagValue")(tag, value) for tag, value in pairs.items()]


def conditions():
    """One condition of each kind; the official client has names of its own for half of their attributes."""
    exchange, less = ("exchange", "isConjunctionConnection") if OFFICIAL else ("exch", "conjunction")
    both = {less: True if OFFICIAL else "a"}
    either = {less: False if OFFICIAL else "o"}
    where = {"conId": 265598, exchange: "SMART"}
    return [
        made("PriceCondition", isMore=True, price=190.5, triggerMethod=2, **where, **both),
        made("TimeCondition", isMore=False, time="20261123 10:00:00 US/Eastern", **either),
        made("MarginCondition", isMore=False, percent=30, **both),
        made("ExecutionCondition", secType="STK", symbol="AAPL", **{exchange: "SMART"}, **both),
        made("VolumeCondition", isMore=True, volume=1000, **where, **both),
        made("PercentChangeCondition", isMore=True, changePercent=5.5, **where, **either),
    ]


def everything():
    order = made(
        "Order", action="SELL", totalQuantity=5, orderType="PEG BENCH", lmtPrice=1.5, auxPrice=0.25, tif="GTD",
        ocaGroup="g", account="DU1", openClose="C", origin=1, orderRef="mine", transmit=False, parentId=6,
        blockOrder=True, sweepToFill=True, displaySize=3, triggerMethod=2, outsideRth=True, hidden=True,
        discretionaryAmt=0.5, goodAfterTime="20261123 09:30:00 US/Eastern", goodTillDate="20261130 16:00:00 UTC",
        faGroup="fg", faMethod="NetLiq", faPercentage="10", modelCode="m", shortSaleSlot=2,
        designatedLocation="loc", exemptCode=1, ocaType=2, rule80A="I", settlingFirm="sf", allOrNone=True,
        minQty=2, percentOffset=0.125, startingPrice=1.25, stockRefPrice=2.5, delta=0.75, stockRangeLower=3.5,
        stockRangeUpper=4.5, overridePercentageConstraints=True, volatilityType=1, deltaNeutralOrderType="MKT",
        deltaNeutralAuxPrice=0.375, deltaNeutralConId=12, deltaNeutralSettlingFirm="ds",
        deltaNeutralClearingAccount="dc", deltaNeutralClearingIntent="di", deltaNeutralOpenClose="O",
        deltaNeutralShortSale=True, deltaNeutralShortSaleSlot=1, deltaNeutralDesignatedLocation="dl",
        continuousUpdate=True, referencePriceType=2, trailStopPrice=5.5, trailingPercent=6.5,
        scaleInitLevelSize=7, scaleSubsLevelSize=8, scalePriceIncrement=0.01, scalePriceAdjustValue=0.02,
        scalePriceAdjustInterval=9, scaleProfitOffset=0.03, scaleAutoReset=True, scaleInitPosition=10,
        scaleInitFillQty=11, scaleRandomPercent=True, scaleTable="t", activeStartTime="s", activeStopTime="e",
        hedgeType="B", hedgeParam="hp", optOutSmartRouting=True, clearingAccount="ca", clearingIntent="IB",
        notHeld=True, algoStrategy="Twap", algoParams=tags(allowPastEndTime="1", strategyType="Marketable"),
        algoId="aid", whatIf=True, orderMiscOptions=tags(k="v"), solicited=True, randomizeSize=True,
        randomizePrice=True, referenceContractId=13, isPeggedChangeAmountDecrease=True, peggedChangeAmount=0.5,
        referenceChangeAmount=0.25, referenceExchangeId="ISLAND", conditions=conditions(),
        conditionsIgnoreRth=True, conditionsCancelOrder=True, adjustedOrderType="TRAIL", triggerPrice=8.5,
        lmtPriceOffset=0.05, adjustedStopPrice=9.5, adjustedStopLimitPrice=10.5, adjustedTrailingAmount=11.5,
        adjustableTrailingUnit=1, extOperator="op", cashQty=1000.5, mifid2DecisionMaker="dm",
        mifid2DecisionAlgo="da", mifid2ExecutionTrader="et", mifid2ExecutionAlgo="ea",
        dontUseAutoPriceForHedge=True, isOmsContainer=True, discretionaryUpToLimitPrice=True,
        usePriceMgmtAlgo=True, duration=60, postToAts=1, autoCancelParent=True, advancedErrorOverride="8229",
        manualOrderTime="20261123 09:00:00",
    )  # fmt: skip
    order.softDollarTier.name, order.softDollarTier.val = "tn", "tv"
    return order


def orders():
    """Contracts and orders that between them use every part of the layout."""
    stock = dict(conId=265598, symbol="AAPL", secType="STK", exchange="SMART", currency="USD")
    option = dict(
        stock, secType="OPT", lastTradeDateOrContractMonth="20261218", strike=190.5, right="C",
        multiplier="100", localSymbol="AAPL  261218C00190500", tradingClass="AAPL",
    )  # fmt: skip
    legs = [
        made("ComboLeg", conId=265598, ratio=1, action="BUY", exchange="SMART"),
        made(
            "ComboLeg", conId=272093, ratio=2, action="SELL", exchange="IEX", openClose=1, shortSaleSlot=2,
            designatedLocation="x", exemptCode=3,
        ),
    ]  # fmt: skip
    bag = dict(symbol="AAPL,MSFT", secType="BAG", exchange="SMART", currency="USD", comboLegs=legs)
    prices = [made("OrderComboLeg", price=price) for price in (1.5, 2.5)]
    venue = dict(stock, exchange="IBKRATS")
    neutral = made("DeltaNeutralContract", conId=11, delta=0.5, price=99.5)
    base = dict(action="BUY", totalQuantity=100)
    offsets = dict(midOffsetAtWhole=0.25, midOffsetAtHalf=0.125)
    best = dict(minTradeQty=10, minCompeteSize=20, competeAgainstBestOffset=math.inf, **offsets)
    return [
        (made("Contract", **stock), made("Order", orderType="LMT", lmtPrice=190.25, tif="GTC", **base)),
        (made("Contract", **option), made("Order", orderType="VOL", volatility=0.2, volatilityType=2, **base)),
        (made("Contract", deltaNeutralContract=neutral, **stock), everything()),
        (
            made("Contract", **bag),
            made("Order", orderType="LMT", smartComboRoutingParams=tags(NonGuaranteed="1"),
                 orderComboLegs=prices, **base),
        ),
        (made("Contract", **venue), made("Order", orderType="PEG BEST", **best, **base)),
        (made("Contract", **stock), made("Order", orderType="PEG MID", **offsets, **base)),
    ]  # fmt: skip


def client():
    """The library's client without a connection, and the frames it would have sent."""
    sent = []
    if OFFICIAL:
        maker = find("EClient")(find("EWrapper")())
        maker.wrapper.error = lambda *arguments: sys.exit(f"refused: {arguments}")
        maker.serverVersion_ = VERSION
        maker.setConnState(maker.CONNECTED)
        connection = type("Connection", (), {})()
        connection.isConnected, connection.sendMsg = lambda: True, sent.append
        maker.conn = connection
    else:
        maker = find("Client").__new__(find("Client"))
        maker.serverVersion, maker.isConnected = lambda: VERSION, lambda: True
        maker.sendMsg = lambda text: sent.append(maker._prefix(text.encode()))
    return maker, sent


def write():
    maker, sent = client()
    for number, (contract, order) in enumerate(orders()):
        maker.placeOrder(number + 1, contract, order)
    for frame in sent:
        print(frame[4:].hex())


def is_nothing(thing):
    if isinstance(thing, dict):
        return all(is_nothing(each) for each in thing.values())
    return thing in NOTHING or thing == []


def compare_attributes(what, got, wanted, left_out):
    for name, expected in wanted.items():
        if name in left_out:
            continue
        found = got[name]
        if isinstance(expected, dict) and isinstance(found, dict):
            compare_attributes(f"{what}.{name}", found, expected, left_out)
        elif is_nothing(expected):
            assert is_nothing(found), f"{what}.{name} is {found!r}, but was not set"
        else:
            assert found == expected, f"{what}.{name} is {found!r}, not {expected!r}"


def state_as_told(state, is_open):
    said = plain(state)
    same(said["status"], "Submitted")
    if not is_open:
        same((said["completedTime"], said["completedStatus"]), ("20260415 11:00:11 UTC", "Filled Size: 3"))
        return
    margins = [f"{amount}Margin{when}" for when in ("Before", "Change", "After") for amount in ("init", "maint")]
    equities = [f"equityWithLoan{when}" for when in ("Before", "Change", "After")]
    same([float(said[name]) for name in margins], [1.5, 2.5, 3.5, 4.5, 5.5, 6.5])
    same([float(said[name]) for name in equities], [7.5, 8.5, 9.5])
    fees = "commissionAndFees" if OFFICIAL else "commission"
    capital = fees[0].upper() + fees[1:]
    same([said[fees], said[f"min{capital}"], said[f"max{capital}"]], [1.25, 1.0, 1.75])
    same((said[f"{fees}Currency"], said["warningText"]), ("USD", "beware"))


def compare():
    expected = orders()
    seen = {"open": 0, "completed": 0}
    for line in sys.stdin:
        kind, digits = line.split()
        is_open = kind == "open"
        contract, order = expected[seen[kind]]
        seen[kind] += 1
        name, arguments = decoded(bytes.fromhex(digits))
        same(name, f"{kind}Order")
        got_contract, got_order, state = arguments[-3:]
        what = f"{kind} order {seen[kind]}"
        # Where an instrument is listed is not told with an order.
        compare_attributes(f"{what}: contract", plain(got_contract), plain(contract), {"primaryExchange"})
        wanted = {**plain(order), **plain_of(ADDED if is_open else ADDED_COMPLETED)}
        if not OFFICIAL and order.orderType != "VOL":
            wanted["volatility"] = None
        left_out = NOT_TOLD | (set() if is_open else ONLY_OPEN)
        compare_attributes(what, plain(got_order), wanted, left_out)
        state_as_told(state, is_open)
    same(seen, {"open": len(expected), "completed": len(expected)})
    print("all of it as expected")


def plain_of(attributes):
    return {name: plain(value) for name, value in attributes.items()}


{"write": write, "compare": compare}[MODE]()
