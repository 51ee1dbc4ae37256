# `make demo` and `make test` do all the set-up; Python >= 3.11 and make are all they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
WORKERS ?= 2
SECONDS ?= 600
TIMED := tests/crash/test_cluster.py tests/crash/test_pacing.py # seconds are counted: nothing beside them
unexport PYTHONDONTWRITEBYTECODE # compiling all anew for each worker and child took a third of the time

.DEFAULT_GOAL := help
.PHONY: help demo test check lint types contracts tests quick crash fuzz bench wheel docs lock debian clean

help: ## what each target does
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11")'
	@$(PYTHON) -m venv $(VENV) || { echo "the venv module is missing: apt-get install python3-venv"; exit 1; }

$(VENV)/.runtime: requirements/build.txt requirements/runtime.txt pyproject.toml | $(VENV)/bin/python
	@echo "installing the pinned packages (about half a minute, once)"
	@$(PIP) install --require-hashes -r requirements/build.txt -r requirements/runtime.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "installing the tools that the tests need"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

demo: $(VENV)/.runtime ## the main job, unattended, on this machine alone
	@$(BIN)/newsletter demo

test: $(VENV)/.dev debian lint types contracts tests ## everything: format, lint, types, contracts, tests

check: $(VENV)/.dev ## the fast subset, under a minute
	@$(MAKE) -s -j3 lint types contracts
	@$(MAKE) -s quick

lint: $(VENV)/.dev ## format and lint
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet . && echo "format and lint: clean"

types: $(VENV)/.dev ## mypy, strict
	@$(BIN)/mypy --no-error-summary && echo "types: clean"

contracts: $(VENV)/.dev ## the law of imports
	@$(BIN)/lint-imports --no-cache

tests: $(VENV)/.dev
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

quick: $(VENV)/.dev # in memory where there is any to write to: a disk is waited for at each commit
	@TMPDIR=$$(test -w /dev/shm && echo /dev/shm || echo "$${TMPDIR:-/tmp}") \
	$(BIN)/pytest -o tmp_path_retention_policy=failed -n $(WORKERS) --dist worksteal -m "not slow and not debian and not postgres"

crash: $(VENV)/.dev ## the long rigs: a thousand kills, every event, every fault, a hundred thousand steps
	@CRASH=full $(BIN)/pytest -n $(WORKERS) --dist load -rP tests/crash tests/promises $(TIMED:%=--ignore=%); \
	others=$$?; CRASH=full $(BIN)/pytest -n 0 -rP $(TIMED) && exit $$others

fuzz: $(VENV)/.dev ## what strangers send, at random: SECONDS=600 for each reader
	@FUZZ_SECONDS=$(SECONDS) $(BIN)/pytest -n $(WORKERS) --dist load tests/fuzz

bench: $(VENV)/.dev debian ## the benchmarks, beside their peers
	@$(BIN)/python -m bench

wheel: $(VENV)/.dev ## build the wheel
	@$(BIN)/python -m build --no-isolation --wheel

docs: $(VENV)/.dev ## write the reference pages anew from the code
	@$(BIN)/python -m tools.reference

lock: $(VENV)/.dev ## pin the versions anew, with hashes
	@sh tools/lock.sh $(BIN)

debian: ## chromium and postfix's test tools, where this user may install them
	@sh tools/debian.sh

clean: ## what can be made again
	@rm -rf $(VENV) build dist newsletter-demo .mypy_cache .ruff_cache .hypothesis
