# Crossdock's commands. `make` alone prints them. Python 3.11 or newer and make are all that must be there.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN := .venv/bin
DEMO_PORT ?= 8000
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Dozens of processes of the demo and of the tests read the same modules: each is compiled once, not by each of them.
unexport PYTHONDONTWRITEBYTECODE

PYTHON_INSTALLED := .venv/.installed
NODE_INSTALLED := node_modules/.installed
ASSETS_BUILT := app/web/static/built/manifest.json
TEMPLATES := $(shell find app embedded_ui -name '*.html' -o -name '*.js' -not -path '*/static/*' 2>/dev/null)
STYLES := $(shell find app/web/ui -name '*.css' -o -name '*.js' 2>/dev/null)

.PHONY: help
help: ## Print these commands
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(PYTHON_INSTALLED): requirements/all.txt requirements/schemas.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/it"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/all.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/schemas.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

$(NODE_INSTALLED): package.json package-lock.json $(PYTHON_INSTALLED)
	# Not "npm ci": it refuses a lock that leaves out other platforms' optional parts. Versions and hashes hold here too.
	$(BIN)/npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(ASSETS_BUILT): $(NODE_INSTALLED) $(TEMPLATES) $(STYLES)
	$(BIN)/npm run --silent build
	@touch $@

.PHONY: install
install: $(PYTHON_INSTALLED) $(NODE_INSTALLED) ## Install everything into .venv and node_modules

.PHONY: build
build: $(ASSETS_BUILT) ## Build the pages' styles and scripts

.PHONY: demo
demo: build ## Run the whole loop here, with simulated Shopify, Stripe and carrier (DEMO_PORT=8000; Ctrl-C stops all)
	@exec $(BIN)/python -m demo run --port $(DEMO_PORT)

.PHONY: demo-check
demo-check: build ## Drive the loop once without a browser, on free ports, and check every step
	@$(BIN)/python -m demo check

.PHONY: run
run: build ## Run Crossdock by itself: web, workers, relay and clock
	@exec $(BIN)/crossdock run

.PHONY: screenshots
screenshots: build chromium ## Picture every page of the demo, desktop and phone, into docs/screenshots/
	@$(BIN)/python -m demo screenshots

.PHONY: chromium
chromium: $(PYTHON_INSTALLED)
	@$(BIN)/python -m tests.system_packages chromium

.PHONY: test
test: build check chromium ## Check and test everything
	$(BIN)/pytest -q -n 3 --dist worksteal -m "not stack"
	$(BIN)/pytest -q -n 2 --dist loadfile -m stack --ignore tests/browser
	$(BIN)/pytest -q -n 2 --dist loadfile -m stack tests/browser

.PHONY: campaign
campaign: build ## Walk orders, parcels, stock and feeds at random for long (TIMES=45 as long as the tests do)
	CAMPAIGN=$(or $(TIMES),45) $(BIN)/pytest -q -n 2 --dist worksteal tests/flows/test_order_machine.py \
		tests/flows/test_held_orders_machine.py tests/flows/test_label_machine.py tests/flows/test_channel_machine.py \
		tests/flows/test_decision_machine.py tests/domains/inventory/test_stock_machine.py \
		tests/domains/feeds/test_same_again.py tests/domains/fulfillment/test_correcting.py

.PHONY: check
check: $(PYTHON_INSTALLED) ## Lint, format, types and import rules
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

.PHONY: fix
fix: $(PYTHON_INSTALLED) ## Format and mend what the linter can mend
	$(BIN)/ruff check --quiet --fix .
	$(BIN)/ruff format --quiet .

.PHONY: bench
bench: $(PYTHON_INSTALLED) $(NODE_INSTALLED) ## Measure; one JSON line per case (CASE=place_order for one)
	@$(BIN)/python -m benchmarks $(CASE)

.PHONY: openapi
openapi: $(PYTHON_INSTALLED) ## Write docs/openapi.json from the code
	$(BIN)/crossdock openapi

.PHONY: lock
lock: ## Resolve the dependencies anew into requirements/all.txt (needs uv)
	uv pip compile --quiet --python-version 3.11 --universal --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --all-extras pyproject.toml -o requirements/all.txt

.PHONY: clean
clean: ## Delete what was built and the demo's data (not .venv, not node_modules)
	rm -rf app/web/static/built .demo .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis
