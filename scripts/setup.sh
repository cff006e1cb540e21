#!/usr/bin/env bash
# Installs what a build or the tests need and the machine has not, through the system's own package manager.
# Usage: scripts/setup.sh demo|test|systemd-test
set -euo pipefail

need=()
want() { # want COMMAND PACKAGE
    command -v "$1" >/dev/null 2>&1 || need+=("$2")
}

command -v cargo >/dev/null 2>&1 || {
    echo "setup: no cargo on the PATH; install a Rust toolchain of at least 1.95 first" >&2
    exit 1
}
want cc build-essential
if [[ ${1:-demo} == test ]]; then
    # A minimal toolchain comes without them.
    for component in clippy fmt; do
        cargo "$component" --version >/dev/null 2>&1 && continue
        command -v rustup >/dev/null 2>&1 || { echo "setup: no cargo $component; install it" >&2; exit 1; }
        rustup component add "${component/fmt/rustfmt}"
    done
fi
if [[ ${1:-demo} == test ]]; then
    want prometheus prometheus
    # The package has no other need of the system: the tests start a bus of their own.
    want dbus-daemon dbus-daemon
    want python3 python3
    # The module is there without its parts on Debian until the package is.
    python3 -c 'import ensurepip' >/dev/null 2>&1 || need+=(python3-venv)
fi
if [[ ${1:-demo} == systemd-test ]]; then
    want debootstrap debootstrap
    want systemd-nspawn systemd-container
fi

((${#need[@]})) || exit 0
install=(apt-get install -y -qq --no-install-recommends "${need[@]}")
if ! command -v apt-get >/dev/null 2>&1; then
    echo "setup: missing: ${need[*]}; install them with this system's package manager" >&2
    exit 1
fi
if ((EUID != 0)); then
    echo "setup: missing: ${need[*]}; run: sudo ${install[*]}" >&2
    exit 1
fi
echo "== installing ${need[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
"${install[@]}" >/dev/null
