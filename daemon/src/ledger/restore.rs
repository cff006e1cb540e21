//! Rows back into what the desk starts with.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, Row};

use super::error::OpenError;
use super::names::Names;
use super::positions;
use super::write::family;
use crate::desk::record::{AcceptedRecord, ExecutionRecord, Memory, RememberedExecution, RememberedOrder};
use crate::domain::instrument::InstrumentId;
use crate::domain::money::{Money, Price, Quantity};
use crate::domain::order::{ClientOrderId, OrderId, OrderKind, Side, TimeInForce};
use crate::domain::report::Execution;
use crate::domain::time::Timestamp;
use crate::domain::trading_state::Latch;
use crate::orders::lifecycle::OrderState;
use crate::orders::placement::Placement;

/// Reads everything the desk must not have forgotten.
pub(super) fn restore(connection: &Connection, path: &Path, names: &Names) -> Result<Memory, OpenError> {
    let sqlite = |source: rusqlite::Error| super::open_error(path, "read the rows", source);
    let (highest_order_id, highest_client_order_id) = high_water_marks(connection).map_err(sqlite)?;
    Ok(Memory {
        open_orders: open_orders(connection, path, names)?,
        positions: positions::held(connection, path, names)?,
        executions: executions(connection, path, names)?,
        latch: latch(connection, path)?,
        accepted: accepted(connection, path)?,
        highest_order_id,
        highest_client_order_id,
    })
}

/// Derived, so they can never be behind the orders; a floor stands for orders that are no longer here. The desk numbers
/// its own orders in a range far above the plugins', and does not count: the mark is that of the plugins.
fn high_water_marks(connection: &Connection) -> rusqlite::Result<(i32, u64)> {
    let sql = "
        SELECT MAX(COALESCE((SELECT MAX(order_id) FROM orders), 0),
                   COALESCE((SELECT value FROM marks WHERE name = 'order_id_floor'), 0)),
               MAX(COALESCE((SELECT MAX(client_order_id) FROM orders WHERE client_order_id BETWEEN 0 AND ?1), 0),
                   COALESCE((SELECT value FROM marks WHERE name = 'client_order_id_floor'), 0))";
    let last_of_plugins = ClientOrderId::FIRST_OF_DESK.cast_signed() - 1;
    connection.query_row(sql, [last_of_plugins], |row| {
        Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()))
    })
}

/// An order that the broker called filled before its executions came is not settled: the fills are still to be
/// counted. The broker tells of a day's, so what is older than the last change by more is left alone, and nothing but
/// the newest orders is looked at, because a ledger holds years.
const UNSETTLED: Duration = Duration::from_secs(24 * 60 * 60);

fn open_orders(
    connection: &Connection,
    path: &Path,
    names: &Names,
) -> Result<Vec<RememberedOrder>, OpenError> {
    let sql = "
        WITH newest AS (
            SELECT order_id, state, filled, quantity, changed_at FROM orders ORDER BY order_id DESC LIMIT 10000)
        SELECT order_id, client_order_id, plugin, instrument, con_id, side, kind, limit_price, stop_price,
               time_in_force, quantity, order_ref, tag, state, filled, perm_id, cancel_requested
        FROM orders WHERE order_id IN (
            SELECT order_id FROM orders WHERE open = 1
            UNION
            SELECT order_id FROM newest WHERE state = 'filled' AND filled < quantity
                AND changed_at > (SELECT MAX(changed_at) FROM newest) - ?1)
        ORDER BY order_id";
    let sqlite = |source: rusqlite::Error| super::open_error(path, "read the open orders", source);
    let mut statement = connection.prepare(sql).map_err(sqlite)?;
    let mut rows = statement.query([UNSETTLED.as_nanos() as i64]).map_err(sqlite)?;
    let mut orders = Vec::new();
    while let Some(row) = rows.next().map_err(sqlite)? {
        let order_id: i32 = row.get(0).map_err(sqlite)?;
        let place = format!("order {order_id}");
        let (name, con_id) = named_instrument(row, 3, 4).map_err(sqlite)?;
        let Some(instrument) = names.instrument_id(&name, con_id) else {
            let instrument = match con_id {
                Some(con_id) => format!("{name} (contract id {con_id})"),
                None => name,
            };
            return Err(OpenError::OpenOrderInUnknownInstrument {
                order_id: OrderId(order_id),
                plugin: row.get(2).map_err(sqlite)?,
                instrument,
            });
        };
        let order = remembered_order(row, names, instrument).map_err(sqlite)?;
        orders.push(order.ok_or_else(|| unknown_word(path, &place))?);
    }
    Ok(orders)
}

fn named_instrument(row: &Row<'_>, name: usize, con_id: usize) -> rusqlite::Result<(String, Option<i32>)> {
    Ok((row.get(name)?, row.get(con_id)?))
}

/// `None` if a word in the row is not one of ours.
fn remembered_order(
    row: &Row<'_>,
    names: &Names,
    instrument: InstrumentId,
) -> rusqlite::Result<Option<RememberedOrder>> {
    let plugin_name: String = row.get(2)?;
    let words = (
        side(row.get_ref(5)?.as_str()?),
        kind(row.get_ref(6)?.as_str()?, row.get(7)?, row.get(8)?),
        time_in_force(row.get_ref(9)?.as_str()?),
        OrderState::parse(row.get_ref(13)?.as_str()?),
    );
    let (Some(side), Some(kind), Some(time_in_force), Some(state)) = words else {
        return Ok(None);
    };
    let placement = Placement {
        order_id: OrderId(row.get(0)?),
        client_order_id: ClientOrderId(row.get::<_, i64>(1)?.cast_unsigned()),
        plugin: names.plugins.id(&plugin_name),
        plugin_name,
        instrument,
        side,
        kind,
        time_in_force,
        quantity: Quantity::from_nanos(row.get(10)?),
        order_ref: row.get(11)?,
        tag: row.get::<_, i64>(12)?.cast_unsigned(),
    };
    Ok(Some(RememberedOrder {
        placement,
        state,
        filled: Quantity::from_nanos(row.get(14)?),
        perm_id: row.get(15)?,
        cancel_requested: row.get(16)?,
    }))
}

/// The fills, each with the last commission told of it or of what it corrects. A correction has the place and the time of the
/// fill that it corrects, so that a start counts as the running desk did.
pub(super) const FILLS: &str = "
    SELECT e.exec_id,
           (SELECT f.recorded_at FROM executions f WHERE f.family = e.family ORDER BY f.number LIMIT 1),
           e.plugin, e.order_id, e.client_id, e.perm_id, e.order_ref,
           e.instrument, e.con_id, e.side, e.size, e.price, e.cumulative, e.time,
           COALESCE(
               (SELECT c.amount FROM commissions c
                WHERE c.exec_id > e.family || '.' AND c.exec_id < e.family || '/'
                    AND length(c.exec_id) = length(e.family) + 3
                ORDER BY c.exec_id DESC LIMIT 1),
               (SELECT c.amount FROM commissions c WHERE c.exec_id = e.exec_id)),
           (SELECT MIN(f.number) FROM executions f WHERE f.family = e.family) AS place
    FROM executions e
    WHERE e.superseded = 0";

/// Every fill that counts and that no checkpoint has added up, oldest first. Those in
/// an instrument that is no longer configured stay in the ledger and come back with the instrument; the desk
/// could do nothing with them.
fn executions(
    connection: &Connection,
    path: &Path,
    names: &Names,
) -> Result<Vec<RememberedExecution>, OpenError> {
    let sql = format!(
        "{FILLS} AND e.number > (SELECT COALESCE(MAX(upto), 0) FROM checkpoints)
             AND place > (SELECT COALESCE(MAX(upto), 0) FROM checkpoints)
         ORDER BY place"
    );
    let sqlite = |source: rusqlite::Error| super::open_error(path, "read the executions", source);
    let mut statement = connection.prepare(&sql).map_err(sqlite)?;
    let mut rows = statement.query([]).map_err(sqlite)?;
    let mut executions = Vec::new();
    let mut left_out = 0_u64;
    while let Some(row) = rows.next().map_err(sqlite)? {
        let name: Option<String> = row.get(7).map_err(sqlite)?;
        let con_id: i32 = row.get(8).map_err(sqlite)?;
        let instrument = name
            .as_deref()
            .map(|name| names.instrument_id(name, Some(con_id)));
        if instrument == Some(None) {
            left_out += 1;
            continue;
        }
        let execution = remembered_execution(row, instrument.flatten()).map_err(sqlite)?;
        let place = || row.get(0).map(|id: String| format!("execution {id}"));
        match execution {
            Some(execution) => executions.push(execution),
            None => return Err(unknown_word(path, &place().map_err(sqlite)?)),
        }
    }
    if left_out > 0 {
        tracing::warn!(
            executions = left_out,
            path = %path.display(),
            "the ledger holds executions in instruments that are not configured; they are kept but not \
             counted: put the instruments back into the configuration if positions in them matter"
        );
    }
    Ok(executions)
}

/// The fill of this id's family that counts, if a checkpoint has added it up, so that a start did not read it.
pub(super) fn covered_execution(
    connection: &Connection,
    names: &Names,
    exec_id: &str,
    upto: i64,
) -> rusqlite::Result<Option<RememberedExecution>> {
    let sql = format!("{FILLS} AND e.family = ?1 AND place <= ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(rusqlite::params![family(exec_id).0, upto])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (name, con_id): (Option<String>, i32) = (row.get(7)?, row.get(8)?);
    let instrument = name.and_then(|name| names.instrument_id(&name, Some(con_id)));
    remembered_execution(row, instrument)
}

/// `None` if a word in the row is not one of ours.
fn remembered_execution(
    row: &Row<'_>,
    instrument: Option<InstrumentId>,
) -> rusqlite::Result<Option<RememberedExecution>> {
    let amount: Option<String> = row.get(14)?;
    let commission = amount.map(|text| text.parse::<Money>()).transpose();
    let (Some(side), Ok(commission)) = (side(row.get_ref(9)?.as_str()?), commission) else {
        return Ok(None);
    };
    let execution = Execution {
        exec_id: row.get(0)?,
        order_id: OrderId(row.get(3)?),
        client_id: row.get(4)?,
        perm_id: row.get(5)?,
        order_ref: row.get(6)?,
        con_id: row.get(8)?,
        instrument,
        side,
        size: Quantity::from_nanos(row.get(10)?),
        price: Price::from_nanos(row.get(11)?),
        cumulative: Quantity::from_nanos(row.get(12)?),
        time: row.get(13)?,
    };
    let record = ExecutionRecord {
        execution,
        plugin: row.get(2)?,
    };
    let recorded = Timestamp::from_nanos(row.get::<_, i64>(1)?.cast_unsigned());
    Ok(Some(RememberedExecution {
        record,
        recorded,
        commission,
    }))
}

fn latch(connection: &Connection, path: &Path) -> Result<Option<(Latch, String)>, OpenError> {
    let sql = "SELECT latch, reason FROM latches ORDER BY number DESC LIMIT 1";
    let last = connection.query_row(sql, [], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)));
    match last {
        Ok((word, reason)) => match Latch::parse(&word) {
            Some(latch) => Ok(Some((latch, reason))),
            None => Err(unknown_word(path, "the latch")),
        },
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
        Err(source) => Err(super::open_error(path, "read the latch", source)),
    }
}

/// The differences that operators accepted, oldest first.
fn accepted(connection: &Connection, path: &Path) -> Result<Vec<AcceptedRecord>, OpenError> {
    let sqlite = |source: rusqlite::Error| super::open_error(path, "read the accepted differences", source);
    let sql = "SELECT uid, user, detail FROM admin_actions WHERE action = ?1 ORDER BY number";
    let mut statement = connection.prepare(sql).map_err(sqlite)?;
    let rows = statement.query_map([super::write::ACCEPTED], |row| {
        Ok((
            row.get::<_, u32>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, String>(2)?,
        ))
    });
    let mut accepted = Vec::new();
    for row in rows.map_err(sqlite)? {
        let (uid, user, detail) = row.map_err(sqlite)?;
        let record = acceptance(uid, user, &detail);
        accepted.push(record.ok_or_else(|| unknown_word(path, "an accepted difference"))?);
    }
    Ok(accepted)
}

fn acceptance(uid: u32, user: String, detail: &str) -> Option<AcceptedRecord> {
    let detail: serde_json::Value = serde_json::from_str(detail).ok()?;
    let text = |key: &str| Some(detail.get(key)?.as_str()?.to_owned());
    let con_id = detail.get("con_id").and_then(serde_json::Value::as_i64);
    Some(AcceptedRecord {
        name: text("name")?,
        instrument: text("instrument")?,
        con_id: con_id.and_then(|id| i32::try_from(id).ok()),
        difference: text("difference")?.parse().ok()?,
        uid,
        user,
        reason: text("reason")?,
    })
}

fn unknown_word(path: &Path, place: &str) -> OpenError {
    OpenError::Corrupt {
        path: path.to_owned(),
        text: format!("{place} holds a word this program does not know"),
    }
}

pub(super) fn side(word: &str) -> Option<Side> {
    [Side::Buy, Side::Sell]
        .into_iter()
        .find(|side| side.as_str() == word)
}

fn time_in_force(word: &str) -> Option<TimeInForce> {
    let all = [TimeInForce::Day, TimeInForce::Gtc, TimeInForce::Ioc];
    all.into_iter().find(|known| known.as_str() == word)
}

/// A kind whose prices are missing is no kind.
fn kind(word: &str, limit: Option<i64>, stop: Option<i64>) -> Option<OrderKind> {
    let limit = limit.map(Price::from_nanos);
    let stop = stop.map(Price::from_nanos);
    match (word, limit, stop) {
        ("market", _, _) => Some(OrderKind::Market),
        ("limit", Some(limit), _) => Some(OrderKind::Limit { limit }),
        ("stop", _, Some(stop)) => Some(OrderKind::Stop { stop }),
        ("stop_limit", Some(limit), Some(stop)) => Some(OrderKind::StopLimit { stop, limit }),
        _ => None,
    }
}
