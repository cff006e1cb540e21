//! The API's answers as people read them.

use super::number::{count, date_time, duration, micros, millis, or_dash, price, signed_money, time_of_day};
use super::table::{Table, clean};
use crate::admin::schema::{
    AccountValue, Condition, Desk, Discrepancy, Farm, Fill, Instrument, LogEvent, Order, Plugin, PluginTally,
    Positions, Readiness, Session, Status,
};

/// A list of lines; what every view makes.
pub(super) type Lines = Vec<String>;

/// A name and what it stands at, the names aligned.
fn facts(rows: &[(&str, String)]) -> Lines {
    let width = rows
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    rows.iter()
        .map(|(name, value)| format!("{name:<width$}  {}", clean(value)))
        .collect()
}

/// A table, or a line that says there is nothing.
fn table_or(table: &Table, empty: bool, nothing: &str) -> Lines {
    if empty {
        vec![nothing.to_owned()]
    } else {
        table.lines()
    }
}

pub(super) fn status(status: &Status) -> Lines {
    let currency = status.currency.as_deref().unwrap_or("");
    let since = date_time(status.session_since_at.as_ref());
    let latency = &status.tick_to_order;
    let mut rows = vec![
        (
            "moored",
            format!("{}, up {}", status.version, duration(status.uptime_s)),
        ),
        (
            "ready",
            if status.ready {
                "yes".to_owned()
            } else {
                "NO".to_owned()
            },
        ),
    ];
    rows.extend(status.not_ready.iter().map(|reason| ("", reason.clone())));
    rows.push(("trading", trading(&status.desk)));
    let session = format!(
        "{} to {} since {since}",
        status.session_phase, status.session_address
    );
    rows.push(("session", session));
    rows.push(("reconciled", date_time(status.desk.reconciled_at.as_ref())));
    rows.push((
        "desk",
        format!("published {} ago", duration(status.desk.snapshot_age_ms / 1e3)),
    ));
    let flow = format!(
        "{} in, {} intents, {} orders ({} live), {} fills, {} denied",
        count(status.ticks),
        count(status.intents),
        count(status.orders),
        count(status.orders_live),
        count(status.fills),
        count(status.denials)
    );
    rows.push(("ticks", flow));
    if status.desk.external_orders > 0 {
        rows.push((
            "elsewhere",
            format!("{} orders of others on the account", status.desk.external_orders),
        ));
    }
    let (day, total) = (signed_money(&status.day_pnl), signed_money(&status.total_pnl));
    rows.push((
        "profit",
        format!("day {day} {currency}, total {total} {currency}"),
    ));
    let (p50, p99) = (micros(latency.p50_us), micros(latency.p99_us));
    rows.push((
        "tick to order",
        format!("p50 {p50}, p99 {p99} of {}", count(latency.count)),
    ));
    let mut lines = facts(&rows);
    if !status.plugins.is_empty() {
        lines.push(String::new());
        lines.extend(tallies(&status.plugins));
    }
    lines
}

/// The trading state and what the operator did to it.
fn trading(desk: &Desk) -> String {
    let mut text = desk.trading_state.clone();
    if desk.latch != "running" && desk.reasons.is_empty() {
        text.push_str(&format!(
            ", {} by the operator: {}",
            desk.latch, desk.latch_reason
        ));
    }
    if !desk.reasons.is_empty() {
        text.push_str(&format!(" ({})", desk.reasons.join("; ")));
    }
    text
}

pub(super) fn tallies(plugins: &[PluginTally]) -> Lines {
    let mut table = Table::new(&[
        "PLUGIN",
        ">INTENTS",
        ">ORDERS",
        ">FILLS",
        ">DENIED",
        ">DAY P&L",
        ">TOTAL P&L",
    ]);
    for tally in plugins {
        table.row([
            tally.plugin.clone(),
            count(tally.intents),
            count(tally.orders),
            count(tally.fills),
            count(tally.denials.values().sum()),
            signed_money(&tally.day_pnl),
            signed_money(&tally.total_pnl),
        ]);
    }
    table.lines()
}

pub(super) fn session(session: &Session) -> Lines {
    let mut rows = vec![
        (
            "phase",
            format!("{} since {}", session.phase, date_time(session.since_at.as_ref())),
        ),
        (
            "gateway",
            format!("{}, client id {}", session.address, session.client_id),
        ),
        ("server version", session.server_version.to_string()),
        ("accounts", session.accounts.join(", ")),
        (
            "IB behind it",
            format!(
                "{} since {}",
                if session.upstream { "connected" } else { "LOST" },
                date_time(session.upstream_since_at.as_ref())
            ),
        ),
        ("last heartbeat", date_time(session.last_heartbeat_at.as_ref())),
        ("sessions", format!("{} since the start", session.sessions)),
    ];
    rows.extend(Some(("detail", session.detail.clone())).filter(|(_, detail)| !detail.is_empty()));
    if let Some(since) = &session.competing_since_at {
        let text = "another session of the same user has the data (10197) since";
        rows.push(("market data", format!("{text} {}", date_time(Some(since)))));
    }
    if session.attempts > 0 {
        rows.push(("attempts", format!("{} since it was last up", session.attempts)));
    }
    if !session.last_error.is_empty() {
        rows.push(("last error", session.last_error.clone()));
    }
    let mut lines = facts(&rows);
    let mut table = Table::new(&[
        "MARKET DATA",
        "STATE",
        "ASKED FOR",
        "FIRST TICK",
        "LAST TICK",
        ">AGE",
    ]);
    for row in &session.subscriptions {
        table.row([
            row.instrument.clone(),
            row.state.clone(),
            time_of_day(row.requested_at.as_ref()),
            time_of_day(row.first_tick_at.as_ref()),
            time_of_day(row.last_tick_at.as_ref()),
            millis(row.last_tick_age_ms),
        ]);
    }
    if !session.proofs.is_empty() {
        lines.push(String::new());
        lines.extend(proofs(&session.proofs));
    }
    if !session.farms.is_empty() {
        lines.push(String::new());
        lines.extend(farms(&session.farms));
    }
    lines.push(String::new());
    lines.extend(table_or(
        &table,
        session.subscriptions.is_empty(),
        "no market data is subscribed",
    ));
    lines
}

fn proofs(proofs: &[Condition]) -> Lines {
    let mut table = Table::new(&["PROOF", "HELD", ">AGE", "WHY", "WHAT TO DO"]);
    for proof in proofs {
        table.row([
            proof.name.clone(),
            if proof.ok { "yes" } else { "NO" }.to_owned(),
            millis(proof.age_ms),
            proof.reason.clone(),
            proof.fix.clone(),
        ]);
    }
    table.lines()
}

fn farms(farms: &[Farm]) -> Lines {
    let mut table = Table::new(&["DATA FARM", "SERVES", "STATE", "SINCE", ">AGE"]);
    for farm in farms {
        let healthy = matches!(farm.state.as_str(), "up" | "idle");
        table.row([
            farm.name.clone(),
            farm.kind.replace('_', " "),
            if healthy {
                farm.state.clone()
            } else {
                farm.state.to_uppercase()
            },
            time_of_day(farm.since_at.as_ref()),
            millis(farm.age_ms),
        ]);
    }
    table.lines()
}

pub(super) fn plugins(plugins: &[Plugin]) -> Lines {
    let headings = [
        "NAME",
        "KIND",
        "STATE",
        "VERSION",
        ">CALLS",
        ">FAILURES",
        ">RESTARTS",
        "LAST FAILURE",
    ];
    let mut table = Table::new(&headings);
    for plugin in plugins {
        table.row([
            plugin.name.clone(),
            plugin.kind.clone(),
            plugin.state.clone(),
            plugin.version.clone(),
            count(plugin.calls),
            count(plugin.failures),
            count(plugin.restarts),
            plugin.last_failure.clone(),
        ]);
    }
    let mut lines = table_or(&table, plugins.is_empty(), "no plugin is configured");
    for plugin in plugins {
        let imports = plugin.imports.join(", ");
        lines.push(clean(&format!("{} can reach: {imports}", plugin.name)));
    }
    lines
}

pub(super) fn orders(orders: &[Order]) -> Lines {
    let headings = [
        ">ID",
        "PLUGIN",
        "INSTRUMENT",
        "SIDE",
        ">QUANTITY",
        ">FILLED",
        "KIND",
        ">LIMIT",
        ">STOP",
        "TIF",
        "STATE",
        "CHANGED",
        "ORIGIN",
        "REASON",
    ];
    let mut table = Table::new(&headings);
    for order in orders {
        table.row([
            order.order_id.to_string(),
            order.plugin.clone(),
            order.instrument.clone(),
            order.side.clone(),
            order.quantity.clone(),
            order.filled.clone(),
            order.kind.clone(),
            or_dash(order.limit.as_deref().map(price)),
            or_dash(order.stop.as_deref().map(price)),
            order.time_in_force.clone(),
            order.state.clone(),
            time_of_day(order.changed_at.as_ref()),
            order.origin.clone(),
            order.reason.clone().unwrap_or_default(),
        ]);
    }
    table_or(&table, orders.is_empty(), "no orders")
}

pub(super) fn discrepancies(rows: &[Discrepancy]) -> Lines {
    let headings = ["NAME", "INSTRUMENT", "OWNER", ">AGE", "STANDS", "DETAIL"];
    let mut table = Table::new(&headings);
    for row in rows {
        table.row([
            row.name.clone(),
            or_dash(row.instrument.clone()),
            row.owner.clone(),
            duration(row.age_s),
            match (&row.accepted_by, row.confirmed) {
                (Some(user), _) => format!("accepted by {user}"),
                (None, true) => "open".to_owned(),
                (None, false) => "looked at again".to_owned(),
            },
            row.detail.clone(),
        ]);
    }
    let mut lines = table_or(&table, rows.is_empty(), "ours and the broker's books agree");
    let open = rows.iter().filter(|row| row.accepted_by.is_none());
    lines.extend(open.map(|row| clean(&format!("{}: {}", row.name, row.fix))));
    lines
}

pub(super) fn fills(fills: &[Fill]) -> Lines {
    let headings = [
        "TIME",
        "PLUGIN",
        "INSTRUMENT",
        "SIDE",
        ">QUANTITY",
        ">PRICE",
        ">FEES",
        ">ORDER",
        "EXECUTION",
    ];
    let mut table = Table::new(&headings);
    for fill in fills {
        table.row([
            time_of_day(fill.recorded_at.as_ref()),
            if fill.plugin.is_empty() {
                "(elsewhere)".to_owned()
            } else {
                fill.plugin.clone()
            },
            fill.instrument.clone(),
            fill.side.clone(),
            fill.quantity.clone(),
            price(&fill.price),
            or_dash(fill.commission.as_deref().map(price)),
            fill.order_id.to_string(),
            fill.exec_id.clone(),
        ]);
    }
    table_or(&table, fills.is_empty(), "no fills")
}

pub(super) fn positions(positions: &Positions) -> Lines {
    let headings = [
        "PLUGIN",
        "INSTRUMENT",
        ">SIZE",
        ">AVERAGE",
        ">REALIZED",
        ">FEES",
        ">UNREALIZED",
        "CURRENCY",
        "NOTE",
    ];
    let mut ours = Table::new(&headings);
    for row in &positions.plugins {
        ours.row([
            row.plugin.clone(),
            row.instrument.clone(),
            row.size.clone(),
            price(&row.average_price),
            signed_money(&row.realized),
            price(&row.fees),
            or_dash(row.unrealized.as_deref().map(signed_money)),
            or_dash(row.currency.clone()),
            match row.fills_without_commission {
                0 => String::new(),
                waiting => format!("provisional: {waiting} fills without a cost"),
            },
        ]);
    }
    let mut theirs = Table::new(&["ACCOUNT", "INSTRUMENT", ">SIZE", ">AVERAGE COST"]);
    for row in &positions.broker {
        theirs.row([
            row.account.clone(),
            row.instrument.clone(),
            row.size.clone(),
            price(&row.average_cost),
        ]);
    }
    let mut lines = table_or(&ours, positions.plugins.is_empty(), "no plugin holds anything");
    lines.push(String::new());
    let nothing = "the account held nothing at the last reconciliation";
    lines.extend(table_or(&theirs, positions.broker.is_empty(), nothing));
    lines
}

pub(super) fn account(rows: &[AccountValue]) -> Lines {
    let mut table = Table::new(&["ACCOUNT", "VALUE OF", ">AMOUNT", "CURRENCY"]);
    for row in rows {
        table.row([
            row.account.clone(),
            row.tag.clone(),
            row.value.clone(),
            row.currency.clone(),
        ]);
    }
    table_or(&table, rows.is_empty(), "the account summary has not come yet")
}

pub(super) fn instruments(rows: &[Instrument]) -> Lines {
    let headings = [
        "NAME",
        "TYPE",
        "EXCHANGE",
        ">BID SIZE",
        ">BID",
        ">ASK",
        ">ASK SIZE",
        "CURRENCY",
        ">AGE",
        "NOTE",
    ];
    let mut table = Table::new(&headings);
    for row in rows {
        let note = match (row.con_id, row.delayed) {
            (None, _) => "not resolved",
            (Some(_), true) => "delayed data",
            (Some(_), false) => "",
        };
        table.row([
            row.name.clone(),
            row.security_type.clone(),
            row.exchange.clone(),
            row.bid_size.clone(),
            or_dash(row.bid.as_deref().map(price)),
            or_dash(row.ask.as_deref().map(price)),
            row.ask_size.clone(),
            row.currency.clone(),
            millis(row.quote_age_ms),
            note.to_owned(),
        ]);
    }
    table_or(&table, rows.is_empty(), "no instrument is configured")
}

pub(super) fn events(events: &[LogEvent]) -> Lines {
    let mut table = Table::new(&["TIME", "KIND", "WHAT"]);
    for event in events {
        table.row([
            time_of_day(event.at.as_ref()),
            event.kind.clone(),
            event.text.clone(),
        ]);
    }
    table_or(&table, events.is_empty(), "nothing happened yet")
}

pub(super) fn readiness(readiness: &Readiness) -> Lines {
    let mut table = Table::new(&["", "CONDITION", ">AGE", "REASON"]);
    for condition in &readiness.conditions {
        table.row([
            if condition.ok { "ok" } else { "NO" }.to_owned(),
            condition.name.clone(),
            millis(condition.age_ms),
            condition.reason.clone(),
        ]);
    }
    let mut lines = table.lines();
    let unmet = readiness.conditions.iter().filter(|condition| !condition.ok);
    lines.extend(unmet.map(|condition| clean(&format!("{}: {}", condition.name, condition.fix))));
    lines
}
