SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run setup browser postgres check format test quick bench faults demo lock clean

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PYTEST_OPTIONS ?=
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
APT := $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup ## set everything up and serve the site with its worker; Ctrl-C ends all of it
	@exec $(BIN)/flask serve --with-parent

setup: .venv/.ready ## the virtual environment, exactly as requirements.lock says

.venv/.ready: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "Contrail needs Python 3.11 or later as $(PYTHON). On Debian: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "Python's venv is missing. On Debian: apt-get install python3-venv"; exit 1; }
	@echo "Setting up .venv (once, and when requirements.lock changes) ..."
	@[ -x $(BIN)/python ] && $(BIN)/python -c 'import pip' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	@awk '/^[^ #]/{on=/^uv==/} on' requirements.lock > .venv/uv.lock
	@$(PIP) --require-hashes --no-deps -r .venv/uv.lock
	@VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes requirements.lock 2>.venv/uv.log \
	  || { echo "uv could not; trying pip ..."; $(PIP) --require-hashes --no-deps -r requirements.lock; }
	@touch $@

browser:
	@[ -x /usr/bin/chromium ] || { echo "Installing chromium ..."; $(APT) update && $(APT) install --no-install-recommends chromium fonts-dejavu-core; }

postgres:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && ls /usr/share/postgresql/*/extension/pg_trgm.control >/dev/null 2>&1 \
	  || { echo "Installing PostgreSQL ..."; $(APT) update && $(APT) install --no-install-recommends postgresql postgresql-contrib; }

check: setup ## format, lint, types, templates
	@$(BIN)/ruff format --check --quiet . || { echo "Not formatted: run make format"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/djlint --lint --quiet templates
	@echo "check: all well"

format: setup ## put the code into its usual form
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --quiet --fix-only .

test: setup browser postgres ## every test, on SQLite and PostgreSQL, with browser and small fault runs
	@$(BIN)/pytest -n 2 --dist loadscope $(PYTEST_OPTIONS)

quick: setup ## the fast part, under a minute: domain, commands, words and architecture, on SQLite
	@$(BIN)/pytest -n 2 --dist loadscope -m "not faults" -k "not postgresql" tests/domain tests/cli tests/test_architecture.py tests/test_words.py $(PYTEST_OPTIONS)

bench: setup postgres ## measure, beside references of the same run (BENCH=full for 10 million activities)
	@exec $(BIN)/python -m tests.bench

faults: setup postgres ## kill, stop and fill up everything at full size; resumable
	@exec $(BIN)/python -m tests.faults

demo: setup ## load the demo community into an empty database
	@$(BIN)/flask db upgrade && exec $(BIN)/flask demo

lock: setup ## choose the newest versions that requirements.in allows
	@$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock" requirements.in -o requirements.lock

clean: ## remove the virtual environment and caches; the instance folder stays
	@rm -rf .venv .ruff_cache .mypy_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
