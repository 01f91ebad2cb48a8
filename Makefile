VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made-from-lock
PEERS := bench/peers/node_modules/.package-lock.json
PORT ?= 8000
PYTEST_OPTIONS ?=
BENCH_OPTIONS ?= --quick
FAULTS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test check schema faults bench benchparts

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1@/p' $(MAKEFILE_LIST) | column -t -s @ 2>/dev/null || sed -n 's/^\([a-z]*\):.*## /  make \1  /p' $(MAKEFILE_LIST)

$(STAMP): requirements.lock pyproject.toml deploy/make-venv
	@deploy/make-venv $(VENV)
	@touch $@

demo: $(STAMP) ## the gateway with simulated sources on 127.0.0.1:8000 (PORT=…), until Ctrl-C
	@exec $(BIN)/c360 demo --port $(PORT)

test: $(STAMP) ## the whole suite; it starts every server that it needs by itself (PYTEST_OPTIONS=…)
	$(BIN)/python -m pytest -n auto --dist loadgroup $(PYTEST_OPTIONS)

faults: $(STAMP) ## every step, every way that a vendor can answer, every kill, on both databases: docs/faults.md (FAULTS=…)
	$(BIN)/python -m tests.faults.matrix --write docs/faults.md $(FAULTS)

$(PEERS): bench/peers/package-lock.json
	@if command -v npm >/dev/null; then cd bench/peers && npm ci --silent --no-audit --no-fund >/dev/null || true; fi

bench: $(STAMP) $(PEERS) ## the gateway beside its peers on the same canned vendors, two minutes (BENCH_OPTIONS=--full)
	@PYTHONPATH=. $(BIN)/python -m bench.sidebyside $(BENCH_OPTIONS)

benchparts: $(STAMP) ## what writes, policy, engine and audit log cost, one table after the other
	for each in governed policy engine audit_appends; do PYTHONPATH=. $(BIN)/python bench/$$each.py || exit; done

check: $(STAMP) ## format, lint, types, imports, schema, and what would break its clients
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/c360 schema | diff -u schema.graphql - || { echo "schema.graphql differs from the code: make schema" >&2; exit 1; }
	$(BIN)/c360 schema --released docs/schema/released.graphql --declared docs/schema/breaking.toml

schema: $(STAMP) ## print the schema from the code into schema.graphql
	$(BIN)/c360 schema > schema.graphql.new && mv schema.graphql.new schema.graphql
