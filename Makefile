# Two commands set everything up by themselves: `make demo` and `make test`.
# Both say what they do; `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
CARGO_TARGET_DIR ?= target
DEMO_FLAGS ?=

.PHONY: help demo test lint unit docs bench chaos setup-demo setup-test setup-bench build release

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: setup-demo ## the whole product on this machine: a phone page to send reels from, and the bot that answers
	@echo "building (the first time takes some minutes, later seconds)"
	cargo build --locked --profile demo -p gramophone
	$(CARGO_TARGET_DIR)/demo/gramophone demo $(DEMO_FLAGS)

test: setup-test lint unit ## everything: formatting, lints, docs, all tests

lint: ## formatting, clippy and docs with warnings denied
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --all-features --quiet

unit: ## all tests, the crash trials included
	cargo test --locked --workspace --all-features

bench: setup-bench ## load and job benchmarks with the release binary and default settings
	cargo build --locked --release -p gramophone -p gramophone-bench
	$(CARGO_TARGET_DIR)/release/gramophone-bench all --server $(CARGO_TARGET_DIR)/release/gramophone

chaos: setup-test ## the crash trials alone: kill -9 at random points of 400 jobs, 2,000 pushed ones, events sent on and posts
	cargo test --locked --workspace --all-features --test crash -- --nocapture

release: setup-demo ## the optimised binary, target/release/gramophone
	cargo build --locked --release -p gramophone

setup-demo setup-test setup-bench: setup-%:
	@scripts/setup.sh $*
