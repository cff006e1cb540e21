//! Single figures about the past: its first moment, and how much was traded at which price.

use std::collections::BTreeMap;

use super::bars::{self, Subject};
use super::moments::Format;
use super::settings::{BarSize, Duration, What};
use crate::exchange::{Lots, Phase, Ticks};
use crate::gateway::values::{dashed_timestamp, double, written};
use crate::gateway::{Class, ConnectionId, Gateway, Problem};
use crate::wire::messages::bars as wire;

/// Stretches a histogram is made of, at most about.
const STRETCHES: u64 = 2_000;

impl Gateway {
    pub(in crate::gateway) fn head_timestamp(
        &mut self,
        from: ConnectionId,
        asked: wire::HeadTimestampRequest,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        let what = What::read(asked.what_to_show.as_deref().unwrap_or_default())?;
        let format = Format::read(asked.format_date)?;
        let id = self.resolve(asked.contract.as_ref())?;
        let instrument = &self.exchange.market(id).instrument;
        // Of a cryptocurrency the first moment is the same by either name of its trades.
        let asked_of = if what == What::AggTrades {
            What::Trades
        } else {
            what
        };
        if asked_of != What::Trades || !instrument.kind.prints_trades() {
            what.check(instrument)?;
        }
        let regular = asked.use_rth.unwrap_or(false);
        let subject = Subject {
            instrument: id,
            what,
            size: BarSize::Day,
            regular,
            format,
        };
        self.pace(from, &subject, &format!("head {subject:?}"))?;
        let begins = self.exchange.begins(id);
        let sessions = self.exchange.sessions(id, begins, begins + 20 * 86_400);
        let wanted = sessions
            .iter()
            .find(|each| !regular || each.phase == Phase::Regular);
        let head = wanted.map_or(begins, |session| session.open.max(begins));
        let text = match format {
            Format::Unix => head.to_string(),
            Format::Zoned | Format::Short => dashed_timestamp(head),
        };
        self.with_session(from, |session| session.history.heads.insert(request))?;
        let answer = wire::HeadTimestamp {
            req_id: Some(request),
            head_timestamp: Some(text),
        };
        self.send(from, Class::Other, &answer);
        Ok(())
    }

    pub(in crate::gateway) fn histogram(
        &mut self,
        from: ConnectionId,
        asked: wire::HistogramDataRequest,
    ) -> Result<(), Problem> {
        let request = asked.req_id.unwrap_or(0);
        let duration = period(asked.time_period.as_deref().unwrap_or_default())?;
        let id = self.resolve(asked.contract.as_ref())?;
        let exchange = &self.exchange;
        let instrument = &exchange.market(id).instrument;
        if !instrument.kind.prints_trades() {
            What::Trades.check(instrument)?;
        }
        let regular = asked.use_rth.unwrap_or(false);
        let mut past = exchange.past();
        let end = past.end();
        let start = bars::beginning(exchange, id, duration, end, regular).max(exchange.begins(id));
        let hours = exchange.open_hours(id, start, end, regular);
        let open: u64 = hours.iter().map(|each| each.close - each.open).sum();
        let length = (open / STRETCHES).max(1);
        let mut sizes: BTreeMap<Ticks, Lots> = BTreeMap::new();
        for session in &hours {
            let mut at = session.open;
            while at < session.close {
                let until = (at + length).min(session.close);
                let summary = past.summary(id, at, until);
                if summary.volume > 0 {
                    let average = summary.turnover / i128::from(summary.volume);
                    *sizes.entry(Ticks::try_from(average).unwrap_or(0)).or_default() += summary.volume;
                }
                at = until;
            }
        }
        if sizes.is_empty() {
            return Err(What::Trades.nothing(instrument));
        }
        let entry = |(price, lots): (&Ticks, &Lots)| wire::HistogramDataEntry {
            price: Some(double(instrument.price(*price))),
            size: Some(written(instrument.quantity(*lots))),
        };
        let answer = wire::HistogramData {
            req_id: Some(request),
            histogram_data_entries: sizes.iter().map(entry).collect(),
        };
        self.send(from, Class::Other, &answer);
        Ok(())
    }
}

/// Reads a period such as `3 days`.
fn period(text: &str) -> Result<Duration, Problem> {
    let wrong = || {
        Problem::invalid(format_args!(
            "Invalid time period '{text}'; write it as \"3 days\""
        ))
    };
    let (count, unit) = text.trim().split_once(' ').ok_or_else(wrong)?;
    let unit = unit.trim().to_ascii_lowercase();
    let letter = match unit.trim_end_matches('s') {
        "second" | "sec" | "" => "S",
        "day" | "d" => "D",
        "week" | "w" => "W",
        "month" | "m" => "M",
        "year" | "y" => "Y",
        "minute" | "min" => {
            let seconds = count.parse::<u64>().ok().and_then(|count| count.checked_mul(60));
            return Duration::read(&format!("{} S", seconds.ok_or_else(wrong)?)).map_err(|_| wrong());
        }
        "hour" => {
            let seconds = count
                .parse::<u64>()
                .ok()
                .and_then(|count| count.checked_mul(3_600));
            return Duration::read(&format!("{} S", seconds.ok_or_else(wrong)?)).map_err(|_| wrong());
        }
        _ => return Err(wrong()),
    };
    Duration::read(&format!("{count} {letter}")).map_err(|_| wrong())
}
