//! What there is to say about an instrument, as `ContractDetails`.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::exchange::{Instrument, InstrumentId, Kind, Phase, TradingSession};
use crate::gateway::Gateway;
use crate::gateway::values::{double, written};
use crate::wire::messages::contract::ContractDetails;

/// Days whose hours are told: today and what follows; more when the settings expose the whole schedule.
const DAYS: usize = 7;
const ALL_DAYS: usize = 30;

impl Gateway {
    pub(super) fn details(&self, id: InstrumentId) -> ContractDetails {
        let instrument = &self.exchange.market(id).instrument;
        let about = &instrument.about;
        let fields = bond_and_fund(instrument);
        let underlying = instrument
            .derivation
            .map(|from| &self.exchange.market(from.underlying).instrument);
        let rules = instrument.market_rules.iter().map(i32::to_string);
        let size = written(instrument.size_increment);
        let dated = matches!(instrument.kind, Kind::Option | Kind::Future | Kind::FutureOption);
        let maturity = instrument.maturity.filter(|_| dated);
        ContractDetails {
            market_name: Some(match instrument.kind {
                Kind::Option => instrument.symbol.clone(),
                _ => instrument.trading_class.clone(),
            }),
            min_tick: Some(written(instrument.min_tick)),
            order_types: Some(order_types(instrument.kind)),
            valid_exchanges: Some(instrument.valid_exchanges.join(",")),
            price_magnifier: Some(about.price_magnifier),
            under_con_id: Some(underlying.map_or(0, |underlying| underlying.con_id)),
            under_symbol: underlying.map(|underlying| match underlying.kind {
                Kind::Future => underlying.local_symbol.clone(),
                _ => underlying.symbol.clone(),
            }),
            under_sec_type: underlying.map(|underlying| underlying.kind.sec_type().to_owned()),
            long_name: Some(instrument.long_name.clone()),
            contract_month: maturity.map(|maturity| maturity.month.strftime("%Y%m").to_string()),
            real_expiration_date: maturity.map(|maturity| maturity.expiration.strftime("%Y%m%d").to_string()),
            industry: Some(about.industry.clone()),
            category: Some(about.category.clone()),
            subcategory: Some(about.subcategory.clone()),
            time_zone_id: Some(instrument.schedule.zone_id().to_owned()),
            trading_hours: Some(self.hours_text(id, Phase::Extended)),
            liquid_hours: Some(self.hours_text(id, Phase::Regular)),
            ev_rule: Some(String::new()),
            ev_multiplier: Some(0.0),
            sec_id_list: told_ids(instrument),
            agg_group: Some(aggregation_group(instrument.kind)),
            market_rule_ids: Some(rules.collect::<Vec<_>>().join(",")),
            stock_type: about
                .stock_type
                .clone()
                .filter(|_| instrument.kind == Kind::Stock),
            min_size: Some(written(instrument.min_size)),
            size_increment: Some(size.clone()),
            suggested_size_increment: Some(match instrument.kind {
                Kind::Stock => written(instrument.size_increment.max(Decimal::ONE_HUNDRED)),
                _ => size.clone(),
            }),
            last_price_precision: Some(written(instrument.min_tick)),
            last_size_precision: Some(size),
            ..fields
        }
    }

    /// The hours of the next days as the gateway writes them: `20261127:0930-20261127:1300;20261128:CLOSED`.
    fn hours_text(&self, id: InstrumentId, phase: Phase) -> String {
        let schedule = self.exchange.schedule(id);
        let today = schedule.date(self.exchange.unix_seconds(self.exchange.now()));
        let days = if self.exposes_whole_schedule() {
            ALL_DAYS
        } else {
            DAYS
        };
        let mut spans = Vec::new();
        for day in today.series(1.day()).take(days) {
            let sessions = joined(self.exchange.day_sessions(id, day), phase);
            if sessions.is_empty() && !self.opens_on(id, day, phase) {
                spans.push(format!("{}:CLOSED", day.strftime("%Y%m%d")));
            }
            let clock = |unix| schedule.clock(unix, "%Y%m%d:%H%M");
            spans.extend(
                sessions
                    .iter()
                    .map(|(open, close)| format!("{}-{}", clock(*open), clock(*close))),
            );
        }
        spans.join(";")
    }

    /// Whether the next day's first session opens on the evening of this one, which then is not closed.
    fn opens_on(&self, id: InstrumentId, day: Date, phase: Phase) -> bool {
        let next = day
            .tomorrow()
            .map(|next| joined(self.exchange.day_sessions(id, next), phase));
        let schedule = self.exchange.schedule(id);
        next.is_ok_and(|next| next.first().is_some_and(|(open, _)| schedule.date(*open) == day))
    }
}

/// Sessions of at least a phase, those that touch as one.
fn joined(sessions: Vec<TradingSession>, phase: Phase) -> Vec<(u64, u64)> {
    let mut spans: Vec<(u64, u64)> = Vec::new();
    for session in sessions.into_iter().filter(|session| session.phase >= phase) {
        match spans.last_mut() {
            Some((_, close)) if *close == session.open => *close = session.close,
            _ => spans.push((session.open, session.close)),
        }
    }
    spans
}

/// The other identifiers: a CUSIP is told of bonds only, though everything can be found by its own.
fn told_ids(instrument: &Instrument) -> BTreeMap<String, String> {
    let mut ids = instrument.about.sec_ids.clone();
    ids.retain(|kind, _| instrument.kind == Kind::Bond || kind == "ISIN");
    ids
}

fn bond_and_fund(instrument: &Instrument) -> ContractDetails {
    let mut details = ContractDetails::default();
    if let Some(bond) = &instrument.about.bond {
        details = ContractDetails {
            cusip: instrument.about.sec_ids.get("CUSIP").cloned(),
            issue_date: Some(bond.issued.clone()),
            ratings: Some(bond.ratings.clone()),
            bond_type: Some(bond.bond_type.clone()),
            coupon: Some(double(bond.coupon)),
            coupon_type: Some(bond.coupon_type.clone()),
            convertible: Some(bond.convertible),
            callable: Some(bond.callable),
            puttable: Some(bond.puttable),
            desc_append: Some(instrument.local_symbol.clone()),
            next_option_partial: Some(false),
            bond_notes: Some(bond.notes.clone()),
            ..details
        };
    }
    if let Some(fund) = &instrument.about.fund {
        details = ContractDetails {
            fund_name: Some(instrument.long_name.clone()),
            fund_family: Some(fund.family.clone()),
            fund_type: Some(fund.fund_type.clone()),
            fund_front_load: Some(fund.front_load.clone()),
            fund_back_load: Some(fund.back_load.clone()),
            fund_back_load_time_interval: Some(String::new()),
            fund_management_fee: Some(fund.management_fee.clone()),
            fund_closed: Some(fund.closed),
            fund_closed_for_new_investors: Some(fund.closed),
            fund_closed_for_new_money: Some(fund.closed),
            fund_notify_amount: Some(String::new()),
            fund_minimum_initial_purchase: Some(fund.minimum_initial.clone()),
            fund_minimum_subsequent_purchase: Some(fund.minimum_subsequent.clone()),
            fund_blue_sky_states: Some("ALL".to_owned()),
            fund_blue_sky_territories: Some("ALL".to_owned()),
            fund_distribution_policy_indicator: Some(fund.distribution.clone()),
            fund_asset_type: Some(fund.asset_type.clone()),
            ..details
        };
    }
    details
}

/// Quotes of one group are shown together; no group at all is the largest number.
fn aggregation_group(kind: Kind) -> i32 {
    match kind {
        Kind::Stock => 1,
        Kind::Option => 2,
        Kind::Cash => 4,
        _ => i32::MAX,
    }
}

/// The words for order types and attributes, in IB's order: those of every asset class, and what is added.
fn order_types(kind: Kind) -> String {
    let common = "ACTIVETIM,AD,ADJUST,ALERT,ALLOC,AVGCOST,BASKET,COND,CONDORDER,DAY,DEACT,DEACTDIS,DEACTEOD,GAT,GTC,\
                  GTD,GTT,HID,ICE,LIT,LMT,MIT,MKT,NONALGO,OCA,SCALE,STP,STPLMT,TRAIL,TRAILLIT,TRAILLMT,TRAILMIT,WHATIF";
    let more = match kind {
        Kind::Stock => {
            "AON,DIS,FOK,IOC,LOC,LOO,LTH,MOC,MOO,MTL,OPG,PEGBENCH,PEGMID,PEGMKT,POSTONLY,PREOPGRTH,REL,RTH,SWEEP"
        }
        Kind::Option | Kind::FutureOption | Kind::Warrant => "AON,FOK,IOC,MTL,PEGSTK,REL,VOLAT",
        Kind::Future => "IOC,FOK,MTL,RTH,OPG",
        Kind::Cash => "CASHQTY,FOK,IOC",
        Kind::Crypto => "CASHQTY,IOC,MINS",
        Kind::Index | Kind::Bag => return String::new(),
        Kind::Bond | Kind::Fund => return "ACTIVETIM,AD,ALLOC,DAY,GTC,IOC,LMT,MKT,NONALGO,WHATIF".to_owned(),
        Kind::Cfd | Kind::Commodity => "IOC,FOK,REL",
    };
    let mut words: Vec<&str> = common.split(',').chain(more.split(',')).collect();
    words.sort_unstable();
    words.join(",")
}
