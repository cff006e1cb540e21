#!/usr/bin/env bash
# Runs the main job: the simulated gateway, the daemon under it, plugins trading, and a view of it.
# Usage: scripts/demo.sh SEED [SECONDS]; without SECONDS it is live until Ctrl-C.
set -euo pipefail
cd "$(dirname "$0")/.."

seed=$1
seconds=${2:-}
bin=$CARGO_TARGET_DIR/debug
run=$(mktemp -d "${TMPDIR:-/tmp}/moored-demo.XXXXXX")
log=$run/log

export MOORED__PLUGIN_DIR=$CARGO_TARGET_DIR/plugins
export MOORED__CACHE_DIR=$CARGO_TARGET_DIR/plugin-cache
export MOORED__LEDGER__PATH=$run/ledger.db
export MOORED__ADMIN__SOCKET=$run/admin.sock

"$bin/sim-gateway" --seed "$seed" --listen 127.0.0.1:0 --tick-rate 200 -- "$bin/moored" --config config/demo.toml >"$log" 2>&1 &
market=$!
finish() {
    kill -TERM "$market" 2>/dev/null || true
    wait "$market" 2>/dev/null || true
    rm -rf "$run"
}
trap finish EXIT

for _ in $(seq 100); do
    [[ -S $MOORED__ADMIN__SOCKET ]] && break
    if ! kill -0 "$market" 2>/dev/null; then
        echo "the daemon did not start:" >&2
        cat "$log" >&2
        exit 1
    fi
    sleep 0.1
done

ctl=("$bin/moorctl" --socket "$MOORED__ADMIN__SOCKET")
if [[ -n $seconds ]]; then
    "${ctl[@]}" summary --seconds "$seconds" || {
        code=$?
        echo "last lines of the log:" >&2
        tail -n 20 "$log" >&2
        exit "$code"
    }
else
    trap : INT
    "${ctl[@]}" watch || true
fi
