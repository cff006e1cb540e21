//! Exchanges: their price increments, the letters that stand for them, and which of them show depth.

use std::collections::BTreeSet;

use crate::exchange::Kind;
use crate::gateway::values::double;
use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::messages::contract::{MarketRule, MarketRuleRequest, PriceIncrement};
use crate::wire::messages::depth::{
    DepthMarketDataDescription, MarketDepthExchanges, SmartComponent, SmartComponents, SmartComponentsRequest,
};

/// The exchanges behind a consolidated quote, by the code that comes with it: of stocks, of options, of
/// everything else. The place in the list is the bit; the letter is what quotes name the exchange by.
const STOCKS: [(&str, &str); 12] = [
    ("AMEX", "A"),
    ("BYX", "Y"),
    ("CHX", "M"),
    ("NYSENAT", "C"),
    ("EDGEA", "J"),
    ("DRCTEDGE", "K"),
    ("BEX", "B"),
    ("NASDAQ", "Q"),
    ("NYSE", "N"),
    ("ARCA", "P"),
    ("IEX", "V"),
    ("BATS", "Z"),
];
const OPTIONS: [(&str, &str); 10] = [
    ("AMEX", "A"),
    ("BOX", "B"),
    ("CBOE", "C"),
    ("EMERALD", "D"),
    ("EDGX", "E"),
    ("GEMINI", "H"),
    ("ISE", "I"),
    ("MIAX", "M"),
    ("PSE", "N"),
    ("NASDAQOM", "Q"),
];
const OTHERS: [(&str, &str); 1] = [("SMART", "S")];

/// The exchanges behind the quotes that come with a code.
fn behind(bbo_exchange: &str) -> Option<&'static [(&'static str, &'static str)]> {
    Some(match bbo_exchange {
        "9c0001" => &STOCKS,
        "b80001" => &OPTIONS,
        "a60001" => &OTHERS,
        _ => return None,
    })
}

/// The letter by which quotes that come with a code name an exchange, if it is behind them.
pub(in crate::gateway) fn letter(bbo_exchange: &str, exchange: &str) -> Option<&'static str> {
    let known = behind(bbo_exchange)?.iter().find(|(name, _)| *name == exchange);
    known.map(|(_, letter)| *letter)
}

impl Gateway {
    pub(super) fn market_rule(&mut self, to: ConnectionId, asked: &MarketRuleRequest) -> Result<(), Problem> {
        let number = asked.market_rule_id.unwrap_or(0);
        let rule = self.exchange.rule(number);
        let rule = rule.ok_or_else(|| Problem::invalid(format_args!("Invalid market rule id {number}")))?;
        let step = |(from, increment): &(_, _)| PriceIncrement {
            low_edge: Some(double(*from)),
            increment: Some(double(*increment)),
        };
        let message = MarketRule {
            market_rule_id: Some(number),
            price_increments: rule.rungs().iter().map(step).collect(),
        };
        self.send(to, Class::Other, &message);
        Ok(())
    }

    pub(super) fn smart_components(
        &mut self,
        to: ConnectionId,
        asked: &SmartComponentsRequest,
    ) -> Result<(), Problem> {
        let code = asked.bbo_exchange.as_deref().unwrap_or_default();
        let venues =
            behind(code).ok_or_else(|| Problem::invalid(format_args!("Invalid BBO exchange '{code}'")))?;
        let component = |(bit, (exchange, letter)): (i32, &(&str, &str))| SmartComponent {
            bit_number: Some(bit),
            exchange: Some((*exchange).to_owned()),
            exchange_letter: Some((*letter).to_owned()),
        };
        let message = SmartComponents {
            req_id: asked.req_id,
            smart_components: (0..).zip(venues).map(component).collect(),
        };
        self.send(to, Class::Other, &message);
        Ok(())
    }

    /// Every exchange with a book of its own, by asset class.
    pub(super) fn depth_exchanges(&mut self, to: ConnectionId) {
        let fixed = self.exchange.markets().map(|(_, market)| &market.instrument);
        let fixed = fixed.flat_map(|each| each.valid_exchanges.iter().map(|name| (each.kind, name.as_str())));
        let chained = self.exchange.chain_venues();
        let shown: BTreeSet<(Kind, &str)> = fixed
            .chain(chained)
            .filter(|(kind, name)| *name != "SMART" && has_book(*kind))
            .collect();
        let row = |(kind, exchange): (Kind, &str)| DepthMarketDataDescription {
            exchange: Some(exchange.to_owned()),
            sec_type: Some(kind.sec_type().to_owned()),
            listing_exch: Some(String::new()),
            // Stocks' books name their makers.
            service_data_type: Some(if kind == Kind::Stock { "Deep2" } else { "Deep" }.to_owned()),
            agg_group: Some(if kind == Kind::Stock { 1 } else { i32::MAX }),
        };
        let message = MarketDepthExchanges {
            depth_market_data_descriptions: shown.into_iter().map(row).collect(),
        };
        self.send(to, Class::Other, &message);
    }
}

fn has_book(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Stock
            | Kind::Option
            | Kind::Future
            | Kind::FutureOption
            | Kind::Crypto
            | Kind::Warrant
            | Kind::Cash
    )
}
