# The verbs are the same here and in CI. `make help` lists them.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 2024
MODEL ?=
BIN := .venv/bin
READY := .venv/.ready

ifneq ($(MODEL),)
export HOME_ENERGY_MODEL := $(MODEL)
endif

.DEFAULT_GOAL := help
.PHONY: help setup serve test check format eval bench matrix fuzz lock clean moved

help: ## list the verbs
	@sed -nE 's/^([a-z]+):.*## (.*)/\1|\2/p' Makefile | awk -F'|' '{ printf "  make %-8s %s\n", $$1, $$2 }'

setup: $(READY) ## install everything into .venv, from requirements.lock

# A stamp instead of a phony target, so that a second start re-does nothing. What is in uv's cache
# is not asked of the network.
$(READY): requirements.lock pyproject.toml $(if $(shell .ci/uv --sound && echo yes),,moved)
	@uv=$$(.ci/uv '$(PYTHON)') && install="$$uv pip sync --python $(BIN)/python --require-hashes requirements.lock" && \
	  { $$install --quiet --offline 2>/dev/null || $$install; } && \
	  $$uv pip install --python $(BIN)/python --quiet --offline --no-deps --no-build-isolation --editable .
	@touch $@

serve: $(READY) ## fetch the weights, index knowledge/, serve on HOST:PORT (MODEL=ollama:llama3.2:1b to use a model)
	@exec $(BIN)/home-energy serve --host '$(HOST)' --port '$(PORT)'

test: $(READY) ## run every test
	@$(BIN)/home-energy models pull
	@$(BIN)/python -m pytest

check: $(READY) ## formatting, lint, types and the direction of imports
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: $(READY) ## format and fix what can be fixed by itself
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

eval: $(READY) ## evaluate the assistant offline; fails under evals/thresholds.toml
	@$(BIN)/home-energy models pull
	@$(BIN)/python -m evals

bench: $(READY) ## measure speed and quality; writes below build/bench only
	@$(BIN)/home-energy models pull
	@$(BIN)/python -m bench

matrix: $(READY) ## ask every door as every caller; writes docs/isolation.md
	@$(BIN)/home-energy models pull
	@$(BIN)/python tests/isolation.py

fuzz: $(READY) ## schemathesis over our doors (installed below build/)
	@$(BIN)/home-energy models pull
	@$(BIN)/python tests/fuzz.py

lock: ## renew requirements.lock from pyproject.toml
	@uv=$$(.ci/uv '$(PYTHON)') && $$uv pip compile --quiet --upgrade --universal --python-version 3.11 --extra dev --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  --output-file requirements.lock pyproject.toml

clean: ## remove what make made; .data (your sessions, records, keys) stays
	@rm -rf .venv .langgraph_api .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
