# What a developer or a newcomer runs.  Needs make and Python 3.11 or newer (with its venv module), nothing else; only `make
# node`, for the slow tests with the vendors' Node SDKs, needs Node 20 or newer with npm.
#
# Every target works in $(VENV), which is made on first use from hash-pinned locks and brought up to date only when the locks
# or pyproject.toml change.  Another interpreter: `make test PYTHON=python3.13`.

PYTHON ?= python3
VENV ?= .venv
SHARED ?= ../shared

BIN := $(VENV)/bin
SDKS := tests/sdks/node
INSTALLED := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# A lock names everything, so nothing is resolved: older pips take a newer release of an extra into account and then refuse it.
LOCKED := --no-deps --require-hashes --only-binary :all:
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	--no-annotate $(if $(UPGRADE),--upgrade) --constraints requirements/constraints.in

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-slow test-all lint format types bench eval install detoxify node lock docker clean

help: ## this list
	@echo "guardrail: targets of this Makefile"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(INSTALLED) ## a demo upstream, the sidecar in front of it, and what came out
	$(BIN)/python deploy/demo/run.py

test: $(INSTALLED) ## the test suite
	$(BIN)/python -m pytest -q -m "not slow"

test-slow: $(INSTALLED) ## only the slow suites (for all of them: `make detoxify node` first)
	$(BIN)/python -m pytest -q -m slow -rs

test-all: $(INSTALLED) ## the test suite with the slow suites
	$(BIN)/python -m pytest -q -rs

lint: $(INSTALLED) ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(INSTALLED) ## let ruff write the format
	$(BIN)/ruff format .

types: $(INSTALLED) ## mypy, strict
	$(BIN)/mypy

bench: $(INSTALLED) ## measure the proxy, and replay recorded exchanges when ../shared is there
	$(BIN)/python -m benchmarks.proxy
	$(BIN)/python -m benchmarks.leakage
	$(BIN)/python -m benchmarks.bias
	$(BIN)/python -m benchmarks.errors
	$(BIN)/python -m benchmarks.refusals
	@if [ -d "$(SHARED)" ]; then set -x; $(BIN)/python -m benchmarks.replay; \
	else echo "replay left out: there is no $(SHARED)"; fi

eval: $(INSTALLED) ## how well the checks do, on our own sets and those in ../shared
	$(BIN)/guardrail eval leakage --data $(SHARED)/data
	$(BIN)/guardrail eval bias --data $(SHARED)/data
	$(BIN)/guardrail eval errors --data $(SHARED)/data

install: $(INSTALLED) ## only make the environment

detoxify: $(INSTALLED) ## add the optional extra `detoxify` with torch's CPU build
	$(PIP) install --no-deps -r requirements/torch.txt
	$(PIP) install $(LOCKED) -r requirements/detoxify.lock

# No script of a package runs: none of them needs one to be installed.
node: $(SDKS)/node_modules/.package-lock.json ## the vendors' Node SDKs, which some of the slow suites drive

lock: $(INSTALLED) ## write requirements/*.lock after a change of pyproject.toml; with UPGRADE=1 the newest of everything
	$(PIP) install $(LOCKED) -r requirements/tools.lock
	$(BIN)/$(COMPILE) requirements/tools.in -o requirements/tools.lock
	$(BIN)/$(COMPILE) requirements/build.in -o requirements/build.lock
	$(BIN)/$(COMPILE) pyproject.toml --extra models -o requirements/run.lock
	$(BIN)/$(COMPILE) pyproject.toml --extra dev requirements/build.in \
		--constraints requirements/run.lock --constraints requirements/build.lock -o requirements/dev.lock
	$(BIN)/$(COMPILE) pyproject.toml --extra detoxify requirements/detoxify.in \
		--overrides requirements/without-torch.in --constraints requirements/dev.lock -o requirements/detoxify.lock

docker: ## build the container image `guardrail`
	docker build --tag guardrail .

clean: ## remove the environment and the caches
	rm -rf $(VENV) $(SDKS)/node_modules build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(INSTALLED): requirements/dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "guardrail needs Python 3.11 or newer as $(PYTHON), and this is: $$($(PYTHON) --version 2>&1)" >&2; \
		echo "Name another one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) comes without its venv module; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "bringing $(VENV) to requirements/dev.lock"
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
	@$(PIP) install $(LOCKED) -r requirements/dev.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(SDKS)/node_modules/.package-lock.json: $(SDKS)/package.json $(SDKS)/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install Node 20 or newer with npm" >&2; exit 1; }
	@cd $(SDKS) && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --silent
	@touch $@
