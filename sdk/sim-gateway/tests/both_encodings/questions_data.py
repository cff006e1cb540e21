"""What is asked about quotes, depth, scans and news."""

from ibapi.common import WshEventData
from ibapi.contract import Contract
from ibapi.scanner import ScannerSubscription
from ibapi.tag_value import TagValue

from contracts import APPLE, CALLS, EURO, contract, idle


def quotes(pair):
    live = lambda desk: desk.reqMktData(20, APPLE, "", False, False, [])
    pair.ask("live data", lambda desk: desk.reqMarketDataType(1), live, steps=["3s"])
    pair.ask("more of it", steps=["5s"])
    pair.ask("twice cancelled", lambda desk: desk.cancelMktData(20), lambda desk: desk.cancelMktData(20))
    pair.ask("a snapshot", lambda desk: desk.reqMktData(21, APPLE, "", True, False, []), steps=["12s"])
    pair.ask("a currency", lambda desk: desk.reqMktData(22, EURO, "", False, False, []), steps=["3s"])
    pair.ask("no more of it", lambda desk: desk.cancelMktData(22), idle)
    listed = "100,101,104,106,165,221,232,233,236,293,294,295,318,375,411,456,595"
    pair.ask("generic ticks", lambda desk: desk.reqMktData(23, APPLE, listed, False, False, []), steps=["5s"])
    pair.ask("no more of them", lambda desk: desk.cancelMktData(23), idle)
    news = "mdoff,292:BRFG+DJNL"
    pair.ask("headlines", lambda desk: desk.reqMktData(24, APPLE, news, False, False, []), steps=["3s"])
    pair.ask("no more headlines", lambda desk: desk.cancelMktData(24), idle)
    pair.ask("an unknown generic tick", lambda desk: desk.reqMktData(25, APPLE, "1", False, False, []))
    delayed = lambda desk: desk.reqMktData(26, APPLE, "", False, False, [])
    pair.ask("no more of it", lambda desk: desk.cancelMktData(25), idle)
    pair.ask("delayed data", lambda desk: desk.reqMarketDataType(3), delayed, steps=["3s"])
    pair.ask("live again", lambda desk: desk.reqMarketDataType(1), lambda desk: desk.cancelMktData(26), idle)


def derived(pair):
    told = pair.ask("options", lambda desk: desk.reqContractDetails(27, CALLS))
    number = next(arguments[1]["contract"]["conId"] for name, arguments in told if name == "contractDetails")
    call = Contract()
    call.conId, call.exchange = number, "SMART"
    figures = "100,101,106"
    pair.ask("an option", lambda desk: desk.reqMktData(28, call, figures, False, False, []), steps=["5s"])
    pair.ask("no more of it", lambda desk: desk.cancelMktData(28), idle)
    difference = contract("AAPL", "CFD")
    pair.ask("a CFD", lambda desk: desk.reqMktData(29, difference, "", False, False, []))
    pair.ask("a CFD's book", lambda desk: desk.reqMktDepth(30, difference, 5, False, []))
    pair.ask("what it implies", lambda desk: desk.calculateImpliedVolatility(31, call, 12.0, 600.0, []))
    pair.ask("what it is worth", lambda desk: desk.calculateOptionPrice(32, call, 0.2, 600.0, []))
    pair.ask("no more of it", lambda desk: desk.cancelCalculateImpliedVolatility(31), idle)
    pair.ask("no more of that", lambda desk: desk.cancelCalculateOptionPrice(32), idle)


def depth(pair):
    pair.ask("venues with depth", lambda desk: desk.reqMktDepthExchanges())
    venue = contract("AAPL", exchange="NASDAQ")
    pair.ask("a venue's book", lambda desk: desk.reqMktDepth(50, venue, 5, False, []), steps=["3s"])
    pair.ask("no more of it", lambda desk: desk.cancelMktDepth(50, False), idle)
    pair.ask("everybody's book", lambda desk: desk.reqMktDepth(51, APPLE, 5, True, []), steps=["3s"])
    pair.ask("no more of it", lambda desk: desk.cancelMktDepth(51, True), idle)
    pair.ask("a letter's venue", lambda desk: desk.reqSmartComponents(52, "9c0001"))


def scans(pair):
    pair.ask("what can be scanned for", lambda desk: desk.reqScannerParameters())
    wanted = ScannerSubscription()
    wanted.instrument, wanted.locationCode, wanted.scanCode = "STK", "STK.US.MAJOR", "TOP_PERC_GAIN"
    wanted.abovePrice, wanted.numberOfRows = 1.0, 3
    pair.ask("a scan", lambda desk: desk.reqScannerSubscription(60, wanted, [], []), steps=["31s"])
    pair.ask("no more scans", lambda desk: desk.cancelScannerSubscription(60), idle)
    wanted.abovePrice = 1_000_000.0
    filters = [TagValue("usdMarketCapAbove", "10000")]
    pair.ask("a scan for nothing", lambda desk: desk.reqScannerSubscription(61, wanted, [], filters))
    pair.ask("no more of it", lambda desk: desk.cancelScannerSubscription(61), idle)


def news(pair):
    pair.ask("who writes news", lambda desk: desk.reqNewsProviders())
    since = "2026-11-01 00:00:00"
    past = lambda desk: desk.reqHistoricalNews(70, 265598, "BRFG+DJNL", since, "2026-11-20 00:00:00", 3, [])
    told = pair.ask("past news", past)
    articles = [arguments for name, arguments in told if name == "historicalNews"]
    if articles:
        _, _, provider, article, _ = articles[0]
        pair.ask("an article", lambda desk: desk.reqNewsArticle(71, provider, article, []))
    pair.ask("no such article", lambda desk: desk.reqNewsArticle(72, "BRFG", "BRFG$0", []))
    pair.ask("bulletins", lambda desk: desk.reqNewsBulletins(True), idle)
    pair.ask("no more bulletins", lambda desk: desk.cancelNewsBulletins(), idle)
    pair.ask("the calendar", lambda desk: desk.reqWshMetaData(73))
    event = WshEventData()
    event.conId = 265598
    pair.ask("an event", lambda desk: desk.reqWshEventData(74, event))


ALL = [quotes, derived, depth, scans, news]
