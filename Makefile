# The two commands of a newcomer: `make demo` and `make test`. Everything else is for those who change the code.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all:
ROOMS := config rulebook accounts settlement registry exchange inclusion
CODE := $(ROOMS) ops simulators manage.py

.PHONY: help install demo demo-reset test check lint bench prove kill-run messages

help:
	@echo "make demo        start everything on this machine, until Ctrl-C"
	@echo "make demo-reset  throw away the demonstration's data"
	@echo "make test        every test (BROWSER=none leaves out the browser's)"
	@echo "make check       what CI runs: lint, types, contracts, migrations, licences, catalogues, then every test"
	@echo "make prove       the long proofs: guards dropped, bugs planted, kills under load; results in docs/proofs"
	@echo "make kill-run    the kills alone, 200 of them (KILLS=15: two minutes)"
	@echo "make bench       speed and memory beside what PostgreSQL can write (QUICK=1: short)"
	@echo "make messages    compile the translations after an edit"

# An environment is made once, and brought up to date when a lock changes.
$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info[:2] == (3, 11) else "Python 3.11 is needed, this is %d.%d: make PYTHON=python3.11 …" % sys.version_info[:2])'
	@echo "making the environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(PY) requirements.lock
	@if [ "$$(sha256sum requirements.lock)" != "$$(cat $@ 2>/dev/null)" ]; then \
	  echo "installing the packages of requirements.lock"; $(PIP) -r requirements.lock; fi
	@sha256sum requirements.lock > $@

$(VENV)/.installed-dev: $(PY) requirements-dev.lock
	@if [ "$$(sha256sum requirements-dev.lock)" != "$$(cat $@ 2>/dev/null)" ]; then \
	  echo "installing the packages of requirements-dev.lock"; $(PIP) -r requirements-dev.lock; fi
	@sha256sum requirements-dev.lock > $@

install: $(VENV)/.installed

demo: $(VENV)/.installed
	@exec $(PY) -m ops.launcher demo

demo-reset: $(VENV)/.installed
	@$(PY) -m ops.launcher reset

test: $(VENV)/.installed-dev
	@$(PY) -m ops.assets
	@$(PY) -m ops.run_tests $(TESTS)

lint: $(VENV)/.installed-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy $(CODE)
	$(VENV)/bin/lint-imports
	$(VENV)/bin/djlint templates --check --lint --quiet
	$(PY) -W error -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(PY) -m ops.checks

check: lint test

bench: $(VENV)/.installed-dev
	@$(PY) -m ops.assets
	@$(PY) -m bench.market
	@$(PY) -m bench.ledger
	@if [ "$${QUICK:-}" != 1 ]; then $(PY) -m bench.engine && $(PY) -m bench.streams && $(PY) -m bench.browsers; fi

prove: $(VENV)/.installed-dev
	@$(PY) -m ops.assets
	@$(PY) -m tests.proofs.dropped_guards
	@$(PY) -m tests.proofs.planted_bugs
	@$(PY) -m tests.proofs.engine_mutants
	@$(PY) -m tests.proofs.orderflow
	@$(PY) -m tests.proofs.kill_run

kill-run: $(VENV)/.installed-dev
	@$(PY) -m ops.assets
	@$(PY) -m tests.proofs.kill_run

messages: $(VENV)/.installed-dev
	@for po in locale/*/zh_Hans/LC_MESSAGES/django.po; do msgfmt --check --statistics -o "$${po%.po}.mo" "$$po"; done
