# Plumbline: `make help` lists what there is.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help

.PHONY: help setup demo up down logs smoke sandbox test test-integration test-containers browser bench campaign lint docs picture

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

setup: $(VENV)/.ready ## Set up everything from PyPI (done by the others when needed)

$(VENV)/.ready: pyproject.toml uv.lock
	@test -x .plumbline/uv/bin/uv || { python3 -m venv .plumbline/uv && .plumbline/uv/bin/pip install -q 'uv>=0.9'; }
	@.plumbline/uv/bin/uv sync --frozen --all-packages --compile-bytecode -q
	@touch $@

demo: setup ## Play sixty invoices with faults on this machine, and check the books (SCENARIO=rotation or compliance, KEEP=1, KILL=mapper)
	@exec $(BIN)/plumbline demo --scenario $(or $(SCENARIO),invoices) $(if $(KEEP),--keep) $(if $(KILL),--kill $(KILL))

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
	@exec $(BIN)/pytest -n 2 -m 'not (connected or published or browser or containers or campaign)'

test-integration: browser ## The suite on real Kafka, Vault and PostgreSQL (by URL, else Docker, else native); published clients; Chromium; samples of campaigns
	@$(BIN)/pytest -rs -m 'connected or published or browser or campaign'
	@$(BIN)/plumbline demo --on native --state .plumbline/native
	@exec $(BIN)/plumbline demo --on native --state .plumbline/native --scenario compliance

browser: setup
	@.plumbline/uv/bin/uv sync --frozen --all-packages --group browser -q

test-containers: setup ## What each container may do and reach, on the containers of `make up`
	@exec $(BIN)/pytest -m containers tests/containers

bench: setup ## Measure: BENCH=latency (default), backlog, writer, drift, tokens, compliance or sandbox
	@exec $(BIN)/python -m benchmarks.$(or $(BENCH),latency)

campaign: setup ## Long trials: CAMPAIGN=crash_sweep (default), sabotage, silence, storm, histories, postgres, backlog, vault, token_race, token_sabotage; rolling (on the containers of `make up`)
	@exec $(BIN)/python -m tests.campaigns.$(or $(CAMPAIGN),crash_sweep) $(OPTIONS)

lint: setup ## Lint, types and import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

docs: setup ## Write the generated pages of docs/ anew
	@$(BIN)/python sandbox/tests/sandbox_rules.py
	@$(BIN)/python stack/tests/stack_pages.py
	@$(BIN)/python services/qb-writer/tests/plan_page.py
	@$(BIN)/python services/compliance/tests/rules_page.py
	@$(BIN)/python services/compliance/tests/templates_pictures.py

picture: browser ## Draw the picture of the sandbox's page in docs/ anew (needs Chromium)
	@$(BIN)/python sandbox/tests/sandbox_picture.py
