//! Quotes, depth, ticks and bars as they come, scans and news.

use ibapi::contracts::tick_types::TickType;
use ibapi::contracts::{Contract, SecurityType};
use ibapi::market_data::realtime::{MarketDepths, TickTypes, WhatToShow};
use ibapi::market_data::{IgnoreSize, MarketDataType, SmartDepth, TradingHours};
use ibapi::scanner::ScannerSubscription;
use time::macros::datetime;

use crate::checks::{Checks, Failure, all, ended, ensure, next, notice, refused};
use crate::desk::{APPLE_ID, Desk, apple};

pub async fn checks(desk: &mut Desk, checks: &mut Checks) {
    let desk = &*desk;
    checks.check("market_data, streaming", streaming(desk)).await;
    // What takes its time is waited for together.
    let mut slow = Checks::new("data");
    let snapshot = async { checks.check("market_data, snapshot", snapshot(desk)).await };
    let bars = async { slow.check("realtime_bars", bars(desk)).await };
    tokio::join!(snapshot, bars);
    checks.add(slow);
    checks.check("market_data, generic ticks", generic(desk)).await;
    checks.check("market_data, an option", option(desk)).await;
    checks.check("market_data, unknown contract", unknown(desk)).await;
    checks.check("switch_market_data_type", delayed(desk)).await;
    checks.check("tick_by_tick, last", last(desk)).await;
    checks.check("tick_by_tick, all_last", all_last(desk)).await;
    checks.check("tick_by_tick, bid_ask", bid_ask(desk)).await;
    checks.check("tick_by_tick, mid_point", mid_point(desk)).await;
    checks.check("market_depth", depth(desk)).await;
    checks.check("market_depth, smart", smart_depth(desk)).await;
    checks.check("market_depth_exchanges", venues(desk)).await;
    checks
        .check("scanner_parameters, scanner_subscription", scan(desk))
        .await;
    checks
        .check("news_providers, historical_news, news_article", news(desk))
        .await;
    checks.check("contract_news", headlines(desk)).await;
    checks.check("broad_tape_news", broad_tape(desk)).await;
    checks.check("news_bulletins", bulletins(desk)).await;
    checks.check("wsh_metadata, wsh_event_data", calendar(desk)).await;
}

fn near(price: f64) -> bool {
    (150.0..350.0).contains(&price)
}

async fn streaming(desk: &Desk) -> Result<(), Failure> {
    let apple = apple();
    let mut ticks = desk.client.market_data(&apple).subscribe().await?;
    let (mut bid, mut ask, mut last, mut letters) = (None, None, None, None);
    while bid.is_none() || ask.is_none() || last.is_none() || letters.is_none() {
        let (kind, price) = match next(&mut ticks, |_| true).await? {
            TickTypes::Price(tick) => (tick.tick_type, tick.price),
            TickTypes::PriceSize(tick) => (tick.price_tick_type, tick.price),
            TickTypes::RequestParameters(told) => {
                ensure((told.min_tick - 0.01).abs() < 1e-9, &told)?;
                letters = Some(told.bbo_exchange);
                continue;
            }
            _ => continue,
        };
        match kind {
            TickType::Bid => bid = Some(price),
            TickType::Ask => ask = Some(price),
            TickType::Last => last = Some(price),
            _ => {}
        }
    }
    let right = bid < ask && [bid, ask, last].into_iter().flatten().all(near);
    ensure(right, (bid, ask, last))?;
    let venues = desk.client.smart_components(&letters.unwrap_or_default()).await?;
    ensure(!venues.is_empty(), venues)?;
    ticks.cancel().await;
    Ok(())
}

async fn snapshot(desk: &Desk) -> Result<(), Failure> {
    let apple = apple();
    let mut ticks = desk.client.market_data(&apple).snapshot().subscribe().await?;
    let mut priced = false;
    loop {
        match next(&mut ticks, |_| true).await? {
            TickTypes::PriceSize(tick) => priced |= near(tick.price),
            TickTypes::Price(tick) => priced |= near(tick.price),
            TickTypes::SnapshotEnd => return ensure(priced, "no price before its end"),
            _ => {}
        }
    }
}

async fn bars(desk: &Desk) -> Result<(), Failure> {
    let apple = apple();
    let asked = desk.client.realtime_bars(&apple).what_to_show(WhatToShow::Trades);
    let mut bars = asked.trading_hours(TradingHours::Extended).subscribe().await?;
    let bar = next(&mut bars, |_| true).await?;
    let right = near(bar.close) && bar.low <= bar.high && bar.date.unix_timestamp() % 5 == 0;
    ensure(right, bar)?;
    bars.cancel().await;
    Ok(())
}

async fn generic(desk: &Desk) -> Result<(), Failure> {
    let apple = apple();
    let asked = desk
        .client
        .market_data(&apple)
        .generic_ticks(&["104", "106", "165", "233", "236", "456"]);
    let mut ticks = asked.subscribe().await?;
    let (mut year, mut shares, mut sales, mut dividends, mut volatility) =
        (false, false, false, false, false);
    while !(year && shares && sales && dividends && volatility) {
        match next(&mut ticks, |_| true).await? {
            TickTypes::Price(tick) => year |= tick.tick_type == TickType::High52Week && tick.price > 0.0,
            TickTypes::Size(tick) => shares |= tick.tick_type == TickType::ShortableShares && tick.size > 0.0,
            TickTypes::Generic(tick) => {
                volatility |= tick.tick_type == TickType::OptionHistoricalVol && tick.value > 0.0
            }
            TickTypes::String(tick) => {
                sales |= tick.tick_type == TickType::RtVolume && tick.value.split(';').count() == 6;
                dividends |= tick.tick_type == TickType::IbDividends && tick.value.split(',').count() == 4;
            }
            _ => {}
        }
    }
    ticks.cancel().await;
    let mut none = desk
        .client
        .market_data(&apple)
        .generic_ticks(&["1"])
        .subscribe()
        .await?;
    ended(&mut none, 321).await
}

async fn option(desk: &Desk) -> Result<(), Failure> {
    let calls = Contract {
        symbol: "SPY".into(),
        security_type: SecurityType::Option,
        exchange: "SMART".into(),
        currency: "USD".into(),
        last_trade_date_or_contract_month: "202612".to_owned(),
        strike: 600.0,
        ..Contract::default()
    };
    let told = desk.client.contract_details(&calls).await?;
    let option = &told.first().ok_or("no options")?.contract;
    let mut ticks = desk.client.market_data(option).subscribe().await?;
    let model = |tick: &TickTypes| {
        matches!(tick, TickTypes::OptionComputation(told)
            if told.field == TickType::ModelOption)
    };
    let told = next(&mut ticks, model).await?;
    let right = matches!(&told, TickTypes::OptionComputation(told) if told.delta.is_some()
        && told.implied_volatility.is_some_and(|volatility| volatility > 0.0)
        && told.underlying_price.is_some_and(|price| price > 100.0));
    ensure(right, told)?;
    ticks.cancel().await;
    Ok(())
}

async fn unknown(desk: &Desk) -> Result<(), Failure> {
    let nothing = Contract::stock("NOTHING").build();
    let mut ticks = desk.client.market_data(&nothing).subscribe().await?;
    ended(&mut ticks, 200).await
}

/// Somebody without live data is told so, and told older prices.
async fn delayed(desk: &Desk) -> Result<(), Failure> {
    desk.say("inject do = \"entitle\", of = \"MSFT\", as = \"delayed\"")
        .await?;
    desk.client
        .switch_market_data_type(MarketDataType::Delayed)
        .await?;
    let microsoft = Contract::stock("MSFT").build();
    let mut ticks = desk.client.market_data(&microsoft).subscribe().await?;
    notice(&mut ticks, 10167).await?;
    let kind = next(&mut ticks, |tick| matches!(tick, TickTypes::MarketDataType(_))).await?;
    ensure(
        matches!(kind, TickTypes::MarketDataType(MarketDataType::Delayed)),
        kind,
    )?;
    let delayed = |tick: &TickTypes| {
        matches!(tick, TickTypes::PriceSize(told) if told.price_tick_type == TickType::DelayedBid)
            || matches!(tick, TickTypes::Price(told) if told.tick_type == TickType::DelayedBid)
    };
    next(&mut ticks, delayed).await?;
    ticks.cancel().await;
    desk.client
        .switch_market_data_type(MarketDataType::Realtime)
        .await?;
    Ok(())
}

async fn last(desk: &Desk) -> Result<(), Failure> {
    let apple = apple();
    let mut ticks = desk.client.tick_by_tick(&apple, 10).last().await?;
    let told = next(&mut ticks, |_| true).await?;
    ensure(
        near(told.price) && told.size > 0.0 && !told.exchange.is_empty(),
        told,
    )?;
    ticks.cancel().await;
    Ok(())
}

async fn all_last(desk: &Desk) -> Result<(), Failure> {
    let apple = apple();
    let mut ticks = desk.client.tick_by_tick(&apple, 0).all_last().await?;
    let told = next(&mut ticks, |_| true).await?;
    ensure(near(told.price) && told.size > 0.0, told)?;
    ticks.cancel().await;
    Ok(())
}

async fn bid_ask(desk: &Desk) -> Result<(), Failure> {
    let apple = apple();
    let mut ticks = desk
        .client
        .tick_by_tick(&apple, 0)
        .bid_ask(IgnoreSize::No)
        .await?;
    let told = next(&mut ticks, |_| true).await?;
    ensure(
        near(told.bid_price) && told.bid_price < told.ask_price && told.ask_size > 0.0,
        told,
    )?;
    ticks.cancel().await;
    Ok(())
}

async fn mid_point(desk: &Desk) -> Result<(), Failure> {
    let apple = apple();
    let mut ticks = desk.client.tick_by_tick(&apple, 0).mid_point().await?;
    let told = next(&mut ticks, |_| true).await?;
    ensure(near(told.mid_point), told)?;
    ticks.cancel().await;
    Ok(())
}

async fn depth(desk: &Desk) -> Result<(), Failure> {
    let venue = Contract::stock("AAPL").on_exchange("NASDAQ").build();
    let mut depth = desk.client.market_depth(&venue, 5).subscribe().await?;
    let mut sides = [0, 0];
    while sides.iter().any(|rows| *rows < 5) {
        let (row, side, price) = match next(&mut depth, |_| true).await? {
            MarketDepths::MarketDepth(told) => (told.position, told.side, told.price),
            MarketDepths::MarketDepthL2(told) => (told.position, told.side, told.price),
            MarketDepths::Reset => continue,
        };
        ensure((0..5).contains(&row), row)?;
        ensure(price == 0.0 || near(price), price)?;
        if let Some(rows) = usize::try_from(side).ok().and_then(|side| sides.get_mut(side)) {
            *rows += 1;
        }
    }
    depth.cancel().await;
    Ok(())
}

async fn smart_depth(desk: &Desk) -> Result<(), Failure> {
    let apple = apple();
    let asked = desk.client.market_depth(&apple, 5).smart_depth(SmartDepth::Yes);
    let mut depth = asked.subscribe().await?;
    let told = next(&mut depth, |_| true).await?;
    let right = matches!(&told, MarketDepths::MarketDepthL2(told)
        if told.smart_depth && !told.market_maker.is_empty() && near(told.price));
    ensure(right, told)?;
    depth.cancel().await;
    Ok(())
}

async fn venues(desk: &Desk) -> Result<(), Failure> {
    let told = desk.client.market_depth_exchanges().await?;
    let right = told
        .iter()
        .any(|each| each.exchange_name == "NASDAQ" && each.security_type == "STK");
    ensure(right, told)
}

async fn scan(desk: &Desk) -> Result<(), Failure> {
    let parameters = desk.client.scanner_parameters().await?;
    ensure(parameters.contains("TOP_PERC_GAIN"), parameters)?;
    let wanted = ScannerSubscription {
        number_of_rows: 3,
        instrument: Some("STK".to_owned()),
        location_code: Some("STK.US.MAJOR".to_owned()),
        scan_code: Some("TOP_PERC_GAIN".to_owned()),
        above_price: Some(1.0),
        ..ScannerSubscription::default()
    };
    let mut scan = desk.client.scanner_subscription(&wanted, &[]).await?;
    let rows = next(&mut scan, |_| true).await?;
    let ranked = rows.iter().map(|row| row.rank).eq(0..3);
    let right = rows
        .iter()
        .all(|row| row.contract_details.contract.contract_id > 0);
    ensure(ranked && right, rows)?;
    scan.cancel().await;
    Ok(())
}

async fn news(desk: &Desk) -> Result<(), Failure> {
    let providers = desk.client.news_providers().await?;
    ensure(providers.iter().any(|each| each.code == "BRFG"), &providers)?;
    let codes = ["BRFG", "DJNL"];
    let (since, until) = (datetime!(2026-11-01 0:00 UTC), datetime!(2026-11-18 0:00 UTC));
    let mut past = desk
        .client
        .historical_news(APPLE_ID, &codes, since, until, 3)
        .await?;
    let told = all(&mut past).await?;
    let right = told.iter().all(|each| {
        !each.headline.is_empty()
            && each.time > since
            && each.time < until
            && codes.contains(&each.provider_code.as_str())
    });
    ensure(told.len() == 3 && right, &told)?;
    let article = desk
        .client
        .news_article(&told[0].provider_code, &told[0].article_id)
        .await?;
    ensure(!article.article_text.is_empty(), article)?;
    refused(desk.client.news_article("BRFG", "BRFG$0").await, 10172)
}

/// The newest headlines come at once.
async fn headlines(desk: &Desk) -> Result<(), Failure> {
    let apple = apple();
    let mut headlines = desk.client.contract_news(&apple, &["BRFG", "DJNL"]).await?;
    let told = next(&mut headlines, |_| true).await?;
    ensure(!told.headline.is_empty() && !told.article_id.is_empty(), told)?;
    headlines.cancel().await;
    Ok(())
}

async fn bulletins(desk: &Desk) -> Result<(), Failure> {
    desk.say("bulletin NYSE Trading in XYZ is halted").await?;
    let mut bulletins = desk.client.news_bulletins(true).await?;
    let told = next(&mut bulletins, |_| true).await?;
    let right =
        told.message == "Trading in XYZ is halted" && told.exchange == "NYSE" && told.message_type == 1;
    ensure(right, told)?;
    desk.say("bulletin NYSE Trading in XYZ goes on").await?;
    let then = next(&mut bulletins, |_| true).await?;
    ensure(
        then.message == "Trading in XYZ goes on" && then.message_id > 0,
        then,
    )?;
    bulletins.cancel().await;
    Ok(())
}

/// Nothing is listed that stands for all headlines of a provider.
async fn broad_tape(desk: &Desk) -> Result<(), Failure> {
    let mut headlines = desk.client.broad_tape_news("BRFG").await?;
    ended(&mut headlines, 321).await
}

async fn calendar(desk: &Desk) -> Result<(), Failure> {
    refused(desk.client.wsh_metadata().await, 10276)?;
    let events = desk.client.wsh_event_data_by_contract(APPLE_ID);
    refused(events.fetch().await, 10276)?;
    let mut events = desk.client.wsh_event_data_by_filter("{}").subscribe().await?;
    ended(&mut events, 10276).await
}
