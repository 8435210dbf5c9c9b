SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run setup test check bench faults demo clean lock format browser postgres

PYTHON ?= python3
BIN := .venv/bin
PIP_QUIET := --quiet --disable-pip-version-check

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup ## set everything up and serve the site, its worker beside it
	@exec $(BIN)/flask serve

setup: .venv/.ready ## the virtual environment, exactly as requirements.lock says

.venv/.ready: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "Contrail needs Python 3.11 or later as $(PYTHON). On Debian: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "Python's venv is missing. On Debian: apt-get install python3-venv"; exit 1; }
	@echo "Setting up .venv (once, and when requirements.lock changes) ..."
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@awk '/^[^ #]/{on=/^uv==/} on' requirements.lock > .venv/uv.lock
	@$(BIN)/python -m pip install $(PIP_QUIET) --require-hashes --no-deps -r .venv/uv.lock
	@VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip sync --quiet --require-hashes requirements.lock \
	  || $(BIN)/python -m pip install $(PIP_QUIET) --require-hashes --no-deps -r requirements.lock
	@touch $@

lock: ## choose versions anew from requirements.in
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock" requirements.in -o requirements.lock
