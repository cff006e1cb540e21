"""What ib_insync and ib_async are asked about the past and what streams of it, and must be told."""

import datetime


def same(got, wanted):
    assert got == wanted, f"got {got!r}, wanted {wanted!r}"


def bars(session):
    ib = session.ib
    for size, duration, what in [
        ("1 min", "1800 S", "TRADES"),
        ("1 hour", "1 D", "MIDPOINT"),
        ("1 day", "1 M", "BID"),
        ("1 week", "1 Y", "TRADES"),
    ]:
        found = ib.reqHistoricalData(session.stock, "", duration, size, what, useRTH=False)
        assert len(found) > 1, (size, found)
        dates = [bar.date for bar in found]
        assert dates == sorted(set(dates)), (size, dates)
        assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in found)
        # Days are dates and everything shorter is a moment.
        same(isinstance(dates[0], datetime.datetime), size in ("1 min", "1 hour"))


def bars_kept_up_to_date(session):
    ib = session.ib
    found = ib.reqHistoricalData(session.stock, "", "1800 S", "5 secs", "TRADES", False, keepUpToDate=True)
    before = len(found)
    session.until(lambda: len(found) > before, f"no new bar after {before}")
    # Ending it is answered with an error, here as by a real gateway.
    with session.provoked(162):
        ib.cancelHistoricalData(found)


def schedule_and_first_moment(session):
    ib = session.ib
    schedule = ib.reqHistoricalSchedule(session.stock, 5)
    same(len(schedule.sessions), 5)
    assert schedule.timeZone, schedule
    first = ib.reqHeadTimeStamp(session.stock, "TRADES", useRTH=False, formatDate=2)
    assert first.year < 2026, first
    histogram = ib.reqHistogramData(session.stock, False, "1 day")
    assert histogram and all(row.count >= 0 for row in histogram), histogram


def past_ticks(session):
    ib = session.ib
    now = ib.reqCurrentTime()
    for what in ("TRADES", "BID_ASK", "MIDPOINT"):
        found = ib.reqHistoricalTicks(session.stock, "", now, 20, what, useRth=False)
        times = [tick.time for tick in found]
        assert times and times == sorted(times) and times[-1] <= now, (what, times)


def ticks_as_they_come(session):
    ib = session.ib
    for kind in ("Last", "AllLast", "BidAsk", "MidPoint"):
        ticker = ib.reqTickByTickData(session.stock, kind)
        session.until(lambda: ticker.tickByTicks, f"no {kind}: {ticker}")  # noqa: B023
        ib.cancelTickByTickData(session.stock, kind)


def bars_as_they_come(session):
    ib = session.ib
    found = ib.reqRealTimeBars(session.stock, 5, "TRADES", useRTH=False)
    session.until(lambda: len(found) > 0, "no bar of five seconds")
    assert found[0].low <= found[0].high, found
    ib.cancelRealTimeBars(found)


PARTS = [
    bars, bars_kept_up_to_date, schedule_and_first_moment, past_ticks, ticks_as_they_come, bars_as_they_come,
]  # fmt: skip
