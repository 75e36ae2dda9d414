# Everything a person or CI does with this project; each target makes what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TESTS ?= tests
WORKERS ?= 4

.PHONY: help setup demo serve test check format bench docs clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Make the environment (.venv) with everything for development

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "runyard needs Python 3.11 or newer; say make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1' uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable '.[all]' --group dev || $(BIN)/python -m pip install --quiet --editable '.[all]' --group dev
	@touch $@

demo: $(READY) ## Start a server, run real jobs through boto3, show what happened
	@$(BIN)/python demo/demo.py

serve: $(READY) ## Start a server with your own home folder
	@$(BIN)/runyard serve

# Python keeps what it compiles, whatever the shell says: else each of some thousand processes would compile all anew.
test: $(READY) ## Run every test, in parallel
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

check: $(READY) ## Lint, types, layers, sizes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/check_sizes.py

format: $(READY) ## Put the code into its one form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY) ## Measure what the README claims
	$(BIN)/python bench/bench.py

docs: $(READY) ## Write the reference pages that come from the code
	$(BIN)/python tools/make_reference.py

clean: ## Remove what can be made again
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage*
