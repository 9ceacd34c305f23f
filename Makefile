# Two commands do everything on a fresh machine: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.set-up

.PHONY: help
help: ## List the commands.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.PHONY: setup
setup: $(STAMP) ## Create .venv and install the locked dependencies.

$(STAMP): requirements.lock pyproject.toml examples/xero/pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Bookpost needs Python 3.11 or newer; set PYTHON=…")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . -e examples/xero
	touch $@

.PHONY: demo
demo: setup ## Run the order desk with its workers, Redis and sandbox books (DEMO_PORT, SANDBOX_PORT, DEMO_DATA).
	@exec $(BIN)/python -m demo

.PHONY: test
test: setup chromium lint types contracts ## Set up, then run every check and every test.
	$(BIN)/python -m pytest

.PHONY: test-fast
test-fast: setup lint types contracts ## Run every check and the quick tests, in less than a minute.
	$(BIN)/python -m pytest -m "not slow"

.PHONY: docs
docs: setup ## Build the documentation into var/docs.
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet && echo "The pages are in var/docs/index.html"

.PHONY: bench
bench: setup ## Measure, and print the ratios.
	@$(BIN)/python -m benchmarks

.PHONY: chaos
chaos: setup ## Send orders while everything is killed, and compare the books (DELIVERIES, COMPANIES, SEED).
	@$(BIN)/python -m benchmarks.chaos

.PHONY: chromium
chromium: setup ## Find a Chromium for the browser tests, or install one.
	@$(BIN)/python -m tests.support.chromium

.PHONY: lint
lint: setup ## Ruff, and whether every sentence for people can be translated.
	$(BIN)/ruff check .
	$(BIN)/python -m tests.support.sentences

.PHONY: types
types: setup ## mypy --strict.
	$(BIN)/mypy

.PHONY: contracts
contracts: setup ## Who may import whom.
	$(BIN)/lint-imports --no-cache

.PHONY: clean
clean: ## Remove what the commands above made.
	rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache .hypothesis
