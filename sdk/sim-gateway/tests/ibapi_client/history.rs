//! The past: bars, ticks, hours of trading; and bars that go on.

use ibapi::contracts::Contract;
use ibapi::market_data::historical::{
    Bar, BarSize, BarTimestamp, Duration, HistoricalBarUpdate, ToDuration, WhatToShow,
};
use ibapi::market_data::{IgnoreSize, TradingHours};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::checks::{Checks, Failure, all, ensure, next, refused};
use crate::desk::{Desk, apple};

/// The close of the day before the simulated one.
const CLOSE: OffsetDateTime = datetime!(2026-11-17 21:00 UTC);

pub async fn checks(desk: &mut Desk, checks: &mut Checks) {
    checks.check("head_timestamp", first(desk)).await;
    checks.check("historical_data, fetch", bars(desk)).await;
    checks
        .check("historical_data, of a currency", currency(desk))
        .await;
    checks.check("historical_data, refused", unknown(desk)).await;
    checks.check("historical_data, stream", going_on(desk)).await;
    checks.check("historical_schedules", schedule(desk)).await;
    checks.check("historical_ticks, trade", trades(desk)).await;
    checks.check("historical_ticks, bid_ask", quotes(desk)).await;
    checks.check("historical_ticks, mid_point", middles(desk)).await;
    checks.check("histogram_data", histogram(desk)).await;
}

async fn first(desk: &Desk) -> Result<(), Failure> {
    let client = &desk.client;
    let time = client
        .head_timestamp(&apple(), WhatToShow::Trades, TradingHours::Regular)
        .await?;
    ensure(time.year() > 1970 && time < CLOSE, time)
}

fn sound(bar: &Bar) -> bool {
    bar.low <= bar.open
        && bar.low <= bar.close
        && bar.high >= bar.open
        && bar.high >= bar.close
        && bar.low > 0.0
}

fn moment(bar: &Bar) -> Option<OffsetDateTime> {
    match bar.date {
        BarTimestamp::DateTime(time) => Some(time),
        BarTimestamp::Date(_) => None,
    }
}

async fn bars(desk: &Desk) -> Result<(), Failure> {
    let apple = apple();
    let asked = desk
        .client
        .historical_data(&apple, BarSize::Hour)
        .duration(1.days())
        .ending(CLOSE);
    let asked = asked
        .what_to_show(WhatToShow::Trades)
        .trading_hours(TradingHours::Regular);
    let told = asked.fetch().await?;
    let times: Vec<Option<OffsetDateTime>> = told.bars.iter().map(moment).collect();
    let right = told.bars.len() >= 7
        && told.bars.iter().all(sound)
        && told.bars.iter().all(|bar| bar.volume > 0.0 && bar.count > 0)
        && times.iter().all(|time| time.is_some_and(|time| time < CLOSE))
        && times.is_sorted();
    ensure(right, &told)?;
    let asked = desk
        .client
        .historical_data(&apple, BarSize::Day)
        .duration(1.weeks());
    let told = asked.what_to_show(WhatToShow::AdjustedLast).fetch().await?;
    ensure(told.bars.len() >= 4 && told.bars.iter().all(sound), told)?;
    let asked = desk
        .client
        .historical_data(&apple, BarSize::Day)
        .duration(1.weeks())
        .ending(CLOSE);
    let told = asked.what_to_show(WhatToShow::Trades).fetch().await?;
    let days = told
        .bars
        .iter()
        .all(|bar| matches!(bar.date, BarTimestamp::Date(_)));
    ensure(days && told.bars.len() >= 5 && told.bars.iter().all(sound), told)
}

async fn currency(desk: &Desk) -> Result<(), Failure> {
    let euro = Contract::forex("EUR", "USD").build();
    let asked = desk
        .client
        .historical_data(&euro, BarSize::Min)
        .duration(Duration::seconds(1800))
        .ending(CLOSE);
    let told = asked
        .what_to_show(WhatToShow::MidPoint)
        .trading_hours(TradingHours::Extended)
        .fetch()
        .await?;
    let right = told.bars.len() == 30
        && told
            .bars
            .iter()
            .all(|bar| sound(bar) && (0.8..1.5).contains(&bar.close));
    ensure(right, told)
}

async fn unknown(desk: &Desk) -> Result<(), Failure> {
    let nothing = Contract::stock("NOTHING").build();
    let asked = desk
        .client
        .historical_data(&nothing, BarSize::Hour)
        .duration(1.days());
    refused(asked.what_to_show(WhatToShow::Trades).fetch().await, 200)
}

async fn going_on(desk: &Desk) -> Result<(), Failure> {
    let apple = apple();
    let asked = desk
        .client
        .historical_data(&apple, BarSize::Min)
        .duration(Duration::seconds(1800));
    let mut bars = asked.what_to_show(WhatToShow::Trades).stream().await?;
    let past = next(&mut bars, |_| true).await?;
    let HistoricalBarUpdate::Historical(past) = past else {
        return ensure(false, past);
    };
    let last = past.bars.last().and_then(moment);
    ensure(past.bars.len() >= 29 && last.is_some(), &past)?;
    let update = next(&mut bars, |told| matches!(told, HistoricalBarUpdate::Update(_))).await?;
    let right = matches!(&update, HistoricalBarUpdate::Update(bar) if sound(bar) && moment(bar) >= last);
    ensure(right, update)?;
    bars.cancel().await;
    Ok(())
}

async fn schedule(desk: &Desk) -> Result<(), Failure> {
    let apple = apple();
    let told = desk
        .client
        .historical_schedules(&apple, 1.weeks())
        .ending(CLOSE)
        .fetch()
        .await?;
    let right = told.time_zone == "US/Eastern"
        && told.sessions.len() >= 5
        && told.sessions.iter().all(|session| session.start < session.end);
    ensure(right, told)
}

async fn trades(desk: &Desk) -> Result<(), Failure> {
    let apple = apple();
    let asked = desk.client.historical_ticks(&apple, 50).ending(CLOSE);
    let told = all(&mut asked.trading_hours(TradingHours::Regular).trade().await?).await?;
    let right = told.iter().all(|tick| {
        tick.price > 0.0
            && tick.size.is_some_and(|size| size > 0.0)
            && tick.timestamp <= CLOSE
            && !tick.exchange.is_empty()
    });
    ensure(told.len() >= 50 && right, told)
}

async fn quotes(desk: &Desk) -> Result<(), Failure> {
    let apple = apple();
    let asked = desk.client.historical_ticks(&apple, 50).ending(CLOSE);
    let told = all(&mut asked.bid_ask(IgnoreSize::No).await?).await?;
    let right = told
        .iter()
        .all(|tick| tick.price_bid < tick.price_ask && tick.size_bid.is_some() && tick.size_ask.is_some());
    ensure(told.len() >= 50 && right, told)
}

async fn middles(desk: &Desk) -> Result<(), Failure> {
    let apple = apple();
    let begin = CLOSE - time::Duration::hours(2);
    let asked = desk.client.historical_ticks(&apple, 50).starting(begin);
    let told = all(&mut asked.mid_point().await?).await?;
    let right = told
        .iter()
        .all(|tick| tick.price > 0.0 && tick.timestamp >= begin);
    ensure(told.len() >= 50 && right, told)?;
    // Of a request that has been answered; it has no answer, and the connection lives on.
    desk.client.cancel_historical_ticks(1_500_000_001).await?;
    desk.client.server_time().await?;
    Ok(())
}

async fn histogram(desk: &Desk) -> Result<(), Failure> {
    let told = desk
        .client
        .histogram_data(&apple(), TradingHours::Regular, BarSize::Week)
        .await?;
    let right = told
        .iter()
        .all(|entry| entry.price > 0.0 && entry.size.is_some_and(|size| size > 0.0));
    ensure(told.len() > 10 && right, told)
}
