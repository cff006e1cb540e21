//! Records into rows: one batch is one transaction, and a failure leaves nothing of it.

use rusqlite::{Connection, ErrorCode, params};

use super::error::{AppendError, AppendErrorKind};
use super::names::Names;
use super::positions::Covering;
use crate::desk::record::{AcceptedRecord, ExecutionRecord, OrderStateRecord, Record};
use crate::domain::money::Money;
use crate::domain::order::{ClientOrderId, OrderId};
use crate::domain::report::Commission;
use crate::domain::time::Timestamp;
use crate::orders::lifecycle::OrderState;
use crate::orders::placement::Placement;
use crate::risk::denial::Denial;

/// The largest commission kept, in whole units of a currency: what decimal text is read back from.
const LARGEST_AMOUNT: i128 = 100_000_000_000_000_000_000;

/// Why a batch was not written.
#[derive(Debug)]
pub(super) enum WriteError {
    /// SQLite said no.
    Sqlite(rusqlite::Error),
    /// The record cannot be kept.
    Invalid(String),
}

impl From<rusqlite::Error> for WriteError {
    fn from(error: rusqlite::Error) -> Self {
        WriteError::Sqlite(error)
    }
}

impl WriteError {
    /// In the words of the ledger's caller.
    pub(super) fn describe(self, path: &std::path::Path) -> AppendError {
        let path = path.display();
        let error = match self {
            WriteError::Invalid(text) => {
                return AppendError {
                    kind: AppendErrorKind::Invalid,
                    text,
                };
            }
            WriteError::Sqlite(error) => error,
        };
        let kind = kind_of(&error);
        let advice = match kind {
            AppendErrorKind::Full => "free space on its file system",
            AppendErrorKind::ReadOnly => {
                "its file system or the file became read-only; make it writable again"
            }
            AppendErrorKind::Busy => "another process holds it locked; close what has it open for writing",
            AppendErrorKind::Io => "the disk failed; check the kernel's log",
            AppendErrorKind::Corrupt => {
                "the file is damaged; stop, keep it for examination, restore a backup"
            }
            AppendErrorKind::Moved | AppendErrorKind::Invalid | AppendErrorKind::Other => {
                "check the disk and the file's owner and mode"
            }
        };
        AppendError {
            kind,
            text: format!("{path}: {error}; {advice}"),
        }
    }
}

fn kind_of(error: &rusqlite::Error) -> AppendErrorKind {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => AppendErrorKind::Full,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => AppendErrorKind::ReadOnly,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => AppendErrorKind::Busy,
        Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => AppendErrorKind::Io,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => AppendErrorKind::Corrupt,
        Some(ErrorCode::ConstraintViolation) => AppendErrorKind::Invalid,
        _ => AppendErrorKind::Other,
    }
}

/// Runs `body` in a transaction that is committed whole or not at all.
pub(super) fn in_transaction(
    connection: &Connection,
    body: impl FnOnce(&Connection) -> Result<(), WriteError>,
) -> Result<(), WriteError> {
    // A rollback that failed with the disk is made up for here, before anything new is begun.
    roll_back(connection)?;
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let outcome = body(connection).and_then(|()| {
        connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    });
    if outcome.is_err() {
        // What went wrong is in `outcome`; a failure here is met again, and told, by the next transaction.
        let _ = roll_back(connection);
    }
    outcome
}

/// Ends the transaction that is open, if one is: SQLite rolls back by itself after some errors and not after
/// others.
fn roll_back(connection: &Connection) -> rusqlite::Result<()> {
    if connection.is_autocommit() {
        return Ok(());
    }
    connection.execute_batch("ROLLBACK")
}

/// Writes one record; the caller has begun a transaction.
pub(super) fn write_record(
    connection: &Connection,
    names: &Names,
    covering: &Covering,
    at: Timestamp,
    record: &Record,
) -> Result<(), WriteError> {
    match record {
        Record::Placed(placement) => write_placement(connection, names, at, "placed", placement),
        Record::Replaced(placement) => write_placement(connection, names, at, "replaced", placement),
        Record::CancelRequested { order_id } => write_cancel(connection, at, *order_id),
        Record::OrderState(state) => write_order_state(connection, at, state),
        Record::Executed(execution) => write_execution(connection, names, covering, at, execution),
        Record::Commissioned(commission) => write_commission(connection, covering, at, commission),
        Record::Denied {
            client_order_id,
            plugin,
            denial,
        } => write_denial(connection, names, at, *client_order_id, plugin, denial),
        Record::Latched { latch, reason } => {
            let sql = "INSERT INTO latches (at, latch, reason) VALUES (?1, ?2, ?3)";
            connection
                .prepare_cached(sql)?
                .execute(params![bits(at.nanos()), latch.as_str(), reason])?;
            Ok(())
        }
        Record::Accepted(accepted) => write_acceptance(connection, at, accepted),
        Record::Admin {
            requester,
            action,
            detail,
            outcome,
        } => {
            let sql = "INSERT INTO admin_actions (at, uid, user, action, detail, outcome)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let (at, uid, user) = (bits(at.nanos()), requester.uid, &requester.user);
            connection
                .prepare_cached(sql)?
                .execute(params![at, uid, user, action, detail, outcome])?;
            Ok(())
        }
    }
}

/// What a start has to know of an accepted difference, beside the row that says who did what.
pub(super) const ACCEPTED: &str = "discrepancy_accepted";

fn write_acceptance(
    connection: &Connection,
    at: Timestamp,
    record: &AcceptedRecord,
) -> Result<(), WriteError> {
    let detail = serde_json::json!({
        "name": record.name,
        "instrument": record.instrument,
        "con_id": record.con_id,
        "difference": record.difference.to_string(),
        "reason": record.reason,
    });
    let sql = "INSERT INTO admin_actions (at, uid, user, action, detail, outcome)
               VALUES (?1, ?2, ?3, ?4, ?5, 'recorded')";
    connection.prepare_cached(sql)?.execute(params![
        bits(at.nanos()),
        record.uid,
        record.user,
        ACCEPTED,
        detail.to_string()
    ])?;
    Ok(())
}

/// Unsigned to signed, bit by bit: SQLite's integers are signed.
pub(super) const fn bits(value: u64) -> i64 {
    value.cast_signed()
}

/// The order's row is made by the first placement and changed by the next ones; one that is written again
/// after a failure changes nothing. An id that belongs to another order is refused, because overwriting an
/// order would forget it.
fn write_placement(
    connection: &Connection,
    names: &Names,
    at: Timestamp,
    event: &str,
    placement: &Placement,
) -> Result<(), WriteError> {
    let Some((instrument, con_id)) = names.instrument(placement.instrument) else {
        let (order, index) = (placement.order_id.0, placement.instrument.0);
        let text =
            format!("order {order} is in instrument number {index}, and the ledger was opened with fewer");
        return Err(WriteError::Invalid(text));
    };
    let sql = "
        INSERT INTO orders (
            order_id, client_order_id, plugin, instrument, con_id, side, kind, limit_price, stop_price,
            time_in_force, quantity, order_ref, tag, state, open, filled, perm_id, cancel_requested,
            accepted_at, changed_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 1, 0, 0, 0, ?15, ?15)
        ON CONFLICT (order_id) DO UPDATE SET
            plugin = excluded.plugin, instrument = excluded.instrument, con_id = excluded.con_id,
            side = excluded.side, kind = excluded.kind, limit_price = excluded.limit_price,
            stop_price = excluded.stop_price, time_in_force = excluded.time_in_force,
            quantity = excluded.quantity, order_ref = excluded.order_ref, tag = excluded.tag,
            changed_at = excluded.changed_at
        WHERE client_order_id = excluded.client_order_id";
    let limit = placement.kind.limit().map(|price| price.nanos());
    let stop = placement.kind.stop().map(|price| price.nanos());
    let changed = connection.prepare_cached(sql)?.execute(params![
        placement.order_id.0,
        bits(placement.client_order_id.0),
        placement.plugin_name,
        instrument,
        con_id,
        placement.side.as_str(),
        placement.kind.as_str(),
        limit,
        stop,
        placement.time_in_force.as_str(),
        placement.quantity.nanos(),
        placement.order_ref,
        bits(placement.tag),
        OrderState::PendingNew.as_str(),
        bits(at.nanos()),
    ])?;
    let (order, client) = (placement.order_id.0, placement.client_order_id.0);
    if changed == 0 {
        let text = format!("order id {order} belongs to another order than client order id {client}");
        return Err(WriteError::Invalid(text));
    }
    let sql = "
        INSERT INTO order_events (order_id, number, at, event, quantity, limit_price, stop_price)
        VALUES (?1, (SELECT COALESCE(MAX(number), 0) + 1 FROM order_events WHERE order_id = ?1),
                ?2, ?3, ?4, ?5, ?6)";
    connection.prepare_cached(sql)?.execute(params![
        order,
        bits(at.nanos()),
        event,
        placement.quantity.nanos(),
        limit,
        stop
    ])?;
    Ok(())
}

fn write_cancel(connection: &Connection, at: Timestamp, order_id: OrderId) -> Result<(), WriteError> {
    let sql = "UPDATE orders SET cancel_requested = 1, changed_at = ?2 WHERE order_id = ?1";
    connection
        .prepare_cached(sql)?
        .execute(params![order_id.0, bits(at.nanos())])?;
    let sql = "
        INSERT INTO order_events (order_id, number, at, event)
        VALUES (?1, (SELECT COALESCE(MAX(number), 0) + 1 FROM order_events WHERE order_id = ?1),
                ?2, 'cancel_requested')";
    connection
        .prepare_cached(sql)?
        .execute(params![order_id.0, bits(at.nanos())])?;
    Ok(())
}

/// A permanent id once known is not forgotten: some of the broker's messages leave it out.
fn write_order_state(
    connection: &Connection,
    at: Timestamp,
    record: &OrderStateRecord,
) -> Result<(), WriteError> {
    let sql = "
        UPDATE orders SET state = ?2, open = ?3, filled = ?4,
        perm_id = CASE ?5 WHEN 0 THEN perm_id ELSE ?5 END,
                          reason = ?6, changed_at = ?7
        WHERE order_id = ?1";
    let (state, filled) = (record.state.as_str(), record.filled.nanos());
    connection.prepare_cached(sql)?.execute(params![
        record.order_id.0,
        state,
        !record.state.is_final(),
        filled,
        record.perm_id,
        record.reason,
        bits(at.nanos()),
    ])?;
    let sql = "
        INSERT INTO order_events (order_id, number, at, event, state, filled, perm_id, reason)
        VALUES (?1, (SELECT COALESCE(MAX(number), 0) + 1 FROM order_events WHERE order_id = ?1),
                ?2, 'state', ?3, ?4, ?5, ?6)";
    connection.prepare_cached(sql)?.execute(params![
        record.order_id.0,
        bits(at.nanos()),
        state,
        filled,
        record.perm_id,
        record.reason,
    ])?;
    Ok(())
}

/// The family and the revision of an execution id: a correction differs from what it corrects in the last dotted part
/// only, two digits, and the higher number holds.
pub(super) fn family(exec_id: &str) -> (&str, u32) {
    let numbered = exec_id.rsplit_once('.').and_then(|(family, last)| {
        let digits = last.len() == 2 && last.bytes().all(|byte| byte.is_ascii_digit());
        let revision = last.parse::<u32>().ok().filter(|_| digits)?;
        Some((family, revision))
    });
    numbered.unwrap_or((exec_id, 0))
}

/// Told twice, a fill stays one row with the time of its first telling; what a later telling leaves out is
/// kept. Of one family only the highest revision counts, in whichever order they come.
fn write_execution(
    connection: &Connection,
    names: &Names,
    covering: &Covering,
    at: Timestamp,
    record: &ExecutionRecord,
) -> Result<(), WriteError> {
    let execution = &record.execution;
    let instrument = match execution.instrument {
        None => None,
        Some(id) => Some(names.instrument(id).map(|(name, _)| name).ok_or_else(|| {
            let (fill, index) = (&execution.exec_id, id.0);
            WriteError::Invalid(format!(
                "execution {fill} is in instrument number {index}, and the ledger was opened with fewer"
            ))
        })?),
    };
    let (family, revision) = family(&execution.exec_id);
    let sql = "
        INSERT INTO executions (
            exec_id, family, revision, superseded,
            recorded_at, plugin, order_id, client_id, perm_id, order_ref, instrument, con_id, side, size,
            price, cumulative, time)
        VALUES (
            ?1, ?2, ?3, EXISTS (SELECT 1 FROM executions WHERE family = ?2 AND revision > ?3),
            ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
        ON CONFLICT (exec_id) DO UPDATE SET
            plugin = CASE excluded.plugin WHEN '' THEN plugin ELSE excluded.plugin END,
            instrument = COALESCE(excluded.instrument, instrument),
            order_id = excluded.order_id, client_id = excluded.client_id, perm_id = excluded.perm_id,
            order_ref = excluded.order_ref, con_id = excluded.con_id, side = excluded.side,
            size = excluded.size, price = excluded.price, cumulative = excluded.cumulative,
            time = excluded.time
        RETURNING number";
    let mut statement = connection.prepare_cached(sql)?;
    let number = statement.query_row(
        params![
            execution.exec_id,
            family,
            revision,
            bits(at.nanos()),
            record.plugin,
            execution.order_id.0,
            execution.client_id,
            execution.perm_id,
            execution.order_ref,
            instrument,
            execution.con_id,
            execution.side.as_str(),
            execution.size.nanos(),
            execution.price.nanos(),
            execution.cumulative.nanos(),
            execution.time,
        ],
        |row| row.get::<_, i64>(0),
    )?;
    covering.touched(connection, number)?;
    if covering.any() {
        let sql = "SELECT COALESCE(MIN(number), ?2) FROM executions WHERE family = ?1";
        let mut statement = connection.prepare_cached(sql)?;
        let oldest: i64 = statement.query_row(params![family, number], |row| row.get(0))?;
        covering.touched(connection, oldest)?;
    }
    let sql = "UPDATE executions SET superseded = 1 WHERE family = ?1 AND revision < ?2 AND superseded = 0";
    connection
        .prepare_cached(sql)?
        .execute(params![family, revision])?;
    Ok(())
}

/// Told twice, a commission is the last one told: IB corrects it under the same execution id.
fn write_commission(
    connection: &Connection,
    covering: &Covering,
    at: Timestamp,
    commission: &Commission,
) -> Result<(), WriteError> {
    let amount = commission.amount;
    if amount.abs() >= Money::from_nanos(LARGEST_AMOUNT * 1_000_000_000) {
        let fill = &commission.exec_id;
        let text = format!("the commission {amount} of execution {fill} is beyond what the ledger keeps");
        return Err(WriteError::Invalid(text));
    }
    let sql = "
        INSERT INTO commissions (exec_id, recorded_at, amount, currency) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (exec_id) DO UPDATE SET amount = excluded.amount, currency = excluded.currency";
    connection.prepare_cached(sql)?.execute(params![
        commission.exec_id,
        bits(at.nanos()),
        amount.to_string(),
        commission.currency,
    ])?;
    if covering.any() {
        let sql = "SELECT MIN(number) FROM executions WHERE family = ?1";
        let mut statement = connection.prepare_cached(sql)?;
        let (family, _) = family(&commission.exec_id);
        let number: Option<i64> = statement.query_row([family], |row| row.get(0))?;
        covering.touched(connection, number.unwrap_or(i64::MAX))?;
    }
    Ok(())
}

fn write_denial(
    connection: &Connection,
    names: &Names,
    at: Timestamp,
    client_order_id: ClientOrderId,
    plugin: &str,
    denial: &Denial,
) -> Result<(), WriteError> {
    let sql = "
        INSERT INTO denials (at, client_order_id, plugin, code, reason, limit_value, value, denied_by)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    connection.prepare_cached(sql)?.execute(params![
        bits(at.nanos()),
        bits(client_order_id.0),
        plugin,
        denial.code.number(),
        denial.code.as_str(),
        denial.limit,
        denial.value,
        denial.by.map(|by| names.plugins.plugin(by)),
    ])?;
    Ok(())
}
