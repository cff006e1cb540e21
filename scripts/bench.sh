#!/usr/bin/env bash
# Measures the daemon beside a bare client: latency, throughput, memory, start, recovery.
# Usage: scripts/bench.sh [PART…]; BENCH_PROFILE=dev|release|dist chooses the build, dist being what is shipped.
set -euo pipefail
cd "$(dirname "$0")/.."

profile=${BENCH_PROFILE:-dist}
case $profile in
    dev) folder=debug ;;
    release | dist) folder=$profile ;;
    *)
        echo "bench: BENCH_PROFILE is dev, release or dist, not $profile" >&2
        exit 1
        ;;
esac
target=${CARGO_TARGET_DIR:-target}

echo "== building with profile $profile (the first time takes some minutes)"
cargo build --locked --profile "$profile" -p moored -p sim-gateway -p bench
exec "$target/$folder/bench" "$@"
