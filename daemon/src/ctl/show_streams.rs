//! The streams as people read them.

use super::number::{date_time, millis, or_dash, time_of_day};
use super::show::Lines;
use super::table::{Table, clean};
use crate::admin::schema::Subscription;

pub(super) fn streams(streams: &[Subscription]) -> Lines {
    if streams.is_empty() {
        return vec!["no instrument is configured".to_owned()];
    }
    let mut table = Table::new(&[
        "INSTRUMENT",
        "STATE",
        ">LAST TICK",
        "ASKED FOR",
        ">AGAIN TODAY",
        "MARKET",
        "NEXT OPEN",
        "NEXT CLOSE",
    ]);
    for row in streams {
        let state = match row.code {
            Some(code) if code != 0 => format!("{} ({code})", row.state),
            _ => row.state.clone(),
        };
        let instant = |at: &Option<String>| or_dash(at.as_ref().map(|at| date_time(Some(at))));
        table.row([
            row.instrument.clone(),
            state,
            millis(row.last_tick_age_ms),
            time_of_day(row.requested_at.as_ref()),
            row.rerequests_today.to_string(),
            row.market.clone(),
            instant(&row.next_open_at),
            instant(&row.next_close_at),
        ]);
    }
    let mut lines = table.lines();
    for row in streams.iter().filter(|row| !row.fix.is_empty()) {
        let again = row
            .retry_at
            .as_ref()
            .map_or_else(String::new, |at| format!(" (again at {})", date_time(Some(at))));
        let text = format!("{}: {}{again}: {}", row.instrument, row.reason, row.fix);
        lines.push(clean(&text));
    }
    lines
}
