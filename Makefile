# Each target does its own set-up and is quick when nothing changed.
#
#   make demo             the main job, live until Ctrl-C
#   make demo SECONDS=20  the same without a terminal; prints a summary
#   make test             format, lints and every test
#   make faults           the long runs under failure: crashes at random and at every step; prints seeds and minutes
#   make bench            latency, throughput, memory and recovery, beside a bare client
#   make systemd-test     the service unit on a booted systemd in a container; needs root and downloads a small Debian
#   make plugins          the shipped plugins and the test guests, as components

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := demo

# Outside the repository, shared by all checkouts of one user.
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)
export CARGO_TARGET_DIR ?= $(CACHE)/moored/target
SECONDS ?=
SEED ?= 7
PARTS ?=

.PHONY: demo test lint faults bench systemd-test plugins build setup-demo setup-test setup-systemd-test

demo: setup-demo build plugins
	@scripts/demo.sh "$(SEED)" "$(SECONDS)"

test: setup-test lint plugins
	@echo "== tests"
	cargo test --workspace --locked

lint:
	@echo "== format and lints"
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

faults: setup-test plugins build
	@scripts/faults.sh $(PARTS)

bench: setup-demo plugins
	@scripts/bench.sh

systemd-test: setup-systemd-test build plugins
	@scripts/systemd-test.sh

plugins:
	@scripts/build-plugins.sh

build:
	@echo "== building (the first time takes some minutes: a WebAssembly compiler is among the dependencies)"
	cargo build --workspace --bins --locked

setup-demo:
	@scripts/setup.sh demo

setup-test:
	@scripts/setup.sh test

setup-systemd-test:
	@scripts/setup.sh systemd-test
