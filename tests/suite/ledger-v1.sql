-- A ledger of version 1 as the first release wrote it, with a few orders and fills of 2020.
PRAGMA page_size = 1024;
PRAGMA application_id = 0x4d4f4f52;
PRAGMA user_version = 1;
CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

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

CREATE TABLE commissions (
    exec_id     TEXT    NOT NULL PRIMARY KEY,
    recorded_at INTEGER NOT NULL,
    amount      TEXT    NOT NULL,
    currency    TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

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

CREATE TABLE latches (
    number INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    latch  TEXT    NOT NULL,
    reason TEXT    NOT NULL
) STRICT;

CREATE TABLE admin_actions (
    number  INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    uid     INTEGER NOT NULL,
    user    TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    detail  TEXT    NOT NULL,
    outcome TEXT    NOT NULL
) STRICT;

CREATE TABLE write_probe (
    id     INTEGER PRIMARY KEY,
    filler BLOB NOT NULL
) STRICT;

INSERT INTO meta (key, value) VALUES ('created_by', 'moored 0.1.0');
INSERT INTO orders VALUES (1, 1, 'ema-cross', 'AAPL', 265598, 'buy', 'limit', 100000000000, NULL, 'DAY', 10000000000, 'moored:ema-cross:1', 0, 'filled', 0, 10000000000, 900001, NULL, 0, 1577975400000000000, 1577975401000000000);
INSERT INTO order_events VALUES (1, 1, 1577975400000000000, 'placed', 10000000000, 100000000000, NULL, NULL, NULL, NULL, NULL);
INSERT INTO order_events VALUES (1, 2, 1577975401000000000, 'state', NULL, NULL, NULL, 'filled', 10000000000, 900001, NULL);
INSERT INTO executions VALUES (1, '0000aaaa.00000001.01.01', '0000aaaa.00000001.01', 1, 0, 1577975401000000000, 'ema-cross', 1, 7, 900001, 'moored:ema-cross:1', 'AAPL', 265598, 'buy', 10000000000, 100000000000, 10000000000, '20200102 09:30:00 US/Eastern');
INSERT INTO commissions VALUES ('0000aaaa.00000001.01.01', 1577975401000000000, '1.00', 'USD');
INSERT INTO orders VALUES (2, 2, 'ema-cross', 'AAPL', 265598, 'sell', 'limit', 101000000000, NULL, 'DAY', 10000000000, 'moored:ema-cross:2', 0, 'filled', 0, 10000000000, 900002, NULL, 0, 1577975460000000000, 1577975461000000000);
INSERT INTO order_events VALUES (2, 1, 1577975460000000000, 'placed', 10000000000, 101000000000, NULL, NULL, NULL, NULL, NULL);
INSERT INTO order_events VALUES (2, 2, 1577975461000000000, 'state', NULL, NULL, NULL, 'filled', 10000000000, 900002, NULL);
INSERT INTO executions VALUES (2, '0000aaaa.00000002.01.01', '0000aaaa.00000002.01', 1, 0, 1577975461000000000, 'ema-cross', 2, 7, 900002, 'moored:ema-cross:2', 'AAPL', 265598, 'sell', 10000000000, 101000000000, 10000000000, '20200102 09:30:01 US/Eastern');
INSERT INTO commissions VALUES ('0000aaaa.00000002.01.01', 1577975461000000000, '1.00', 'USD');
INSERT INTO orders VALUES (3, 3, 'ema-cross', 'AAPL', 265598, 'buy', 'limit', 99000000000, NULL, 'DAY', 7000000000, 'moored:ema-cross:3', 0, 'filled', 0, 7000000000, 900003, NULL, 0, 1577975520000000000, 1577975521000000000);
INSERT INTO order_events VALUES (3, 1, 1577975520000000000, 'placed', 7000000000, 99000000000, NULL, NULL, NULL, NULL, NULL);
INSERT INTO order_events VALUES (3, 2, 1577975521000000000, 'state', NULL, NULL, NULL, 'filled', 7000000000, 900003, NULL);
INSERT INTO executions VALUES (3, '0000aaaa.00000003.01.01', '0000aaaa.00000003.01', 1, 0, 1577975521000000000, 'ema-cross', 3, 7, 900003, 'moored:ema-cross:3', 'AAPL', 265598, 'buy', 7000000000, 99000000000, 7000000000, '20200102 09:30:02 US/Eastern');
INSERT INTO commissions VALUES ('0000aaaa.00000003.01.01', 1577975521000000000, '1.00', 'USD');
INSERT INTO orders VALUES (4, 4, 'ema-cross', 'AAPL', 265598, 'sell', 'limit', 98000000000, NULL, 'DAY', 7000000000, 'moored:ema-cross:4', 0, 'filled', 0, 7000000000, 900004, NULL, 0, 1577975580000000000, 1577975581000000000);
INSERT INTO order_events VALUES (4, 1, 1577975580000000000, 'placed', 7000000000, 98000000000, NULL, NULL, NULL, NULL, NULL);
INSERT INTO order_events VALUES (4, 2, 1577975581000000000, 'state', NULL, NULL, NULL, 'filled', 7000000000, 900004, NULL);
INSERT INTO executions VALUES (4, '0000aaaa.00000004.01.01', '0000aaaa.00000004.01', 1, 0, 1577975581000000000, 'ema-cross', 4, 7, 900004, 'moored:ema-cross:4', 'AAPL', 265598, 'sell', 7000000000, 98000000000, 7000000000, '20200102 09:30:03 US/Eastern');
INSERT INTO commissions VALUES ('0000aaaa.00000004.01.01', 1577975581000000000, '1.00', 'USD');
INSERT INTO denials VALUES (1, 1577975400000000000, 9, 'ema-cross', 40, 'max_quantity', 1, 2, NULL);
INSERT INTO latches VALUES (1, 1577975400000000000, 'running', 'the first day');
INSERT INTO admin_actions VALUES (1, 1577975400000000000, 0, 'root', 'resume', 'the first day', 'done: resumed');
