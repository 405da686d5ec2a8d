# Everything runs in .venv, which is set up from uv.lock at first use.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: install run demo test check bench soak clean

$(READY): uv.lock pyproject.toml
	@command -v python3 >/dev/null || { echo "Board needs Python 3.11 or newer."; exit 1; }
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Board needs Python 3.11 or newer; this is $$(python3 --version)."; exit 1; }
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq python3-venv; } || { echo "Please install python3-venv (as root: apt-get install python3-venv)."; exit 1; }
	@[ -x $(BIN)/python ] || python3 -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9"
	@UV_PROJECT_ENVIRONMENT=$(VENV) $(BIN)/uv sync --quiet --frozen --inexact --compile-bytecode
	@touch $@

install: $(READY)

run: install
	@$(BIN)/python -m board serve

demo: install
	@$(BIN)/python -m board demo

test: install
	@tests/prepare.sh
	@$(BIN)/python -m pytest -n 2 --dist loadfile

check: install
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

bench: install
	@$(BIN)/python -m tests.bench

soak: install
	@$(BIN)/python -m pytest -m soak tests/soak

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
