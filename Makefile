# Every target that needs the project's packages goes through .venv; nothing else is asked of the machine.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo psql docs rules dashboards test lint measure bench lock clean

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

install: $(INSTALLED) profiles.yml ## make .venv with the locked versions, and profiles.yml

$(INSTALLED): requirements.lock
	@$(PYTHON) -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))" || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed: make install PYTHON=python3.11"; exit 1; }
	@echo "Installing into $(VENV), once"
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --clear --python $(PYTHON) $(VENV) && \
		uv pip sync --quiet --compile-bytecode --require-hashes --python $(BIN)/python requirements.lock; \
	else \
		$(PYTHON) -m venv --clear $(VENV) && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; \
	fi
	@touch $@

profiles.yml:
	cp profiles.example.yml profiles.yml

demo: install ## the whole way, made sessions or DATA=folder PERIOD=2024-12
	$(BIN)/python -m dev.demo run $(if $(DATA),--data $(DATA)) $(if $(PERIOD),--period $(PERIOD))

psql: install ## a psql prompt on what the demo left
	$(BIN)/python -m dev.demo shell psql

docs: install ## the documentation of models and columns, in a browser
	$(BIN)/python -m dev.demo shell dbt docs generate --quiet
	$(BIN)/python -m dev.demo shell dbt docs serve

rules: install ## write docs/rules.md from the models' descriptions
	$(BIN)/python -m dev.demo shell dbt --quiet parse
	DBT_TARGET_PATH=target/demo/target $(BIN)/python -m dev.docs

# On the server that PGHOST names, or where it names none on what the demo left.
dashboards: install ## the dashboards as pages, in target/dashboards; PERIOD=2025-04 SIREN=199900002
	$(if $(PGHOST),,$(BIN)/python -m dev.demo shell) $(BIN)/python -m reports.dashboards render \
		$(if $(PERIOD),--period $(PERIOD)) $(if $(SIREN),--siren $(SIREN))

test: install ## every test, on the server that PGHOST names or on one of the project's own
	$(BIN)/python -m pytest

# sqlfluff silently skips a model that does not compile, so dbt compiles first.
lint: install ## check style, types, imports and spelling, and that every model compiles
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/python -m dev.demo shell dbt --quiet compile
	$(BIN)/python -m dev.demo shell sqlfluff lint models tests/dbt

measure: install ## what sending 200,400 stations takes beside CARBURE
	$(BIN)/python -m dev.demo measure

bench: install ## what dbt build costs at millions of sessions, beside other ways
	$(BIN)/python -m dev.bench

lock: ## renew requirements.lock from pyproject.toml (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --all-extras --no-strip-extras --generate-hashes \
		--no-header --upgrade pyproject.toml --output-file requirements.lock

clean: ## remove what the targets made, the demo's data too
	test ! -x $(BIN)/python || $(BIN)/python -m dev.demo clean
	find . -name __pycache__ -prune -exec rm -rf {} +
	rm -rf $(VENV) target logs .postgres .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
