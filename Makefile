# Tradepost. Needs only Python >= 3.11 (with venv) and make.
PYTHON ?= python3
BIN := .venv/bin
NODE_BIN = $(abspath .venv/bin)
NPM = PATH="$(NODE_BIN):$$PATH" npm --prefix frontend --no-audit --no-fund --loglevel=error
FRONTEND_SOURCES = $(shell find frontend -path frontend/node_modules -prune -o -path frontend/dist -prune -o -path frontend/tools -prune -o -type f -print)

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long chaos check types bench audit lock
# How long `make chaos` goes on.
MINUTES ?= 20

help:
	@echo "make setup | demo | test | test-long | chaos MINUTES=20 | check | types | bench | audit"

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/demo.stamp: requirements-demo.txt | .venv/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-demo.txt
	@touch $@

.venv/dev.stamp: requirements-dev.txt .venv/demo.stamp
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

frontend/node_modules/.stamp: frontend/package-lock.json frontend/package.json .venv/demo.stamp
	$(NPM) ci --no-audit --no-fund
	@touch $@

frontend/dist/.stamp: frontend/node_modules/.stamp $(FRONTEND_SOURCES)
	$(NPM) run --silent build
	@touch $@

# Collected and compressed, so that the demo serves what a real server would.
staticfiles/.stamp: frontend/dist/.stamp
	$(BIN)/python manage.py collectstatic --noinput --clear --verbosity 0
	@touch $@

setup: .venv/demo.stamp staticfiles/.stamp

demo: setup
	@exec $(BIN)/python manage.py demo

# Browser tests run where a Chromium is found, and are reported as skipped where none is.
test: setup .venv/dev.stamp
	$(NPM) test --silent
	$(BIN)/python -m pytest -n 3 --dist loadfile

# What takes its time: thousands of faulted orders, a hundred kills, long outages, seeded bugs.
test-long: setup .venv/dev.stamp
	$(BIN)/python -m pytest -m long --timeout 3600

chaos: setup .venv/dev.stamp
	$(BIN)/python -m tests.chaos --minutes $(MINUTES)

check: setup .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m tests.advisories
	$(BIN)/python manage.py makemigrations --check --dry-run 2>/dev/null
	$(NPM) run --silent check
	@cp frontend/openapi.json frontend/src/api/schema.d.ts .venv/
	@$(MAKE) --no-print-directory types
	cmp frontend/openapi.json .venv/openapi.json && cmp frontend/src/api/schema.d.ts .venv/schema.d.ts

# The document is the server's own; the page's types are made from it.
types: setup
	$(BIN)/python manage.py export_openapi_schema --api webapp.api.api --indent 1 --sorted --output frontend/openapi.json
	$(NPM) run --silent types

bench: setup .venv/dev.stamp
	@$(BIN)/python -m tests.bench

frontend/tools/audit/node_modules/.stamp: frontend/tools/audit/package-lock.json .venv/demo.stamp
	PATH="$(NODE_BIN):$$PATH" npm --prefix frontend/tools/audit ci --no-audit --no-fund --loglevel=error
	@touch $@

# Lighthouse against limits, on a house of its own; axe on every screen.
audit: setup .venv/dev.stamp frontend/tools/audit/node_modules/.stamp
	$(BIN)/python -m tests.audit
	$(BIN)/python -m pytest -q tests/browser/test_axe.py

lock:
	for f in requirements requirements-demo requirements-dev; do \
	  $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-emit-find-links --custom-compile-command "make lock" $$f.in -o $$f.txt || exit 1; done
