//! Queries for people, on connections of their own: they see what is committed and hold nobody up.

use std::path::PathBuf;

use rusqlite::{Connection, OpenFlags, Row, params};
use serde::Serialize;

use super::error::ReadError;
use crate::domain::money::{Price, Quantity};
use crate::domain::time::Timestamp;

/// Most rows of one answer.
const MOST_ROWS: u32 = 1000;

/// Which part of a list, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// At most this many rows; never more than 1000.
    pub limit: u32,
    /// Only rows before this number (order id, or the row's `number`); from the newest without it.
    pub before: Option<i64>,
}

/// An order as it was last sent, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderRow {
    /// The API order id; the page's cursor.
    pub order_id: i32,
    /// The owner's name for it.
    pub client_order_id: u64,
    /// Whose.
    pub plugin: String,
    /// In what, by name.
    pub instrument: String,
    /// `buy` or `sell`.
    pub side: String,
    /// `market`, `limit`, `stop`, `stop_limit`.
    pub kind: String,
    /// The limit, if it has one.
    pub limit_price: Option<Price>,
    /// The trigger, if it has one.
    pub stop_price: Option<Price>,
    /// IB's name of it.
    pub time_in_force: String,
    /// Total quantity.
    pub quantity: Quantity,
    /// The owner tag carried at IB.
    pub order_ref: String,
    /// The owner's mark.
    pub tag: u64,
    /// Its last known state.
    pub state: String,
    /// Filled so far.
    pub filled: Quantity,
    /// IB's permanent id, zero while unknown.
    pub perm_id: i64,
    /// The last reason given for its state.
    pub reason: Option<String>,
    /// Whether a cancel was asked for.
    pub cancel_requested: bool,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// Something that happened to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderEventRow {
    /// Its number within the order, from 1.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// `placed`, `replaced`, `cancel_requested`, `state`.
    pub event: String,
    /// The quantity placed.
    pub quantity: Option<Quantity>,
    /// The limit placed.
    pub limit_price: Option<Price>,
    /// The trigger placed.
    pub stop_price: Option<Price>,
    /// The state reached.
    pub state: Option<String>,
    /// Filled so far.
    pub filled: Option<Quantity>,
    /// IB's permanent id.
    pub perm_id: Option<i64>,
    /// Why.
    pub reason: Option<String>,
}

/// A fill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExecutionRow {
    /// The row's number; the page's cursor.
    pub number: i64,
    /// IB's execution id.
    pub exec_id: String,
    /// Whether a correction took its place.
    pub superseded: bool,
    /// When the ledger learned of it.
    pub recorded_at: Timestamp,
    /// Whose; empty for orders made elsewhere.
    pub plugin: String,
    /// Which order.
    pub order_id: i32,
    /// IB's permanent id of the order.
    pub perm_id: i64,
    /// In what, by name; `None` where it was not configured.
    pub instrument: Option<String>,
    /// IB's contract id.
    pub con_id: i32,
    /// `buy` or `sell`.
    pub side: String,
    /// How much.
    pub size: Quantity,
    /// At what price.
    pub price: Price,
    /// Filled so far with this one.
    pub cumulative: Quantity,
    /// The exchange's time, as IB words it.
    pub time: String,
    /// What it cost, as decimal text, once told.
    pub commission: Option<String>,
    /// The currency of the cost.
    pub currency: Option<String>,
}

/// A refusal of the gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DenialRow {
    /// The row's number; the page's cursor.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// Of what.
    pub client_order_id: u64,
    /// Who had asked.
    pub plugin: String,
    /// The denial's stable number.
    pub code: u32,
    /// The same in words.
    pub reason: String,
    /// The limit, in the units of the check.
    pub limit_value: i64,
    /// The value that met it.
    pub value: i64,
    /// The risk plugin that said it, if one did.
    pub denied_by: Option<String>,
}

/// Something an operator did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdminActionRow {
    /// The row's number; the page's cursor.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// Whose Unix user id.
    pub uid: u32,
    /// The user's name, where the system had one.
    pub user: String,
    /// Which command.
    pub action: String,
    /// Its arguments and reason.
    pub detail: String,
    /// What came of it.
    pub outcome: String,
}

/// Answers queries; each opens a read-only connection for itself, so a reader can be cloned and sent
/// anywhere. The calls read the disk: not for a thread that must not wait.
#[derive(Debug, Clone)]
pub struct LedgerReader {
    path: PathBuf,
}

impl LedgerReader {
    pub(super) fn new(path: PathBuf) -> Self {
        LedgerReader { path }
    }

    /// Orders, newest id first.
    pub fn orders(&self, page: Page) -> Result<Vec<OrderRow>, ReadError> {
        let sql = "
            SELECT order_id, client_order_id, plugin, instrument, side, kind, limit_price, stop_price,
                   time_in_force, quantity, order_ref, tag, state, filled, perm_id, reason,
                   cancel_requested, accepted_at, changed_at
            FROM orders WHERE order_id < ?1 ORDER BY order_id DESC LIMIT ?2";
        self.page(sql, page, order_row)
    }

    /// Everything that happened to one order, oldest first.
    pub fn order_events(&self, order_id: i32) -> Result<Vec<OrderEventRow>, ReadError> {
        let sql = "
            SELECT number, at, event, quantity, limit_price, stop_price, state, filled, perm_id, reason
            FROM order_events WHERE order_id = ?1 ORDER BY number LIMIT ?2";
        self.query(sql, i64::from(order_id), MOST_ROWS, |row| {
            Ok(OrderEventRow {
                number: row.get(0)?,
                at: time(row, 1)?,
                event: row.get(2)?,
                quantity: row.get::<_, Option<i64>>(3)?.map(Quantity::from_nanos),
                limit_price: row.get::<_, Option<i64>>(4)?.map(Price::from_nanos),
                stop_price: row.get::<_, Option<i64>>(5)?.map(Price::from_nanos),
                state: row.get(6)?,
                filled: row.get::<_, Option<i64>>(7)?.map(Quantity::from_nanos),
                perm_id: row.get(8)?,
                reason: row.get(9)?,
            })
        })
    }

    /// Fills with what they cost, the latest recorded first; superseded ones are marked.
    pub fn executions(&self, page: Page) -> Result<Vec<ExecutionRow>, ReadError> {
        let sql = "
            SELECT e.number, e.exec_id, e.superseded, e.recorded_at, e.plugin, e.order_id, e.perm_id,
                   e.instrument, e.con_id, e.side, e.size, e.price, e.cumulative, e.time, c.amount, c.currency
            FROM executions e LEFT JOIN commissions c ON c.exec_id = e.exec_id
            WHERE e.number < ?1 ORDER BY e.number DESC LIMIT ?2";
        self.page(sql, page, execution_row)
    }

    /// The gate's refusals, latest first.
    pub fn denials(&self, page: Page) -> Result<Vec<DenialRow>, ReadError> {
        let sql = "
            SELECT number, at, client_order_id, plugin, code, reason, limit_value, value, denied_by
            FROM denials WHERE number < ?1 ORDER BY number DESC LIMIT ?2";
        self.page(sql, page, |row| {
            Ok(DenialRow {
                number: row.get(0)?,
                at: time(row, 1)?,
                client_order_id: row.get::<_, i64>(2)?.cast_unsigned(),
                plugin: row.get(3)?,
                code: row.get(4)?,
                reason: row.get(5)?,
                limit_value: row.get(6)?,
                value: row.get(7)?,
                denied_by: row.get(8)?,
            })
        })
    }

    /// What operators did, latest first.
    pub fn admin_actions(&self, page: Page) -> Result<Vec<AdminActionRow>, ReadError> {
        let sql = "
            SELECT number, at, uid, user, action, detail, outcome
            FROM admin_actions WHERE number < ?1 ORDER BY number DESC LIMIT ?2";
        self.page(sql, page, |row| {
            Ok(AdminActionRow {
                number: row.get(0)?,
                at: time(row, 1)?,
                uid: row.get(2)?,
                user: row.get(3)?,
                action: row.get(4)?,
                detail: row.get(5)?,
                outcome: row.get(6)?,
            })
        })
    }

    fn page<T>(
        &self,
        sql: &str,
        page: Page,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, ReadError> {
        self.query(
            sql,
            page.before.unwrap_or(i64::MAX),
            page.limit.min(MOST_ROWS),
            read,
        )
    }

    fn query<T>(
        &self,
        sql: &str,
        key: i64,
        limit: u32,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, ReadError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let rows = || {
            let connection = Connection::open_with_flags(&self.path, flags)?;
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map(params![key, limit], read)?;
            rows.collect::<rusqlite::Result<Vec<T>>>()
        };
        rows().map_err(|source| ReadError {
            path: self.path.clone(),
            source,
        })
    }
}

fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    let bits: i64 = row.get(column)?;
    Ok(Timestamp::from_nanos(bits.cast_unsigned()))
}

fn order_row(row: &Row<'_>) -> rusqlite::Result<OrderRow> {
    Ok(OrderRow {
        order_id: row.get(0)?,
        client_order_id: row.get::<_, i64>(1)?.cast_unsigned(),
        plugin: row.get(2)?,
        instrument: row.get(3)?,
        side: row.get(4)?,
        kind: row.get(5)?,
        limit_price: row.get::<_, Option<i64>>(6)?.map(Price::from_nanos),
        stop_price: row.get::<_, Option<i64>>(7)?.map(Price::from_nanos),
        time_in_force: row.get(8)?,
        quantity: Quantity::from_nanos(row.get(9)?),
        order_ref: row.get(10)?,
        tag: row.get::<_, i64>(11)?.cast_unsigned(),
        state: row.get(12)?,
        filled: Quantity::from_nanos(row.get(13)?),
        perm_id: row.get(14)?,
        reason: row.get(15)?,
        cancel_requested: row.get(16)?,
        accepted_at: time(row, 17)?,
        changed_at: time(row, 18)?,
    })
}

fn execution_row(row: &Row<'_>) -> rusqlite::Result<ExecutionRow> {
    Ok(ExecutionRow {
        number: row.get(0)?,
        exec_id: row.get(1)?,
        superseded: row.get(2)?,
        recorded_at: time(row, 3)?,
        plugin: row.get(4)?,
        order_id: row.get(5)?,
        perm_id: row.get(6)?,
        instrument: row.get(7)?,
        con_id: row.get(8)?,
        side: row.get(9)?,
        size: Quantity::from_nanos(row.get(10)?),
        price: Price::from_nanos(row.get(11)?),
        cumulative: Quantity::from_nanos(row.get(12)?),
        time: row.get(13)?,
        commission: row.get(14)?,
        currency: row.get(15)?,
    })
}
