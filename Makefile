# Targets use the packages in .venv, so the machine needs only Python and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Empty files, written after an installation.
DEMO_PACKAGES := $(VENV)/.demo-packages
ALL_PACKAGES := $(VENV)/.all-packages

.DEFAULT_GOAL := help
.PHONY: help install demo spark psql docs reference rules dashboards screenshots test lint measure bench lock clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

install: $(ALL_PACKAGES) profiles.yml ## Create .venv with the locked versions, and profiles.yml

# A changed lock starts from zero, because nothing else removes packages.
$(DEMO_PACKAGES): requirements-demo.lock requirements.lock
	@$(PYTHON) -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))" || \
		{ echo "Python 3.11, 3.12 or 3.13 is required: make install PYTHON=python3.11"; exit 1; }
	@echo "Installing the packages that the demo needs into $(VENV)"
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --clear --python $(PYTHON) $(VENV); \
	else \
		$(PYTHON) -m venv --clear $(VENV); \
	fi
	$(install_lock)

# Both locks have the same versions, so this only adds packages.
$(ALL_PACKAGES): requirements.lock $(DEMO_PACKAGES)
	@echo "Adding the packages that tests and development need"
	$(install_lock)

# Installs the first prerequisite.
define install_lock
@if command -v uv >/dev/null 2>&1; then \
		uv pip install --compile-bytecode --require-hashes --python $(BIN)/python -r $<; \
	else \
		$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r $<; \
	fi
	@echo "$(VENV) has $$(ls -d $(VENV)/lib/python3*/site-packages/*.dist-info | wc -l) packages," \
		"$$(du -sm $(VENV) | cut -f 1) MB"
	@touch $@
endef

profiles.yml:
	cp profiles.example.yml profiles.yml

demo: $(DEMO_PACKAGES) ## Run everything on generated sessions, or on DATA=folder PERIOD=2024-12
	$(BIN)/python -m dev.demo run $(if $(DATA),--data $(DATA)) $(if $(PERIOD),--period $(PERIOD))

spark: install ## Build the demo's months again, with Spark (needs Java and PostgreSQL's JDBC driver)
	$(BIN)/python -m dev.demo spark

psql: $(DEMO_PACKAGES) ## Open psql on the demo's database
	$(BIN)/python -m dev.demo shell psql

docs: $(DEMO_PACKAGES) ## Open the documentation of models and columns in a browser; PORT=8081
	$(BIN)/python -m dev.demo docs $(if $(PORT),--port $(PORT))

reference: install ## Write the generated parts of docs/*.md
	$(BIN)/python -m dev.docs

rules: reference ## Same as reference

# Without PGHOST, uses the demo's database.
dashboards: $(DEMO_PACKAGES) ## Render the dashboards to target/dashboards; PERIOD=2025-04 SIREN=199900002
	$(if $(PGHOST),,$(BIN)/python -m dev.demo shell) $(BIN)/python -m reports.dashboards render \
		$(if $(PERIOD),--period $(PERIOD)) $(if $(SIREN),--siren $(SIREN))

screenshots: install ## Take the screenshots in docs/images from the demo's dashboards (needs chromium)
	$(BIN)/python -m dev.demo shell $(BIN)/python -m reports.dashboards render
	$(BIN)/python -m dev.screenshots

# Without PGHOST, starts a private server.
test: install ## Run all tests
	$(BIN)/python -m pytest

# sqlfluff silently skips models that do not compile, so dbt compiles them first.
lint: install ## Check style, types, imports and spelling, and that all models compile
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/python -m dev.demo shell dbt --quiet compile
	$(BIN)/python -m dev.demo shell sqlfluff lint models tests/dbt

measure: $(DEMO_PACKAGES) ## Measure the sender's own time for 200,400 stations
	$(BIN)/python -m dev.demo measure

bench: install ## Compare dbt build with other ways, at millions of sessions
	$(BIN)/python -m dev.bench

COMPILE := uv pip compile --quiet --universal --python-version 3.11 --no-strip-extras --generate-hashes \
	--no-header pyproject.toml

lock: ## Update requirements*.lock from pyproject.toml (needs uv)
	$(COMPILE) --all-extras --upgrade --output-file requirements.lock
	$(COMPILE) --extra dbt --extra demo --extra reports --constraints requirements.lock \
		--output-file requirements-demo.lock

clean: ## Remove everything that the targets created, including the demo's data
	test ! -x $(BIN)/python || $(BIN)/python -m dev.demo clean
	find . -name __pycache__ -prune -exec rm -rf {} +
	rm -rf $(VENV) target logs .postgres .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
