//! Finding instruments from what clients call them.

use rust_decimal::Decimal;

use crate::exchange::{Instrument, InstrumentId, Kind, Leg, Lots, Right, Side, Wanted};
use crate::gateway::values::decimal;
use crate::gateway::{Gateway, Problem};
use crate::wire::messages::contract::{ComboLeg, Contract};

const NOT_FOUND: &str = "No security definition has been found for the request";

/// What a `secType` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// Anything: only together with a contract id.
    Any,
    /// One asset class.
    Kind(Kind),
    /// The future that is next to expire, under this name.
    Continuous,
    /// That one, and all of them under their own.
    FuturesAndContinuous,
}

/// What was found, and whether it is meant as a continuous future.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) id: InstrumentId,
    pub(super) continuous: bool,
}

pub(super) fn not_found() -> Problem {
    Problem::new(200, NOT_FOUND)
}

/// Exchanges under names that IB gave up.
fn current_name(exchange: &str) -> &str {
    match exchange {
        "ISLAND" => "NASDAQ",
        "GLOBEX" => "CME",
        "ECBOT" => "CBOT",
        "DTB" => "EUREX",
        other => other,
    }
}

/// A field that says something.
fn said(field: Option<&String>) -> &str {
    field.map_or("", |text| text.trim())
}

fn number(field: Option<f64>) -> Option<Decimal> {
    field.and_then(decimal).filter(|number| *number > Decimal::ZERO)
}

fn right(field: Option<&String>) -> Result<Option<Right>, Problem> {
    match said(field) {
        "" | "0" | "?" => Ok(None),
        "C" | "CALL" => Ok(Some(Right::Call)),
        "P" | "PUT" => Ok(Some(Right::Put)),
        other => Err(Problem::invalid(format_args!("Invalid right '{other}'"))),
    }
}

fn asked(contract: &Contract) -> Result<Asked, Problem> {
    let sec_type = said(contract.sec_type.as_ref());
    Ok(match sec_type {
        "" if contract.con_id.unwrap_or(0) != 0 => Asked::Any,
        "CONTFUT" => Asked::Continuous,
        "FUT+CONTFUT" => Asked::FuturesAndContinuous,
        "IOPT" => Asked::Kind(Kind::Warrant),
        _ => {
            let kind = Kind::of(sec_type);
            let kind = kind.ok_or_else(|| Problem::invalid("Please enter a valid security type"))?;
            Asked::Kind(kind)
        }
    })
}

impl Gateway {
    /// The one instrument a contract means. Contracts of chains and combinations come into being when they
    /// are first meant.
    pub(in crate::gateway) fn resolve(
        &mut self,
        contract: Option<&Contract>,
    ) -> Result<InstrumentId, Problem> {
        let contract = contract.ok_or_else(|| Problem::invalid("Missing contract"))?;
        match self.matching(contract)?.as_slice() {
            [] => Err(not_found()),
            [one] => Ok(one.id),
            _ => {
                let symbol = said(contract.symbol.as_ref());
                let text = format!("The contract description specified for {symbol} is ambiguous.");
                Err(Problem::new(200, text))
            }
        }
    }

    /// Every instrument a contract could mean; fields left out match anything.
    pub(super) fn matching(&mut self, contract: &Contract) -> Result<Vec<Found>, Problem> {
        let asked = asked(contract)?;
        let con_id = contract.con_id.unwrap_or(0);
        if asked == Asked::Kind(Kind::Bag) && !contract.combo_legs.is_empty() {
            let id = self.combination(&contract.combo_legs)?;
            return Ok(vec![Found {
                id,
                continuous: false,
            }]);
        }
        if con_id != 0 {
            // A contract id settles the matter: a symbol beside it is not looked at.
            let continuous = asked == Asked::Continuous;
            let found = self.exchange.find(con_id).filter(|id| {
                let instrument = &self.exchange.market(*id).instrument;
                fits_asked(asked, instrument.kind) && fits_venue(contract, instrument)
            });
            return Ok(found.map(|id| Found { id, continuous }).into_iter().collect());
        }
        if asked == Asked::Kind(Kind::Bag) {
            return Err(Problem::new(
                314,
                "Security type 'BAG' requires combo leg details.",
            ));
        }
        let names = [
            &contract.symbol,
            &contract.local_symbol,
            &contract.trading_class,
            &contract.sec_id,
        ];
        if names.iter().all(|name| said(name.as_ref()).is_empty()) {
            return Err(Problem::invalid("Please enter a symbol or a contract id"));
        }
        self.by_description(contract, asked)
    }

    fn by_description(&mut self, contract: &Contract, asked: Asked) -> Result<Vec<Found>, Problem> {
        let kind = match asked {
            Asked::Kind(kind) => kind,
            Asked::Any | Asked::Continuous | Asked::FuturesAndContinuous => Kind::Future,
        };
        let plain = |id| Found {
            id,
            continuous: false,
        };
        if !matches!(kind, Kind::Future | Kind::Option | Kind::FutureOption) {
            let markets = self.exchange.markets();
            let right = right(contract.right.as_ref())?;
            let found = markets.filter(|(_, market)| {
                market.instrument.kind == kind && fits(contract, right, &market.instrument)
            });
            return Ok(found.map(|(id, _)| plain(id)).collect());
        }
        let wanted = Wanted {
            kind: Some(kind),
            symbol: said(contract.symbol.as_ref()),
            class: said(contract.trading_class.as_ref()),
            local_symbol: said(contract.local_symbol.as_ref()),
            exchange: current_name(said(contract.exchange.as_ref())),
            currency: said(contract.currency.as_ref()),
            date: said(contract.last_trade_date_or_contract_month.as_ref()),
            strike: number(contract.strike),
            right: right(contract.right.as_ref())?,
            multiplier: number(contract.multiplier),
            expired: contract.include_expired.unwrap_or(false),
            front: false,
        };
        let mut found = Vec::new();
        if matches!(asked, Asked::Continuous | Asked::FuturesAndContinuous) {
            let front = Wanted {
                front: true,
                expired: false,
                ..wanted
            };
            let front = self.exchange.chain_contracts(&front).into_iter();
            found.extend(front.map(|id| Found { id, continuous: true }));
        }
        if asked != Asked::Continuous {
            found.extend(self.exchange.chain_contracts(&wanted).into_iter().map(plain));
        }
        Ok(found)
    }

    fn combination(&mut self, legs: &[ComboLeg]) -> Result<InstrumentId, Problem> {
        let invalid = || Problem::new(312, "The combo details are invalid.");
        let mut understood = Vec::new();
        for (at, leg) in (1..).zip(legs) {
            let side = match said(leg.action.as_ref()) {
                "BUY" => Side::Buy,
                "SELL" | "SSHORT" => Side::Sell,
                _ => return Err(invalid_leg(at)),
            };
            let instrument = self.exchange.find(leg.con_id.unwrap_or(0));
            understood.push(Leg {
                instrument: instrument.ok_or_else(not_found)?,
                ratio: Lots::from(leg.ratio.unwrap_or(0)),
                side,
            });
        }
        self.exchange.combination(&understood).map_err(|_| invalid())
    }
}

fn invalid_leg(at: i32) -> Problem {
    Problem::new(313, format!("The combo details for leg {at} are invalid."))
}

fn fits_asked(asked: Asked, kind: Kind) -> bool {
    match asked {
        Asked::Any => true,
        Asked::Kind(asked) => asked == kind,
        Asked::Continuous | Asked::FuturesAndContinuous => kind == Kind::Future,
    }
}

fn same(asked: Option<&String>, have: &str) -> bool {
    let asked = said(asked);
    asked.is_empty() || asked.eq_ignore_ascii_case(have)
}

fn fits_venue(contract: &Contract, instrument: &Instrument) -> bool {
    let exchange = current_name(said(contract.exchange.as_ref()));
    same(contract.currency.as_ref(), &instrument.currency)
        && (exchange.is_empty() || instrument.valid_exchanges.iter().any(|each| each == exchange))
}

fn fits(contract: &Contract, right: Option<Right>, instrument: &Instrument) -> bool {
    let ids = &instrument.about.sec_ids;
    let symbol = said(contract.symbol.as_ref());
    // Bonds go by their numbers as well.
    let by_number = instrument.kind == Kind::Bond && ids.values().any(|id| id == symbol);
    let primary = current_name(said(contract.primary_exch.as_ref()));
    let (id_type, id) = (
        said(contract.sec_id_type.as_ref()),
        said(contract.sec_id.as_ref()),
    );
    let day = instrument
        .maturity
        .map(|maturity| maturity.last_trade.strftime("%Y%m%d").to_string());
    let date = said(contract.last_trade_date_or_contract_month.as_ref());
    (by_number || same(contract.symbol.as_ref(), &instrument.symbol))
        && fits_venue(contract, instrument)
        && same(contract.local_symbol.as_ref(), &instrument.local_symbol)
        && same(contract.trading_class.as_ref(), &instrument.trading_class)
        && (primary.is_empty() || primary == instrument.primary_exchange)
        && (id.is_empty() || ids.get(id_type).is_some_and(|have| have == id))
        && (date.is_empty() || day.is_some_and(|day| day.starts_with(date)))
        && (right.is_none() || right == instrument.right())
        && number(contract.strike).is_none_or(|strike| instrument.strike() == Some(strike))
}
