//! Contracts as the gateway writes them, and the request for their details.

use crate::exchange::{InstrumentId, Kind, Right, Side};
use crate::gateway::values::double;
use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::messages::contract as wire;

use super::lookup::{Found, not_found};

impl Gateway {
    /// A contract as the gateway writes it: for orders with the exchange they were sent to, else without.
    pub(in crate::gateway) fn contract(&self, id: InstrumentId, exchange: Option<&str>) -> wire::Contract {
        let instrument = &self.exchange.market(id).instrument;
        let multiplied = matches!(
            instrument.kind,
            Kind::Option | Kind::Future | Kind::FutureOption | Kind::Warrant
        );
        let day = instrument
            .maturity
            .map(|maturity| maturity.last_trade.strftime("%Y%m%d").to_string());
        let legs: Vec<wire::ComboLeg> = instrument.legs.iter().map(|leg| self.leg(leg)).collect();
        let described: Vec<String> = legs
            .iter()
            .map(|leg| {
                let sign = if leg.action.as_deref() == Some("SELL") {
                    "-"
                } else {
                    ""
                };
                format!("{}|{sign}{}", leg.con_id.unwrap_or(0), leg.ratio.unwrap_or(0))
            })
            .collect();
        wire::Contract {
            con_id: Some(instrument.con_id),
            symbol: Some(instrument.symbol.clone()),
            sec_type: Some(instrument.kind.sec_type().to_owned()),
            last_trade_date_or_contract_month: day.clone(),
            strike: instrument.strike().map(double),
            right: instrument.right().map(|right| match right {
                Right::Call => "C".to_owned(),
                Right::Put => "P".to_owned(),
            }),
            multiplier: multiplied.then(|| double(instrument.multiplier)),
            exchange: exchange.map(str::to_owned),
            currency: Some(instrument.currency.clone()),
            local_symbol: Some(instrument.local_symbol.clone()),
            trading_class: Some(instrument.trading_class.clone()),
            combo_legs_descrip: (!described.is_empty()).then(|| described.join(",")),
            combo_legs: legs,
            last_trade_date: day,
            ..wire::Contract::default()
        }
    }

    fn leg(&self, leg: &crate::exchange::Leg) -> wire::ComboLeg {
        let instrument = &self.exchange.market(leg.instrument).instrument;
        let exchanges = &instrument.valid_exchanges;
        wire::ComboLeg {
            con_id: Some(instrument.con_id),
            ratio: i32::try_from(leg.ratio).ok(),
            action: Some(match leg.side {
                Side::Buy => "BUY".to_owned(),
                Side::Sell => "SELL".to_owned(),
            }),
            exchange: exchanges.first().cloned(),
            ..wire::ComboLeg::default()
        }
    }

    pub(super) fn contract_data(
        &mut self,
        to: ConnectionId,
        asked: wire::ContractDataRequest,
    ) -> Result<(), Problem> {
        let contract = asked.contract.unwrap_or_default();
        if contract.sec_type.as_deref() == Some("BAG") {
            // The real gateway never answers; silence helps nobody.
            return Err(Problem::invalid(
                "Contract details of a BAG are not available; ask about its legs",
            ));
        }
        let found = self.matching(&contract)?;
        if found.is_empty() {
            return Err(not_found());
        }
        for found in found {
            let message = self.described(found, &contract, asked.req_id);
            self.send(to, Class::Other, &message);
        }
        let end = wire::ContractDataEnd { req_id: asked.req_id };
        self.send(to, Class::Other, &end);
        Ok(())
    }

    fn described(&self, found: Found, asked: &wire::Contract, request: Option<i32>) -> wire::ContractData {
        let instrument = &self.exchange.market(found.id).instrument;
        let exchange = asked.exchange.as_deref().filter(|exchange| !exchange.is_empty());
        let usual = instrument.valid_exchanges.first().map_or("SMART", String::as_str);
        let mut contract = self.contract(found.id, Some(exchange.unwrap_or(usual)));
        contract.primary_exch = Some(instrument.primary_exchange.clone());
        if found.continuous {
            contract.sec_type = Some("CONTFUT".to_owned());
        }
        if matches!(instrument.kind, Kind::Future | Kind::FutureOption) {
            // Date and time of the last trade share a field; clients take them apart.
            let schedule = &instrument.schedule;
            let time = instrument
                .derivation
                .map(|derivation| schedule.clock(derivation.expires, "%H:%M:%S"));
            let day = contract
                .last_trade_date_or_contract_month
                .take()
                .unwrap_or_default();
            contract.last_trade_date_or_contract_month = Some(format!("{day}-{}", time.unwrap_or_default()));
        }
        wire::ContractData {
            req_id: request,
            contract: Some(contract),
            contract_details: Some(self.details(found.id)),
        }
    }
}
