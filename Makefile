# Everything a machine needs is set up from here: python3 (3.11 or newer), git and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv

.DEFAULT_GOAL := help
.PHONY: help run sample setup dev rigs test test-fast lint types contracts bench locks docs clean

help: ## Say what can be made.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

run: setup ## Stand guard over a simulated home on a busy day, with its web app; Ctrl-C ends it.
	@NIGHTLATCH_STATE=$${NIGHTLATCH_STATE:-.demo} $(BIN)/nightlatch run --demo

sample: setup ## Audit the sample home: print the report, write report.html.
	@$(BIN)/nightlatch audit --sample --output report.html --fail-on never

setup: $(VENV)/.run ## Make .venv with nightlatch in it.

dev: $(VENV)/.dev ## Make .venv with everything that tests, lint and benchmarks need.

$(UV): requirements/uv.lock
	@echo "Setting up $(VENV) …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Nightlatch needs Python 3.11 or newer")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.lock
	@touch $@

# A development environment holds all of the plain one, so it is left alone by `make setup`.
$(VENV)/.run: $(UV) requirements/run.lock pyproject.toml
	@if [ -e $(VENV)/.dev ]; then $(MAKE) dev; else \
		$(UV) pip sync --quiet --python $(BIN)/python requirements/run.lock && \
		$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable . ; fi
	@touch $@

$(VENV)/.dev: $(UV) requirements/dev.lock pyproject.toml
	@$(UV) pip sync --quiet --python $(BIN)/python requirements/dev.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.run

rigs: dev ## Install the real counterparts that the tests run against.
	$(BIN)/python -m rigs

test: lint rigs ## Run lint, types, import contracts and all tests, rigs included.
	$(BIN)/python -m pytest tests/unit -n 4 --dist worksteal
	$(BIN)/python -m pytest tests/rigs tests/slow -n 2 --dist loadfile

test-fast: dev ## Run the unit tests, with fewer random examples and no rigs: about three minutes on two cores.
	$(BIN)/python -m pytest tests/unit -n 4 --dist worksteal --hypothesis-profile fast

lint: dev types contracts ## Run ruff, mypy and the import contracts.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: dev
	$(BIN)/mypy

contracts: dev
	$(BIN)/lint-imports

bench: dev ## Measure; prints medians and ratios.
	$(BIN)/python -m benchmarks

docs: dev ## Write the pages that are generated from the code.
	$(BIN)/python -m scripts.pages
	$(BIN)/python -m scripts.texts

locks: dev ## Renew the lock files.
	echo uv | $(UV) pip compile --quiet --generate-hashes --no-header --no-annotate - -o requirements/uv.lock
	$(UV) pip compile --quiet --universal --generate-hashes --no-header pyproject.toml --group setup -o requirements/run.lock
	$(UV) pip compile --quiet --universal --generate-hashes --no-header pyproject.toml --all-extras --group dev -o requirements/dev.lock

clean: ## Remove what was made.
	rm -rf $(VENV) .demo .demo.toml report.html report.pdf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	rm -rf rigs/*/.venv rigs/*/node_modules rigs/*/.installed
