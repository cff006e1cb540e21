"""What is asked about the past, and about bars and ticks as they go on."""

from contracts import APPLE, EURO, idle

PAST = "20261120 16:00:00 US/Eastern"
START = "20261120 10:00:00 US/Eastern"


def bars(pair):
    def asked(number, what, duration, size, show, form=1, regular=1):
        return lambda desk: desk.reqHistoricalData(
            number, what, PAST, duration, size, show, regular, form, False, []
        )

    pair.ask("hours", asked(80, APPLE, "1 D", "1 hour", "TRADES"), steps=["1s"])
    pair.ask("days as seconds", asked(81, APPLE, "1 W", "1 day", "TRADES", form=2), steps=["1s"])
    pair.ask("minutes as seconds", asked(82, APPLE, "1800 S", "1 min", "BID_ASK", form=2), steps=["1s"])
    pair.ask("a currency's", asked(83, EURO, "1 D", "1 hour", "MIDPOINT", regular=0), steps=["1s"])
    pair.ask("hours of trading", asked(84, APPLE, "1 W", "1 day", "SCHEDULE"), steps=["1s"])
    pair.ask("bars of no size", asked(85, APPLE, "1 D", "7 mins", "TRADES"), steps=["1s"])
    on = lambda desk: desk.reqHistoricalData(86, APPLE, "", "1800 S", "1 min", "TRADES", 1, 2, True, [])
    pair.ask("bars that go on", on, steps=["1s", "70s"])
    pair.ask("no more of them", lambda desk: desk.cancelHistoricalData(86), idle)
    pair.ask("no such bars", lambda desk: desk.cancelHistoricalData(87), idle)
    live = lambda desk: desk.reqRealTimeBars(88, APPLE, 5, "TRADES", True, [])
    pair.ask("bars of five seconds", live, steps=["16s"])
    pair.ask("no more of them", lambda desk: desk.cancelRealTimeBars(88), idle)


def other_history(pair):
    first = lambda desk: desk.reqHeadTimeStamp(90, APPLE, "TRADES", 1, 1)
    pair.ask("the first moment", first, steps=["1s"])
    pair.ask("the same in seconds", lambda desk: desk.reqHeadTimeStamp(91, APPLE, "TRADES", 1, 2), steps=["1s"])
    pair.ask("no more of it", lambda desk: desk.cancelHeadTimeStamp(91), idle)
    pair.ask("a histogram", lambda desk: desk.reqHistogramData(92, APPLE, True, "3 days"), steps=["1s"])
    pair.ask("no more of it", lambda desk: desk.cancelHistogramData(92), idle)


def past_ticks(pair):
    for number, show in enumerate(["TRADES", "BID_ASK", "MIDPOINT"], 95):
        ticks = lambda desk: desk.reqHistoricalTicks(number, APPLE, START, "", 50, show, 1, False, [])
        pair.ask(f"past ticks, {show}", ticks, steps=["1s"])


def ticks(pair):
    for number, kind in enumerate(["Last", "AllLast", "BidAsk", "MidPoint"], 100):
        start = lambda desk: desk.reqTickByTickData(number, APPLE, kind, 0, False)
        pair.ask(f"tick by tick, {kind}", start, steps=["10s"])
        pair.ask("no more of it", lambda desk: desk.cancelTickByTickData(number), idle)


ALL = [bars, other_history, past_ticks, ticks]
