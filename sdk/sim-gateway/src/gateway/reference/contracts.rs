//! Finding instruments from what clients call them, and describing them.

use rust_decimal::Decimal;

use crate::exchange::{Instrument, InstrumentId, Kind};
use crate::gateway::values::{double, written};
use crate::gateway::{Class, ConnectionId, Gateway, Problem, values as text};
use crate::wire::messages::contract as wire;

const NOT_FOUND: &str = "No security definition has been found for the request";
const DAY: u64 = 86_400;

impl Gateway {
    /// Every instrument a contract could mean; fields left out match anything.
    fn matching(&self, contract: &wire::Contract) -> Vec<InstrumentId> {
        let fits = |instrument: &Instrument| {
            let field = |asked: &Option<String>, have: &str| {
                asked
                    .as_deref()
                    .is_none_or(|asked| asked.is_empty() || asked.eq_ignore_ascii_case(have))
            };
            let exchange = contract.exchange.as_deref().unwrap_or_default();
            // A contract id settles the matter: a symbol beside it is not looked at.
            contract
                .con_id
                .filter(|id| *id != 0)
                .map_or(field(&contract.symbol, &instrument.symbol), |id| {
                    id == instrument.con_id
                })
                && field(&contract.sec_type, instrument.kind.sec_type())
                && field(&contract.currency, &instrument.currency)
                && field(&contract.local_symbol, &instrument.local_symbol)
                && field(&contract.trading_class, &instrument.trading_class)
                && field(&contract.primary_exch, &instrument.primary_exchange)
                && (exchange.is_empty() || instrument.valid_exchanges.iter().any(|each| each == exchange))
        };
        self.exchange
            .markets()
            .filter(|(_, market)| fits(&market.instrument))
            .map(|(id, _)| id)
            .collect()
    }

    /// The one instrument a contract means.
    pub(in crate::gateway) fn resolve(
        &self,
        contract: Option<&wire::Contract>,
    ) -> Result<InstrumentId, Problem> {
        let contract = contract.ok_or_else(|| Problem::invalid("Missing contract"))?;
        let named = contract.con_id.unwrap_or(0) != 0
            || [&contract.symbol, &contract.local_symbol]
                .iter()
                .any(|name| name.as_deref().is_some_and(|n| !n.is_empty()));
        if !named {
            return Err(Problem::invalid("Please enter a symbol or a contract id"));
        }
        match self.matching(contract).as_slice() {
            [] => Err(Problem::new(200, NOT_FOUND)),
            [one] => Ok(*one),
            _ => {
                let symbol = contract.symbol.as_deref().unwrap_or_default();
                Err(Problem::new(
                    200,
                    format!("The contract description specified for {symbol} is ambiguous."),
                ))
            }
        }
    }

    /// A contract as the gateway writes it: for orders with the exchange they were sent to, else without.
    pub(in crate::gateway) fn contract(&self, id: InstrumentId, exchange: Option<&str>) -> wire::Contract {
        let instrument = &self.exchange.market(id).instrument;
        wire::Contract {
            con_id: Some(instrument.con_id),
            symbol: Some(instrument.symbol.clone()),
            sec_type: Some(instrument.kind.sec_type().to_owned()),
            exchange: exchange.map(str::to_owned),
            currency: Some(instrument.currency.clone()),
            local_symbol: Some(instrument.local_symbol.clone()),
            trading_class: Some(instrument.trading_class.clone()),
            ..wire::Contract::default()
        }
    }

    pub(in crate::gateway) fn contract_data(
        &mut self,
        to: ConnectionId,
        asked: wire::ContractDataRequest,
    ) -> Result<(), Problem> {
        let contract = asked.contract.unwrap_or_default();
        let found = self.matching(&contract);
        if found.is_empty() {
            return Err(Problem::new(200, NOT_FOUND));
        }
        for id in found {
            let instrument = &self.exchange.market(id).instrument;
            let exchange = contract.exchange.clone().filter(|exchange| !exchange.is_empty());
            let exchange = exchange.unwrap_or_else(|| default_exchange(instrument).to_owned());
            let mut described = self.contract(id, Some(&exchange));
            described.primary_exch = Some(instrument.primary_exchange.clone());
            let message = wire::ContractData {
                req_id: asked.req_id,
                contract: Some(described),
                contract_details: Some(self.details(instrument)),
            };
            self.send(to, Class::Other, &message);
        }
        let end = wire::ContractDataEnd { req_id: asked.req_id };
        self.send(to, Class::Other, &end);
        Ok(())
    }

    fn details(&self, instrument: &Instrument) -> wire::ContractDetails {
        let hours = self.trading_hours();
        let (industry, category) = match instrument.kind {
            Kind::Stock => ("Technology", "Computers"),
            _ => ("", ""),
        };
        wire::ContractDetails {
            market_name: Some(instrument.trading_class.clone()),
            min_tick: Some(written(instrument.min_tick)),
            order_types: Some("DAY,GTC,IOC,FOK,LMT,MKT,STP,STPLMT,WHATIF".to_owned()),
            valid_exchanges: Some(instrument.valid_exchanges.join(",")),
            price_magnifier: Some(1),
            under_con_id: Some(0),
            long_name: Some(instrument.long_name.clone()),
            industry: Some(industry.to_owned()),
            category: Some(category.to_owned()),
            time_zone_id: Some("UTC".to_owned()),
            trading_hours: Some(hours.clone()),
            liquid_hours: Some(hours),
            agg_group: Some(1),
            market_rule_ids: Some(
                instrument
                    .market_rules
                    .iter()
                    .map(i32::to_string)
                    .collect::<Vec<_>>()
                    .join(","),
            ),
            stock_type: (instrument.kind == Kind::Stock).then(|| "COMMON".to_owned()),
            min_size: Some(written(instrument.size_increment)),
            size_increment: Some(written(instrument.size_increment)),
            suggested_size_increment: Some(written(instrument.size_increment)),
            ..wire::ContractDetails::default()
        }
    }

    /// The simulated market never closes, weekends included: today and the six days after, around the
    /// clock.
    fn trading_hours(&self) -> String {
        let now = self.exchange.unix_seconds(self.exchange.now());
        let session = |ahead: u64| {
            let (from, to) = (text::day(now + ahead * DAY), text::day(now + (ahead + 1) * DAY));
            format!("{from}:0000-{to}:0000")
        };
        (0..7).map(session).collect::<Vec<_>>().join(";")
    }

    pub(in crate::gateway) fn matching_symbols(
        &mut self,
        to: ConnectionId,
        asked: wire::MatchingSymbolsRequest,
    ) -> Result<(), Problem> {
        let pattern = asked.pattern.unwrap_or_default().to_uppercase();
        let fits = |each: &Instrument| each.symbol.starts_with(&pattern) || each.long_name.contains(&pattern);
        let found = self
            .exchange
            .markets()
            .filter(|(_, market)| !pattern.is_empty() && fits(&market.instrument));
        let describe = |id: InstrumentId| {
            let mut contract = self.contract(id, None);
            let instrument = &self.exchange.market(id).instrument;
            contract.primary_exch = Some(instrument.primary_exchange.clone());
            contract.description = Some(instrument.long_name.clone());
            wire::ContractDescription {
                contract: Some(contract),
                derivative_sec_types: Vec::new(),
            }
        };
        let message = wire::SymbolSamples {
            req_id: asked.req_id,
            contract_descriptions: found.map(|(id, _)| describe(id)).take(16).collect(),
        };
        self.send(to, Class::Other, &message);
        Ok(())
    }

    pub(in crate::gateway) fn market_rule(
        &mut self,
        to: ConnectionId,
        asked: &wire::MarketRuleRequest,
    ) -> Result<(), Problem> {
        let rule = asked.market_rule_id.unwrap_or(0);
        let known = self
            .exchange
            .markets()
            .find(|(_, market)| market.instrument.market_rules.contains(&rule));
        let increment = known.map(|(_, market)| market.instrument.min_tick);
        let increment =
            increment.ok_or_else(|| Problem::invalid(format_args!("Invalid market rule id {rule}")))?;
        let step = wire::PriceIncrement {
            low_edge: Some(double(Decimal::ZERO)),
            increment: Some(double(increment)),
        };
        let message = wire::MarketRule {
            market_rule_id: Some(rule),
            price_increments: vec![step],
        };
        self.send(to, Class::Other, &message);
        Ok(())
    }
}

fn default_exchange(instrument: &Instrument) -> &str {
    instrument.valid_exchanges.first().map_or("SMART", String::as_str)
}
