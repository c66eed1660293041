# `make serve` and `make test` do everything on a fresh machine with git, make and Python.

VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
PYTEST_ARGS ?=
SERVE_ARGS ?=
BENCH_ARGS ?=
CONFORMANCE_ARGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install serve test check format bench conformance lock schema clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12
	@echo
	@echo "PORT, MONGODB_URL, REDIS_URL and STARGUILD_DATA_DIR say where: PORT=9000 make serve"

# ---------------------------------------------------------------- environment

SERVE_STAMP := $(VENV)/.installed-serve
DEV_STAMP := $(VENV)/.installed-dev
PIP_INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check

# The first Python that is new enough and can make an environment (Debian keeps ensurepip in python3-venv).
# An environment that is there but broken, as after a system upgrade, is made anew.
define make_venv
	@$(BIN)/python -c '' 2>/dev/null || { \
		for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
			if $$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
				exec $$python -m venv --clear $(VENV); \
			fi; \
		done; \
		echo "Starguild needs Python 3.11 or newer with venv (Debian, Ubuntu: apt-get install python3-venv);" \
			"if it has another name: make $(MAKECMDGOALS) PYTHON=/path/to/python" >&2; \
		exit 1; \
	}
endef

$(SERVE_STAMP): pyproject.toml requirements/build.txt requirements/embedded.txt
	$(make_venv)
	@echo "Installing into $(VENV) (the first time takes about a minute)" >&2
	@$(PIP_INSTALL) --require-hashes -r requirements/build.txt -r requirements/embedded.txt
	@$(PIP_INSTALL) --no-build-isolation --no-deps --editable .
	@touch $@

$(DEV_STAMP): pyproject.toml requirements/build.txt requirements/dev.txt
	$(make_venv)
	@echo "Installing into $(VENV) (the first time takes about a minute)" >&2
	@$(PIP_INSTALL) --require-hashes -r requirements/build.txt -r requirements/dev.txt
	@$(PIP_INSTALL) --no-build-isolation --no-deps --editable .
	@touch $(SERVE_STAMP) $@

install: $(DEV_STAMP) ## Make .venv with everything for development

# ---------------------------------------------------------------- run

serve: $(SERVE_STAMP) ## Serve the API with servers of its own: http://127.0.0.1:8000/graphql
	@exec $(BIN)/starguild serve $(SERVE_ARGS)

test: check ## Run every check and test (WORKERS=2, PYTEST_ARGS="-k name")
	@$(BIN)/pytest -n $(WORKERS) --dist loadgroup --tb=short $(PYTEST_ARGS)

check: $(DEV_STAMP) ## Run the linter, the formatter's check, the type checker and the import rules
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(DEV_STAMP) ## Format the code and repair what the linter can
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

bench: $(DEV_STAMP) ## Measure speed and size on this machine
	@$(BIN)/python -m bench $(BENCH_ARGS)

# Tools in an environment of their own: what they ask for never holds the project back. With them comes a Node for
# the npm suites, whose packages are installed at the first run.
CONFORMANCE := conformance/.venv
CONFORMANCE_STAMP := $(CONFORMANCE)/.installed

$(CONFORMANCE_STAMP): conformance/requirements.txt $(DEV_STAMP)
	@$(BIN)/python -m venv --clear $(CONFORMANCE)
	@echo "Installing into $(CONFORMANCE) (the first time takes about a minute)" >&2
	@$(CONFORMANCE)/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r $<
	@touch $@

conformance: $(CONFORMANCE_STAMP) ## Run public suites, real clients and hostile callers against a server
	@$(BIN)/python -m conformance $(CONFORMANCE_ARGS)

# ---------------------------------------------------------------- keep

COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --strip-extras \
	--allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host $(UPGRADE)

# The lowest Python supported resolves, so that what only it needs is in. dev.txt holds all of it; the others
# are parts of it at the same versions.
lock: $(DEV_STAMP) ## Write requirements/*.txt from pyproject.toml (UPGRADE=--upgrade takes newer versions)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "make lock needs Python 3.11")'
	@$(COMPILE) --extra embedded --extra dev --output-file requirements/dev.txt pyproject.toml
	@$(COMPILE) -c requirements/dev.txt --extra embedded --output-file requirements/embedded.txt pyproject.toml
	@$(COMPILE) -c requirements/dev.txt --output-file requirements/runtime.txt pyproject.toml
	@$(COMPILE) -c requirements/dev.txt --only-build-deps --build-deps-for editable --build-deps-for wheel \
		--output-file requirements/build.txt pyproject.toml
	@$(COMPILE) --output-file conformance/requirements.txt conformance/requirements.in
	@! grep -n '://' requirements/*.txt conformance/requirements.txt

schema: $(DEV_STAMP) ## Write schema.graphql
	@$(BIN)/starguild export-schema > schema.graphql.new
	@mv schema.graphql.new schema.graphql

clean: ## Remove .venv and caches; the data in .starguild stays
	@rm -rf $(VENV) $(CONFORMANCE) conformance/node/node_modules bench/peers/.venv bench/peers/node_modules .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
