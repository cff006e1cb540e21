"""What is asked about contracts of every kind, chains, advisors, display groups and settings."""

from ibapi.protobuf.ConfigRequest_pb2 import ConfigRequest
from ibapi.protobuf.UpdateConfigRequest_pb2 import UpdateConfigRequest

from contracts import APPLE, EURO, contract, idle

KINDS = [
    APPLE,
    EURO,
    contract("SAP", exchange="IBIS", currency="EUR"),
    contract("7203", exchange="TSEJ", currency="JPY"),
    contract("ES", "FUT", "CME", lastTradeDateOrContractMonth="202612"),
    contract("ES", "CONTFUT", "CME"),
    contract("SPY", "OPT", lastTradeDateOrContractMonth="202612", strike=600.0, right="C", multiplier="100"),
    contract("CL", "FOP", "NYMEX", lastTradeDateOrContractMonth="202701", strike=70.0, right="P"),
    contract("US-T", "BOND"),
    contract("AAPL", "CFD"),
    contract("SPX", "IND", "CBOE"),
    contract("SAP", "WAR", "FWB", "EUR"),
    contract("XAUUSD", "CMDTY"),
    contract("BTC", "CRYPTO", "PAXOS"),
    contract("VFINX", "FUND", "FUNDSERV"),
    contract("", secIdType="ISIN", secId="US0378331005"),
    contract("NOTHING"),
]


def contracts(pair):
    for number, kind in enumerate(KINDS, 400):
        pair.ask(f"{kind.secType} {kind.symbol}", lambda desk: desk.reqContractDetails(number, kind))
    pair.ask("symbols like MS", lambda desk: desk.reqMatchingSymbols(13, "MS"))
    pair.ask("symbols like nothing", lambda desk: desk.reqMatchingSymbols(14, "QQQQQQ"))
    pair.ask("a market rule", lambda desk: desk.reqMarketRule(26))
    pair.ask("no such rule", lambda desk: desk.reqMarketRule(-5))


def chains(pair):
    pair.ask("a chain", lambda desk: desk.reqSecDefOptParams(430, "SPY", "", "STK", 756733))
    told = pair.ask("a future", lambda desk: desk.reqContractDetails(433, contract("CL", "CONTFUT", "NYMEX")))
    future = next(arguments[1]["contract"]["conId"] for name, arguments in told if name == "contractDetails")
    pair.ask("a future's chain", lambda desk: desk.reqSecDefOptParams(431, "CL", "NYMEX", "FUT", future))
    pair.ask("no chain", lambda desk: desk.reqSecDefOptParams(432, "NOTHING", "", "STK", 1))


def venues(pair):
    pair.ask("venues with depth", lambda desk: desk.reqMktDepthExchanges())
    snapshot = lambda desk: desk.reqMktData(440, APPLE, "", True, False, [])
    told = pair.ask("where it is traded", snapshot, steps=["12s"])
    letters = [arguments[2] for name, arguments in told if name == "tickReqParams"]
    pair.ask("the letters of venues", lambda desk: desk.reqSmartComponents(441, letters[0]))


def advisors(pair):
    # 2 stood for profiles, which newer clients no longer ask for.
    for kind in (1, 3):
        pair.ask(f"advisors' list {kind}", lambda desk: desk.requestFA(kind))
    pair.ask("a new list", lambda desk: desk.replaceFA(450, 1, "<ListOfGroups></ListOfGroups>"))
    pair.ask("soft dollars", lambda desk: desk.reqSoftDollarTiers(451))


def groups(pair):
    pair.ask("display groups", lambda desk: desk.queryDisplayGroups(460))
    pair.ask("one of them", lambda desk: desk.subscribeToGroupEvents(461, 1))
    pair.ask("another contract in it", lambda desk: desk.updateDisplayGroup(461, "265598@SMART"))
    pair.ask("no more of it", lambda desk: desk.unsubscribeFromGroupEvents(461), idle)


def settings(pair):
    asked, changed = ConfigRequest(reqId=470), UpdateConfigRequest(reqId=471)
    pair.ask_protobuf("settings", lambda desk: desk.reqConfigProtoBuf(asked), "config")
    pair.ask_protobuf("other settings", lambda desk: desk.updateConfigProtoBuf(changed), "updateConfig")
    pair.ask_protobuf("no more details", lambda desk: (desk.cancelContractData(10), idle(desk)), "nextValidId")
    pair.ask_protobuf("no more ticks", lambda desk: (desk.cancelHistoricalTicks(95), idle(desk)), "nextValidId")


ALL = [contracts, chains, venues, advisors, groups, settings]
