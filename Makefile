# Plumbline: `make help` lists what there is.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help

.PHONY: help setup demo up down logs smoke sandbox test test-integration bench campaign lint docs

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

setup: $(VENV)/.ready ## Set up everything from PyPI (done by the others when needed)

$(VENV)/.ready: pyproject.toml uv.lock
	@test -x .plumbline/uv/bin/uv || { python3 -m venv .plumbline/uv && .plumbline/uv/bin/pip install -q 'uv>=0.9'; }
	@.plumbline/uv/bin/uv sync --frozen --all-packages --compile-bytecode -q
	@touch $@

demo: setup ## Play sixty invoices with faults on this machine, and check the books (KEEP=1, KILL=mapper)
	@exec $(BIN)/plumbline demo $(if $(KEEP),--keep) $(if $(KILL),--kill $(KILL))

up: setup ## Run every service in a container of its own, with the sandbox (needs Docker)
	@exec $(BIN)/plumbline containers up $(if $(PULL),--pull $(PULL))

down: setup ## Stop and remove the containers (CLEAN=1: and what they stored)
	@exec $(BIN)/plumbline containers down $(if $(CLEAN),--clean)

logs: setup ## Follow the containers' logs (SERVICE=mapper)
	@exec $(BIN)/plumbline containers logs $(SERVICE)

smoke: setup ## Play the demo on the running containers, and check the books (KILL=mapper,kafka,vault)
	@exec $(BIN)/plumbline containers smoke $(if $(KILL),--kill $(KILL))

sandbox: setup ## Run the sandbox alone: a Procore and a QuickBooks on this machine (OPTIONS="--seed 7 --faults FILE")
	@exec $(BIN)/plumbline sandbox $(OPTIONS)

test: setup lint ## Lint, types, import contracts, unit and component tests
	@exec $(BIN)/pytest -n 2 -m 'not connected and not published and not campaign'

test-integration: setup ## The suite on real Kafka, Vault and PostgreSQL: by URL, else Docker, else native
	@$(BIN)/pytest -m 'connected or published or campaign'
	@exec $(BIN)/plumbline demo --on native --state .plumbline/native

bench: setup ## Measure: BENCH=latency (default), backlog or sandbox
	@exec $(BIN)/python -m benchmarks.$(or $(BENCH),latency)

campaign: setup ## Play a fault campaign: CAMPAIGN=crash_sweep (default), sabotage, silence, histories, postgres (SEED=7)
	@exec $(BIN)/python -m tests.campaigns.$(or $(CAMPAIGN),crash_sweep) $(if $(SEED),--seed $(SEED)) \
		$(if $(CASES),--cases $(CASES)) $(if $(SAMPLE),--sample $(SAMPLE))

lint: setup ## Lint, types and import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

docs: setup ## Write the generated pages of docs/ anew
	@$(BIN)/python sandbox/tests/sandbox_rules.py
