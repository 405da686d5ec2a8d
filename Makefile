# Everything runs in .venv, which is made at first use and follows uv.lock from then on.
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
SYNC = UV_PROJECT_ENVIRONMENT=$(VENV) UV_SYSTEM_CERTS=1 $(BIN)/uv sync --quiet --frozen --inexact --compile-bytecode

.PHONY: install run demo tools test check bench flood messages python3-venv clean soak

install: $(VENV)/.run

run: install
	@exec $(BIN)/python -m board serve --port $(PORT)

demo: install
	@$(BIN)/python -m board demo

tools: $(VENV)/.tools

test: tools
	@tests/prepare.sh
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -rs

check: tools
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

bench: tools
	@$(BIN)/python -m tests.bench

flood: tools
	@$(BIN)/python -m tests.bench.flood

# What takes minutes and proves by numbers: faults under load, then 21,000 made-up requests to the API.
soak: tools
	@$(BIN)/python -m tests.soak
	@BOARD_CASES=480 $(BIN)/python -m pytest -n 2 --timeout 1200 -rs tests/test_openapi.py

# The sentences for translators.
messages: tools
	@$(BIN)/pybabel -q extract -F babel.cfg --no-location --sort-output --omit-header -o board/locale/board.pot .

# What the program needs, for whoever only runs it.
$(VENV)/.run: uv.lock pyproject.toml | $(BIN)/uv
	@$(SYNC) --no-dev
	@touch $@

# The same with the tools for working on it.
$(VENV)/.tools: uv.lock pyproject.toml | $(BIN)/uv
	@$(SYNC)
	@touch $(VENV)/.run $@

# The last file that making .venv leaves behind: where it is missing, .venv was never finished.
$(BIN)/uv:
	@command -v python3 >/dev/null || { echo "Board needs Python 3.11 or newer (python3)."; exit 1; }
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Board needs Python 3.11 or newer; this is $$(python3 --version)."; exit 1; }
	@python3 -c 'import ensurepip, venv' 2>/dev/null || $(MAKE) --no-print-directory python3-venv
	@echo "Setting up $(VENV), once …"
	@python3 -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.13,<1"

# Debian and Ubuntu keep this part of Python in a package of its own.
python3-venv:
	@[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "Python's venv module is missing. Please install it (on Debian and Ubuntu, as root: apt-get install python3-venv), then try again."; exit 1; }
	@echo "Installing python3-venv …"
	@apt-get update -qq
	@DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
