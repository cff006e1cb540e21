#!/usr/bin/env bash
# The long runs under failure. Prints the seeds, what each run did and how long it took; the last line is the sum.
#
#   scripts/faults.sh [PART…]     all parts, or these
#
# Parts: random-kills (kill -9 at random moments under load), gateway-kills (the same, the gateway failing in half of
# them), sweep (kill -9 at every numbered step, at several of the times it is reached), disk (a disk that fails),
# catalogue (every row of the fault catalogue), simulation (the desk without sockets, FAULTS_EVENTS events a seed).
#
# FAULTS_SEEDS="1 2 3" chooses the seeds, FAULTS_KILLS=250 the kills of each. A failing seed is run alone with
#   FAULTS_SEEDS=17 scripts/faults.sh gateway-kills
set -uo pipefail
cd "$(dirname "$0")/.."

seeds=${FAULTS_SEEDS:-1 2 3 4}
kills=${FAULTS_KILLS:-250}
events=${FAULTS_EVENTS:-1000000}
logs=${FAULTS_LOGS:-$(mktemp -d)}
began=$SECONDS
failed=()
runs=0

# Runs one test of the suite under a name, with these variables; shows what it printed of itself.
run() {
    local name=$1 test=$2
    shift 2
    local started=$SECONDS log
    log="$logs/${name// /-}.log"
    runs=$((runs + 1))
    if env "$@" cargo test --workspace --test suite --locked -- --nocapture "$test" >"$log" 2>&1; then
        printf 'ok      %-28s %4d s  ' "$name" $((SECONDS - started))
    else
        printf 'FAILED  %-28s %4d s  ' "$name" $((SECONDS - started))
        failed+=("$name")
    fi
    grep -aE '^[0-9]+ kills' "$log" | tr '\n' ';'
    printf ' (%s)\n' "$log"
}

random_kills() {
    local seed
    for seed in $seeds; do
        run "random-kills seed $seed" crash::killed_at_random \
            MOORED_CRASH_SEED="$seed" MOORED_CRASH_KILLS="$kills"
    done
}

gateway_kills() {
    local seed
    for seed in $seeds; do
        run "gateway-kills seed $seed" crash::killed_while_the_gateway \
            MOORED_CRASH_SEED="$seed" MOORED_CRASH_KILLS="$kills"
    done
}

sweep() {
    run "sweep" crash_sweep:: MOORED_CRASH_NTH=1,2,3,5,8
}

disk() {
    run "disk" ledger_failures::
}

catalogue() {
    local started=$SECONDS log="$logs/catalogue.log"
    runs=$((runs + 1))
    if CATALOGUE=all cargo test --workspace --test catalogue --locked >"$log" 2>&1; then
        printf 'ok      %-28s %4d s  ' catalogue $((SECONDS - started))
    else
        printf 'FAILED  %-28s %4d s  ' catalogue $((SECONDS - started))
        failed+=(catalogue)
    fi
    grep -aE '^catalogue:' "$log" | tr '\n' ';'
    printf ' (%s)\n' "$log"
}

simulation() {
    local seed started log
    for seed in $seeds; do
        started=$SECONDS
        log="$logs/simulation-$seed.log"
        runs=$((runs + 1))
        if "${CARGO_TARGET_DIR:-target}/debug/simulation" --seed "$seed" --events "$events" \
            --trace "$logs/simulation-$seed.trace" >"$log" 2>&1; then
            printf 'ok      %-28s %4d s  ' "simulation seed $seed" $((SECONDS - started))
        else
            printf 'FAILED  %-28s %4d s  ' "simulation seed $seed" $((SECONDS - started))
            failed+=("simulation seed $seed")
        fi
        tail -n 1 "$log" | tr '\n' ';'
        printf ' (%s)\n' "$log"
    done
}

for part in "${@:-random-kills gateway-kills sweep disk catalogue simulation}"; do
    for one in $part; do
        case $one in
            random-kills) random_kills ;;
            gateway-kills) gateway_kills ;;
            sweep) sweep ;;
            disk) disk ;;
            catalogue) catalogue ;;
            simulation) simulation ;;
            *)
                echo "faults: no part is called $one; see the head of $0" >&2
                exit 2
                ;;
        esac
    done
done
minutes=$(((SECONDS - began + 59) / 60))
echo "faults: $runs runs, seeds $seeds, $kills kills a seed, $minutes minutes, ${#failed[@]} failed${failed[*]:+: ${failed[*]}}"
[ ${#failed[@]} -eq 0 ]
