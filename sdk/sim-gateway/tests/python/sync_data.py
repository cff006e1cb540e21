"""What ib_insync and ib_async are asked about the market besides quotes, and must be told."""


def same(got, wanted):
    assert got == wanted, f"got {got!r}, wanted {wanted!r}"


def instruments(session):
    """One of each of the classes these libraries have a name for, and where derivatives come from."""
    ib, library = session.ib, session.library
    for contract, wanted in [
        (library.Forex("EURUSD"), ("CASH", "EUR.USD", 0.00005)),
        (library.Index("SPX", "CBOE"), ("IND", "SPX", 0.01)),
        (library.Contract(conId=265598, exchange="SMART"), ("STK", "AAPL", 0.01)),
    ]:
        [details] = ib.reqContractDetails(contract)
        same((details.contract.secType, details.contract.localSymbol, details.minTick), wanted)
    futures = ib.reqContractDetails(library.Future("ES", exchange="CME"))
    months = [details.contract.lastTradeDateOrContractMonth for details in futures]
    assert len(set(months)) == len(months) > 1, months
    same({(each.contract.multiplier, each.minTick) for each in futures}, {("50", 0.25)})
    chains = ib.reqSecDefOptParams("AAPL", "", "STK", session.stock.conId)
    [chain] = [chain for chain in chains if chain.exchange == "SMART"]
    same((chain.tradingClass, chain.multiplier), ("AAPL", "100"))
    expiry, strike = sorted(chain.expirations)[0], sorted(chain.strikes)[len(chain.strikes) // 2]
    option = library.Option("AAPL", expiry, strike, "C", "SMART")
    same(ib.qualifyContracts(option), [option])
    assert option.conId and option.localSymbol.startswith("AAPL  "), option
    puts = ib.reqContractDetails(library.Option("AAPL", expiry, right="P", exchange="SMART"))
    same(sorted(each.contract.strike for each in puts), sorted(chain.strikes))


def venues(session):
    ib = session.ib
    ticker = ib.reqMktData(session.stock)
    session.until(lambda: ticker.bboExchange, f"no venues of the best prices: {ticker}")
    components = ib.reqSmartComponents(ticker.bboExchange)
    assert len({each.bitNumber for each in components}) == len(components) > 1, components
    ib.cancelMktData(session.stock)
    deep = ib.reqMktDepthExchanges()
    assert any(each.secType == "STK" for each in deep), deep


class Book:
    """The prices of each side as the protocol means its operations, which ib_async does not: it takes a row put
    between others for one that replaces another."""

    def __init__(self, ticker):
        self.asks, self.bids = [], []
        ticker.updateEvent += self.changed

    def changed(self, ticker):
        for row in ticker.domTicks:
            side = self.bids if row.side else self.asks
            if row.operation == 0:
                side.insert(row.position, row.price)
            elif row.operation == 1:
                side[row.position] = row.price
            else:
                del side[row.position]

    def is_whole(self):
        in_order = self.bids == sorted(self.bids, reverse=True) and self.asks == sorted(self.asks)
        return in_order and len(self.bids) == len(self.asks) == 5 and self.bids[0] <= self.asks[0]


def depth(session):
    ib = session.ib
    direct = session.library.Stock("AAPL", "NASDAQ", "USD")
    ib.qualifyContracts(direct)
    for contract, smart in ((direct, False), (session.stock, True)):
        ticker = ib.reqMktDepth(contract, numRows=5, isSmartDepth=smart)
        book = Book(ticker)
        session.until(book.is_whole, f"no depth: {vars(book)}")
        # It stays whole while it changes.
        before = list(book.bids)
        session.until(lambda: book.bids != before and book.is_whole(), f"no change: {vars(book)}")  # noqa: B023
        # Where a row comes from is told when it may come from anywhere.
        assert not smart or all(row.marketMaker for row in ticker.domBids), ticker.domBids
        ib.cancelMktDepth(contract, isSmartDepth=smart)
    with session.provoked(10092):
        ib.reqMktDepth(session.stock, numRows=5)


def generic_ticks(session):
    ib = session.ib
    ticker = ib.reqMktData(session.stock, "233,236,165,293")
    session.until(lambda: ticker.shortableShares == ticker.shortableShares, f"no generic ticks: {ticker}")
    session.until(lambda: ticker.high52week > 0 and ticker.avVolume > 0, f"no statistics: {ticker}")
    session.until(lambda: ticker.vwap > 0, f"no trades with their volume: {ticker}")
    ib.cancelMktData(session.stock)


def delayed_and_frozen_data(session):
    ib = session.ib
    for kind in (2, 3, 4):
        ib.reqMarketDataType(kind)
        ticker = ib.reqMktData(session.stock)
        session.until(lambda: ticker.bid > 0 and ticker.ask > 0, f"no quote {kind}: {ticker}")  # noqa: B023
        ib.cancelMktData(session.stock)
    ib.reqMarketDataType(1)


def scanner(session):
    ib, library = session.ib, session.library
    parameters = ib.reqScannerParameters()
    assert parameters.startswith("<?xml") and "TOP_PERC_GAIN" in parameters, parameters[:200]
    scan = library.ScannerSubscription(
        instrument="STK", locationCode="STK.US.MAJOR", scanCode="TOP_PERC_GAIN", numberOfRows=5
    )
    # Ending a scan is answered with an error, here as by a real gateway.
    with session.provoked(162):
        rows = ib.reqScannerData(scan)
    same([row.rank for row in rows], list(range(len(rows))))
    assert rows and all(row.contractDetails.contract.conId > 0 for row in rows), rows


def news(session):
    ib = session.ib
    providers = ib.reqNewsProviders()
    assert providers and all(each.code and each.name for each in providers), providers
    codes = "+".join(each.code for each in providers)
    found = ib.reqHistoricalNews(session.stock.conId, codes, "", "", 5)
    # ib_insync keeps only one headline.
    headlines = found if isinstance(found, list) else [found]
    assert headlines[0] and headlines[0].articleId, found
    article = ib.reqNewsArticle(headlines[0].providerCode, headlines[0].articleId)
    assert article.articleText, article
    ib.reqNewsBulletins(True)
    ib.cancelNewsBulletins()


def option_computations(session):
    ib, library = session.ib, session.library
    option = ib.reqContractDetails(library.Option("AAPL", right="C", exchange="SMART"))[20].contract
    ticker = ib.reqMktData(option)
    session.until(lambda: ticker.modelGreeks and ticker.bidGreeks and ticker.askGreeks, f"no greeks: {ticker}")
    assert 0 < ticker.modelGreeks.delta < 1 and ticker.modelGreeks.gamma > 0 > ticker.modelGreeks.theta, ticker
    ib.cancelMktData(option)
    at_thirty = ib.calculateOptionPrice(option, 0.3, 230.0)
    back = ib.calculateImpliedVolatility(option, at_thirty.optPrice, 230.0)
    assert abs(back.impliedVol - 0.3) < 1e-6, (at_thirty, back)


PARTS = [instruments, venues, depth, generic_ticks, delayed_and_frozen_data, scanner, news, option_computations]
