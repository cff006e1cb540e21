//! The tables, and how a ledger of an older version becomes one of this version.
//!
//! Conventions: prices and quantities are INTEGER in 1e-9 of a unit; money is decimal TEXT, because it has
//! 128 bits; times are INTEGER nanoseconds since 1970 (UTC); unsigned 64-bit numbers are stored with the same
//! bits as signed ones; states, sides and kinds are the words of the API. Instruments and plugins are stored
//! by name, because their indices change with the configuration.

use rusqlite::Connection;

use crate::crash_point::{self, Step};

/// Marks a SQLite file as a ledger: "MOOR" in ASCII.
pub(super) const APPLICATION_ID: i32 = 0x4d4f_4f52;

/// Forward only: entry `n` takes a ledger from version `n` to version `n + 1`. Entries that were released
/// never change.
const MIGRATIONS: [&str; 2] = [VERSION_1, VERSION_2];

/// The version this program writes.
pub(super) const VERSION: i32 = MIGRATIONS.len() as i32;

const VERSION_1: &str = "
-- Facts about the file itself: created_by.
CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Each order as it was last sent, and where it stands. The largest order_id and client_order_id are the
-- high-water marks.
CREATE TABLE orders (
    order_id         INTEGER PRIMARY KEY,
    client_order_id  INTEGER NOT NULL,
    plugin           TEXT    NOT NULL,
    instrument       TEXT    NOT NULL,
    con_id           INTEGER,
    side             TEXT    NOT NULL,
    kind             TEXT    NOT NULL,
    limit_price      INTEGER,
    stop_price       INTEGER,
    time_in_force    TEXT    NOT NULL,
    quantity         INTEGER NOT NULL,
    order_ref        TEXT    NOT NULL,
    tag              INTEGER NOT NULL,
    state            TEXT    NOT NULL,
    open             INTEGER NOT NULL,
    filled           INTEGER NOT NULL,
    perm_id          INTEGER NOT NULL,
    reason           TEXT,
    cancel_requested INTEGER NOT NULL,
    accepted_at      INTEGER NOT NULL,
    changed_at       INTEGER NOT NULL
) STRICT;
-- No index beside the key: each is one more page written before every order, and only a start reads by them.

-- Everything that happened to an order, numbered within the order; nothing here is ever changed.
CREATE TABLE order_events (
    order_id    INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    event       TEXT    NOT NULL,
    quantity    INTEGER,
    limit_price INTEGER,
    stop_price  INTEGER,
    state       TEXT,
    filled      INTEGER,
    perm_id     INTEGER,
    reason      TEXT,
    PRIMARY KEY (order_id, number)
) STRICT, WITHOUT ROWID;

-- Fills. A correction is a row of its own with the same family and a higher revision; the row it replaces
-- stays, marked.
CREATE TABLE executions (
    number      INTEGER PRIMARY KEY,
    exec_id     TEXT    NOT NULL UNIQUE,
    family      TEXT    NOT NULL,
    revision    INTEGER NOT NULL,
    superseded  INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    plugin      TEXT    NOT NULL,
    order_id    INTEGER NOT NULL,
    client_id   INTEGER NOT NULL,
    perm_id     INTEGER NOT NULL,
    order_ref   TEXT    NOT NULL,
    instrument  TEXT,
    con_id      INTEGER NOT NULL,
    side        TEXT    NOT NULL,
    size        INTEGER NOT NULL,
    price       INTEGER NOT NULL,
    cumulative  INTEGER NOT NULL,
    time        TEXT    NOT NULL
) STRICT;
CREATE INDEX executions_family ON executions (family, revision);

-- What a fill cost.
CREATE TABLE commissions (
    exec_id     TEXT    NOT NULL PRIMARY KEY,
    recorded_at INTEGER NOT NULL,
    amount      TEXT    NOT NULL,
    currency    TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- The gate's refusals.
CREATE TABLE denials (
    number          INTEGER PRIMARY KEY,
    at              INTEGER NOT NULL,
    client_order_id INTEGER NOT NULL,
    plugin          TEXT    NOT NULL,
    code            INTEGER NOT NULL,
    reason          TEXT    NOT NULL,
    limit_value     INTEGER NOT NULL,
    value           INTEGER NOT NULL,
    denied_by       TEXT
) STRICT;

-- Each position of the operator's latch; the last one holds.
CREATE TABLE latches (
    number INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    latch  TEXT    NOT NULL,
    reason TEXT    NOT NULL
) STRICT;

-- What operators did, with the user id of whoever did it.
CREATE TABLE admin_actions (
    number  INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    uid     INTEGER NOT NULL,
    user    TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    detail  TEXT    NOT NULL,
    outcome TEXT    NOT NULL
) STRICT;

-- Rewritten to learn whether the ledger can be written.
CREATE TABLE write_probe (
    id     INTEGER PRIMARY KEY,
    filler BLOB NOT NULL
) STRICT;
";

const VERSION_2: &str = "
-- Numbers the ledger keeps about itself. order_id_floor, client_order_id_floor: ids up to these were used,
-- though their orders may not be here (pruned, or younger than a restored backup).
CREATE TABLE marks (
    name  TEXT    NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A start does not fold all fills ever recorded: what those up to a number add up to. The one with base = 1
-- replaces the fills that were deleted.
CREATE TABLE checkpoints (
    upto INTEGER PRIMARY KEY,
    at   INTEGER NOT NULL,
    base INTEGER NOT NULL
) STRICT;

-- Who held what at a checkpoint, by the names of the time. cost and realized are before the contract's multiplier.
CREATE TABLE checkpoint_positions (
    upto       INTEGER NOT NULL,
    plugin     TEXT    NOT NULL,
    instrument TEXT    NOT NULL,
    con_id     INTEGER NOT NULL,
    size       INTEGER NOT NULL,
    cost       TEXT    NOT NULL,
    realized   TEXT    NOT NULL,
    fees       TEXT    NOT NULL,
    PRIMARY KEY (upto, plugin, instrument, con_id)
) STRICT, WITHOUT ROWID;

-- Backups that were written and verified: rows may be deleted for their age only when one of these has them.
CREATE TABLE backups (
    number INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    path   TEXT    NOT NULL,
    bytes  INTEGER NOT NULL,
    sha256 TEXT    NOT NULL,
    upto   INTEGER NOT NULL
) STRICT;

-- A start reads the open orders: few, whatever the age of the ledger, so this index is one small page.
CREATE INDEX orders_open ON orders (order_id) WHERE open = 1;
";

/// Takes a ledger of version `from` to this version, one transaction a step: a crash leaves a whole version.
pub(super) fn migrate(connection: &Connection, from: i32) -> rusqlite::Result<()> {
    let from = usize::try_from(from).unwrap_or(0);
    for (step, migration) in MIGRATIONS.iter().enumerate().skip(from) {
        let transaction = connection.unchecked_transaction()?;
        transaction.execute_batch(migration)?;
        if step == 0 {
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.execute(
                "INSERT INTO meta (key, value) VALUES ('created_by', ?1)",
                [concat!("moored ", env!("CARGO_PKG_VERSION"))],
            )?;
        }
        transaction.pragma_update(None, "user_version", step as i32 + 1)?;
        if from > 0 {
            crash_point::reach(Step::MigrationUncommitted);
        }
        transaction.commit()?;
        if from > 0 {
            crash_point::reach(Step::MigrationCommitted);
        }
    }
    Ok(())
}
