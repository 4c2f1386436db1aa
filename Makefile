# Tradepost. Needs only Python >= 3.11 (with venv) and make.
PYTHON ?= python3
BIN := .venv/bin
NODE_BIN = $(abspath .venv/bin)
NPM = PATH="$(NODE_BIN):$$PATH" npm --prefix frontend --no-audit --no-fund --loglevel=error
FRONTEND_SOURCES = $(shell find frontend -path frontend/node_modules -prune -o -path frontend/dist -prune -o -type f -print)

.DEFAULT_GOAL := help
.PHONY: help setup demo test check types bench lock clean

help:
	@echo "make setup | demo | test | check | types | bench"

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

lock:
	for f in requirements requirements-demo requirements-dev; do \
	  $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-emit-find-links --custom-compile-command "make lock" $$f.in -o $$f.txt || exit 1; done
