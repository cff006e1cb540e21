#!/usr/bin/env bash
# Proves systemd/moored.service on a systemd that really booted: a Debian in a container without a network,
# with the daemon installed as a package would install it and the simulated gateway beside it.
#
#   scripts/systemd-test.sh
#
# Needs root, debootstrap and systemd-nspawn, and the binaries and plugins in $CARGO_TARGET_DIR (`make
# systemd-test` builds them). The system is downloaded once and kept in $CARGO_TARGET_DIR/systemd-root; each
# run works on a copy.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}
base=$target/systemd-root
bin=$target/debug
# How long a start may take: the first one compiles the plugins, and a build for debugging is slow at it.
patience=150

say() { printf '== %s\n' "$*"; }
pass() { printf '   ok: %s\n' "$*"; }
fail() {
    printf 'FAILED: %s\n' "$*" >&2
    if [[ -n ${leader:-} ]]; then
        inside systemctl status --no-pager --full moored >&2 || true
        inside journalctl --no-pager -u moored -n 40 >&2 || true
    fi
    exit 1
}

((EUID == 0)) || { echo "systemd-test: a container can only be booted as root" >&2; exit 1; }
for needed in "$bin/moored" "$bin/moorctl" "$bin/sim-gateway" "$target/plugins"; do
    [[ -e $needed ]] || { echo "systemd-test: no $needed; run make systemd-test" >&2; exit 1; }
done

# --- the system, downloaded once ---

if [[ ! -d $base ]]; then
    suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")
    say "downloading Debian $suite into $base"
    rm -rf --one-file-system "$base.partial"
    parts=systemd,systemd-sysv,dbus
    debootstrap --variant=minbase --include=$parts "$suite" "$base.partial" >"$base.log" 2>&1 || {
        tail -n 20 "$base.log" >&2
        exit 1
    }
    mv "$base.partial" "$base"
fi

# --- a copy of it, with Moored installed ---

run=$(mktemp -d "${TMPDIR:-/tmp}/moored-systemd.XXXXXX")
tree=$run/tree
nspawn=
leader=
finish() {
    if [[ -n $nspawn ]]; then
        # Ends the container and everything in it, however it is.
        [[ -z $leader ]] || kill -KILL "$leader" 2>/dev/null || true
        kill -TERM "$nspawn" 2>/dev/null || true
        wait "$nspawn" 2>/dev/null || true
    fi
    rm -rf --one-file-system "$run"
}
trap finish EXIT

cp -a --reflink=auto "$base" "$tree"
install -d "$tree/etc/moored/conf.d" "$tree/usr/lib/moored/plugins" "$tree/usr/lib/sysusers.d"
install -m 755 "$bin/moored" "$bin/moorctl" "$bin/sim-gateway" "$tree/usr/bin"
install -m 644 "$target"/plugins/*.wasm "$tree/usr/lib/moored/plugins"
install -m 644 config/moored.toml "$tree/etc/moored/moored.toml"
install -m 644 config/demo.toml "$tree/etc/moored/conf.d/50-demo.toml"
install -m 644 systemd/moored.sysusers "$tree/usr/lib/sysusers.d/moored.conf"
install -m 644 systemd/moored.service "$tree/usr/lib/systemd/system/moored.service"
cat >"$tree/etc/systemd/system/market.service" <<'UNIT'
[Unit]
Description=Simulated gateway
[Service]
ExecStart=/usr/bin/sim-gateway --seed 7 --listen 127.0.0.1:4002 --tick-rate 100
UNIT

# --- booting it, and reaching into it ---

inside() {
    nsenter --target "$leader" --mount --uts --ipc --net --pid \
        env -C / -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"
}
property() { inside systemctl show --value -p "$1" "${2:-moored}"; }
is() { [[ $(property "$1") == "$2" ]]; }
# await SECONDS WHAT COMMAND…: until the command succeeds.
await() {
    local deadline=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < deadline)) || fail "$what: not in time"
        sleep 0.2
    done
}
journal_says() { # journal_says TEXT [journalctl's arguments]
    local text=$1
    shift
    inside journalctl --no-pager -q -u moored -o cat "$@" | grep -F -- "$text"
}
ready() { inside moorctl ready; }
number() { inside moorctl --json status | grep -oE "\"$1\": ?[0-9]+" | head -n 1 | grep -oE '[0-9]+$'; }
has_traded() { (($(number fills) > 0)); }

boot() {
    say "booting"
    local options=(--quiet --boot --private-network --register=no --directory="$tree" --machine=moored-test)
    # Where no systemd runs there is nobody to ask for a scope.
    [[ -d /run/systemd/system ]] || options+=(--keep-unit)
    systemd-nspawn "${options[@]}" >"$run/console" 2>&1 </dev/null &
    nspawn=$!
    await 30 "the container's first process" first_process
    leader=$(pgrep -P "$nspawn" | head -n 1)
    await 60 "boot" is_booted
    pass "$(inside systemctl --version | head -n 1) is up: $(inside systemctl is-system-running || true)"
    inside systemd-sysusers
    inside systemctl daemon-reload
    inside systemctl start market
}
first_process() { [[ -n $(pgrep -P "$nspawn") ]]; }
is_booted() {
    case $(inside systemctl is-system-running) in
        running | degraded) return 0 ;;
        *) return 1 ;;
    esac
}

# --- what is proved ---

unit_is_well_formed() {
    say "the unit"
    local unit=/usr/lib/systemd/system/moored.service complaints
    complaints=$(inside systemd-analyze verify --man=no "$unit" 2>&1) || fail "verify: $complaints"
    [[ -z $complaints ]] || fail "verify: $complaints"
    pass "systemd-analyze verify has nothing to say"
    pass "$(inside systemd-analyze security --no-pager moored.service | tail -n 1 | sed 's/^[^A-Z]*//')"
}

# A daemon that is held before it is ready leaves the unit starting, however long.
active_only_once_ready() {
    say "active only once ready"
    inside systemctl start --no-block moored
    # Its process is systemd's own until that has become the daemon.
    inside bash -c 'until pid=$(systemctl show --value -p MainPID moored) && ((pid)) &&
        [[ $(</proc/$pid/comm) == moored ]]; do :; done; kill -STOP $pid'
    is SubState start || fail "the daemon was not held before it was ready: $(property SubState)"
    sleep 3
    is ActiveState activating || fail "$(property ActiveState) though the daemon could not have said READY"
    ! journal_says "moored stands" >/dev/null || fail "it stood before it was held"
    pass "activating while the daemon is held"
    inside systemctl kill --kill-whom=main --signal=CONT moored
    await "$patience" "active" is ActiveState active
    journal_says "moored stands" >/dev/null || fail "active, but it does not stand"
    local started stood
    started=$(property ExecMainStartTimestampMonotonic) stood=$(property ActiveEnterTimestampMonotonic)
    pass "active after $((stood - started)) µs"
    await 60 "a status text" status_is_shown
    pass "Status: $(property StatusText)"
}
status_is_shown() {
    is StatusText active && inside systemctl status --no-pager moored | grep 'Status: "active"'
}

trades_under_the_hardening() {
    say "trades under the hardening"
    await 60 "ready to trade" ready
    await 90 "a fill" has_traded
    local owner
    owner=$(inside stat -c %U "/proc/$(property MainPID)")
    [[ $owner == moored ]] || fail "runs as $owner"
    # The hardening is on the process, not only in the file.
    local state
    state=$(inside cat "/proc/$(property MainPID)/status")
    grep -qE '^CapEff:\s+0+$' <<<"$state" || fail "it holds capabilities"
    grep -qE '^NoNewPrivs:\s+1$' <<<"$state" || fail "it may gain privileges"
    grep -qE '^Seccomp:\s+2$' <<<"$state" || fail "no system call filter"
    pass "as $owner, without capabilities, filtered: $(number orders) orders, $(number fills) fills"
}

# check_file PATH OWNER:GROUP MODE
check_file() {
    local found
    found=$(inside stat -c '%U:%G %a' "$1") || fail "no $1"
    [[ $found == "$2 $3" ]] || fail "$1 is $found, not $2 $3"
    pass "$1 $found"
}
files_are_where_they_belong() {
    say "files"
    check_file /var/lib/moored moored:moored 750
    check_file /var/lib/moored/ledger.db moored:moored 600
    check_file /run/moored moored:moored 750
    inside test -S /run/moored/admin.sock || fail "no admin socket"
    check_file /var/cache/moored moored:moored 700
    local compiled
    compiled=$(inside find /var/cache/moored -type f | wc -l)
    ((compiled >= 3)) || fail "$compiled compiled plugins in the cache"
    pass "$compiled compiled plugins in /var/cache/moored"
}

journal_has_fields() {
    say "the journal's fields"
    local entry
    entry=$(inside journalctl --no-pager -q -u moored -o json MESSAGE="moored stands" | tail -n 1)
    local field
    for field in '"VERSION":"[0-9]' '"TARGET":"moored::app"' '"PRIORITY":"[0-7]"' \
        '"_SYSTEMD_UNIT":"moored.service"' '"CODE_FILE":"' '"_TRANSPORT":"journal"'; do
        grep -qE "$field" <<<"$entry" || fail "no $field in $entry"
    done
    pass "$(grep -oE '"(MESSAGE|VERSION|TARGET|PRIORITY|_TRANSPORT)":"[^"]*"' <<<"$entry" | tr '\n' ' ')"
}

moorctl_knows_whom_it_serves() {
    say "moorctl"
    inside moorctl status >/dev/null || fail "moorctl status as root"
    inside moorctl halt --reason "the unit's test" >/dev/null || fail "moorctl halt as root"
    await 10 "a status that says halted" status_says halted
    pass "root halts; systemctl status: $(property StatusText)"
    inside moorctl resume --reason "it goes on" >/dev/null || fail "moorctl resume as root"
    await 10 "a status that says active" status_says active
    pass "root resumes"
    local code=0
    inside setpriv --reuid=nobody --regid=nogroup --clear-groups moorctl status >/dev/null 2>&1 || code=$?
    ((code == 3)) || fail "moorctl as nobody ended with $code"
    pass "a stranger cannot reach the socket"
}
status_says() { [[ $(property StatusText) == "$1"* ]]; }

# recovers SIGNAL WHAT SECONDS: the daemon, sent the signal, is within that time another process, counted as a
# restart, that becomes ready, trades and remembers.
recovers() {
    local from=$SECONDS pid restarts fill
    pid=$(property MainPID) restarts=$(property NRestarts)
    fill=$(inside moorctl --json fills | grep -oE '"exec_id": ?"[^"]+"' | tail -n 1 | cut -d '"' -f 4)
    [[ -n $fill ]] || fail "no fill to remember"
    inside bash -c "kill -$1 $pid"
    await "$3" "a restart after $2" restarted "$pid" "$restarts"
    await "$patience" "active after $2" is ActiveState active
    await 60 "ready after $2" ready
    pass "ready $((SECONDS - from)) s after $2, NRestarts=$(property NRestarts)"
    inside bash -c "grep -aqF '$fill' /var/lib/moored/ledger.db*" || fail "the ledger forgot fill $fill"
    await 90 "a fill after $2" has_traded
    pass "the ledger has fill $fill, and it trades again"
}
restarted() {
    local pid
    pid=$(property MainPID)
    ((pid != 0 && pid != $1 && $(property NRestarts) > $2))
}
watchdog_ends_what_does_not_turn() {
    say "watchdog"
    recovers STOP "the desk stopped turning" 60
    local told
    told=$(inside journalctl --no-pager -q -o cat -u moored _PID=1 -g 'Watchdog timeout') ||
        fail "not by the watchdog"
    pass "$told"
}

kill_is_recovered_from() {
    say "kill -9"
    recovers KILL "kill -9" 30
}

stop_is_clean() {
    say "stop"
    local from=$SECONDS
    inside systemctl stop moored
    local took=$((SECONDS - from))
    is Result success || fail "ended with $(property Result)"
    is ExecMainStatus 0 || fail "exit code $(property ExecMainStatus)"
    is SubState dead || fail "$(property SubState)"
    ((took <= 10)) || fail "took $took s"
    journal_says "stopping on SIGTERM" >/dev/null || fail "the journal does not say why it ended"
    ! inside test -e /run/moored || fail "/run/moored is still there"
    inside test -s /var/lib/moored/ledger.db || fail "the ledger is gone"
    pass "in $took s, exit code 0, the socket gone, the ledger kept"
}

# broken NAME TEXT WORDS: a configuration with TEXT in it ends the unit at once, and the journal has WORDS.
broken() {
    local cursor
    cursor=$(inside journalctl -q -n 0 --show-cursor | sed -n 's/^-- cursor: //p')
    printf '%s\n' "$2" >"$tree/etc/moored/conf.d/90-broken.toml"
    inside systemctl reset-failed moored 2>/dev/null || true
    ! inside systemctl start moored 2>/dev/null || fail "$1: it started"
    journal_says "$3" --after-cursor="$cursor" >/dev/null || fail "$1: the journal does not say \"$3\""
    pass "$1: $(journal_says "$3" --after-cursor="$cursor" | head -n 1)"
    await 2 "$1: failed" is ActiveState failed
    is ExecMainStatus 78 || fail "$1: exit code $(property ExecMainStatus), not 78"
    is NRestarts 0 || fail "$1: restarted $(property NRestarts) times"
    pass "$1: failed with 78, not restarted"
    rm "$tree/etc/moored/conf.d/90-broken.toml"
}
misconfiguration_is_told_once() {
    say "a broken configuration"
    broken "unknown key" $'[risk]\nmax_notionl = 1' 'did you mean `max_notional`?'
    broken "no plugin" $'[[plugins]]\nname = "gone"\ncomponent = "gone.wasm"\nkind = "strategy"' \
        'cannot read its component /usr/lib/moored/plugins/gone.wasm'
    inside systemctl reset-failed moored
    inside systemctl start moored || fail "it does not start with the configuration corrected"
    await 60 "ready with the configuration corrected" ready
    pass "ready with the configuration corrected"
}

boot
unit_is_well_formed
active_only_once_ready
trades_under_the_hardening
files_are_where_they_belong
journal_has_fields
moorctl_knows_whom_it_serves
watchdog_ends_what_does_not_turn
kill_is_recovered_from
stop_is_clean
misconfiguration_is_told_once
say "all of it holds"
