"""What a library's own decoder makes of the program's answers as text.

Usage: told_answers.py LIBRARY VERSION  reads the frames that tests/text_answers.rs writes, in hexadecimal
"""

import sys

from decoding import OFFICIAL, VERSION, decoded, plain, same

UNSET = sys.float_info.max
STOCK = dict(conId=3691937, symbol="AMZN", secType="STK", currency="USD", localSymbol="AMZN", tradingClass="NMS")
TRADED = dict(STOCK, exchange="NASDAQ", multiplier="100")
LISTED = dict(STOCK, primaryExchange="LISTED")
SIZES = dict(minSize=0.5, sizeIncrement=0.25, suggestedSizeIncrement=100)
FEES = "commissionAndFees" if OFFICIAL else "commission"
EXECUTION = dict(
    orderId=7, execId="e1", acctNumber="DU1", exchange="IEX", side="BOT", shares=3, price=257.95, permId=123456789012,
    clientId=4, liquidation=1, cumQty=5, avgPrice=257.5, orderRef="mine", evRule="r", evMultiplier=2, modelCode="m",
    lastLiquidity=2,
)  # fmt: skip
DETAILS = dict(
    contract=dict(STOCK, strike=1.5, right="C", exchange="NASDAQ", multiplier="100", primaryExchange="LISTED",
                  lastTradeDateOrContractMonth="20261218"),
    marketName="market", minTick=0.01, orderTypes="LMT,MKT", validExchanges="SMART,NASDAQ", priceMagnifier=100,
    underConId=11, longName="SOCIÉTÉ \\ 1", contractMonth="202612", industry="i", category="c", subcategory="s",
    timeZoneId="US/Eastern", tradingHours="th", liquidHours="lh", evRule="er", evMultiplier=3,
    secIdList=[("CUSIP", "x"), ("ISIN", "y")], aggGroup=2, underSymbol="us", underSecType="STK", marketRuleIds="26,27",
    realExpirationDate="20261217", stockType="COMMON", **SIZES,
)  # fmt: skip
BOND = dict(
    contract=dict(conId=3691937, symbol="AMZN", secType="BOND", exchange="NASDAQ", currency="USD", tradingClass="NMS"),
    cusip="cu", coupon=4, maturity="20261218", issueDate="20200101", ratings="AA", bondType="bt", couponType="ct",
    convertible=True, callable=False, putable=True, descAppend="da", marketName="market", minTick=0.01,
    orderTypes="LMT,MKT", validExchanges="SMART,NASDAQ", nextOptionDate="20250101", nextOptionType="no",
    nextOptionPartial=True, notes="bn", longName="BOND", evRule="er", evMultiplier=3,
    secIdList=[("CUSIP", "x"), ("ISIN", "y")], aggGroup=2, marketRuleIds="26,27", **SIZES,
)  # fmt: skip
SAMPLE = dict(
    contract=dict(conId=3691937, symbol="AMZN", secType="STK", primaryExchange="LISTED", currency="USD",
                  description="d", issuerId="ii"),
    derivativeSecTypes=["OPT", "WAR"],
)  # fmt: skip

EXPECTED = [
    ("error", [7, 0, 201, "Order rejected", "{}"] if OFFICIAL else [7, 201, "Order rejected", "{}"]),
    ("nextValidId", [5]),
    ("managedAccounts", ["DU1,DU2"]),
    ("currentTime", [1775425766]),
    ("verifyMessageAPI", ["data"]),
    ("familyCodes", [[dict(accountID="DU1", familyCodeStr="f1"), dict(accountID="DU2", familyCodeStr="")]]),
    ("userInfo", [50, "white"]),
    ("contractDetails", [31, DETAILS]),
    ("bondContractDetails", [31, BOND]),
    ("contractDetailsEnd", [31]),
    ("symbolSamples", [32, [SAMPLE, SAMPLE]]),
    ("marketRule", [26, [dict(lowEdge=0, increment=0.01), dict(lowEdge=100, increment=0.05)]]),
    ("position", ["DU1", TRADED, 15.5, 200.25]),
    ("positionEnd", []),
    ("positionMulti", [41, "DU1", "m", TRADED, -15, 200.25]),
    ("positionMultiEnd", [41]),
    ("accountSummary", [40, "DU1", "NetLiquidation", "1000.50", "USD"]),
    ("accountSummaryEnd", [40]),
    ("updateAccountValue", ["NetLiquidation", "1000.50", "USD", "DU1"]),
    ("updatePortfolio", [LISTED, 15.5, 1.5, 2.5, 3.5, 4.5, 5.5, "DU1"]),
    ("updateAccountTime", ["15:27"]),
    ("accountDownloadEnd", ["DU1"]),
    ("accountUpdateMulti", [42, "DU1", "m", "NetLiquidation", "1000.50", "USD"]),
    ("accountUpdateMultiEnd", [42]),
    ("pnl", [43, -1.5, UNSET, 2.5]),
    ("pnlSingle", [44, 15, -1.5, UNSET, 2.5, 3.5]),
    ("execDetails", [-1, TRADED, dict(EXECUTION, **({"pendingPriceRevision": True} if VERSION >= 178 else {}))]),
    ("execDetailsEnd", [21]),
    (f"{FEES}Report", [{"execId": "e1", FEES: 1.25, "currency": "USD", "realizedPNL": UNSET, "yield_": UNSET}]),
    ("orderStatus", [7, "Submitted", 1, 2, 3.5, 123456789012, 6, 4.5, 4, "trigger", 5.5]),
    ("orderBound", [123456789012, 4, 7]),
    ("openOrderEnd", []),
    ("completedOrdersEnd", []),
]


def fits(what, got, wanted):
    """Compares what is expected; a decoded object may have more to it."""
    if isinstance(wanted, dict):
        for name, expected in wanted.items():
            fits(f"{what}.{name}", got[name], expected)
    elif isinstance(wanted, list):
        assert len(got) == len(wanted), f"{what} is {got!r}, not {wanted!r}"
        for number, (each, expected) in enumerate(zip(got, wanted)):
            fits(f"{what}[{number}]", each, expected)
    else:
        assert got == wanted, f"{what} is {got!r}, not {wanted!r}"


frames = sys.stdin.read().split()
same(len(frames), len(EXPECTED))
for frame, (name, arguments) in zip(frames, EXPECTED):
    told, content = decoded(bytes.fromhex(frame))
    same(told, name)
    fits(name, plain(content), arguments)
print("all of it as expected")
