# `make help` lists the targets. Everything is set up on first use; a second run only checks that it is there.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin/python
MINUTES ?= 10
KILLS ?= 200
ARGS ?=

.PHONY: help setup demo test lint coverage format bench score month soak kills twins lock clean

help: ## show this help
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo '  ARGS="…" is passed on: make demo ARGS="--for 120s", make test ARGS="tests/unit -x"'

setup: ## make .venv with forewarn in it, and fetch Apache Kafka
	@deploy/setup.sh

demo: setup ## watch an outage happen, on a real Kafka (ARGS="--for 120s" ends with a summary)
	@.venv/bin/forewarn demo $(ARGS)

test: setup ## all tests, the integration tests on a real Kafka among them
	@$(PY) -m pytest $(ARGS)

lint: setup ## ruff, mypy --strict, import contracts
	@.venv/bin/ruff check --no-cache .
	@.venv/bin/ruff format --no-cache --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache

coverage: setup ## branch coverage of the pure packages, at least 95 %
	@$(PY) -m pytest -q tests/unit tests/acceptance --cov --cov-report=term $(ARGS)

format: setup ## let ruff put imports and layout right
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

bench: setup .venv-bench/.installed ## measure against Faust and Quix Streams, in one run, with a correctness gate
	@$(PY) -m tests.bench --quix-python .venv-bench/bin/python $(ARGS)

.venv-bench/.installed: deploy/requirements/bench.lock
	@rm -rf .venv-bench
	@$(PY) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install --disable-pip-version-check --require-hashes -r $<
	@touch $@

score: setup ## simulate, replay and score twenty seeds; docs/score.md (ARGS="--seeds 2" for a quick look)
	@$(PY) -m tests.score $(ARGS)

month: setup ## a month of 100,000 customers through the replay, and a checker of all that must hold (ARGS="--days 3")
	@$(PY) -m tests.month $(ARGS)

soak: setup ## kill, pause and rebalance workers for MINUTES=10, against an independent model
	@$(PY) -m tests.faults.soak --minutes $(MINUTES) $(ARGS)

kills: setup ## kill deliver KILLS=200 times while it hands over mail and texts: nothing lost, no duplicate unlisted
	@$(PY) -m tests.faults.kills --kills $(KILLS) $(ARGS)

twins: setup ## kill detect, correlate and decide for MINUTES=30: do customers hear the same as without?
	@$(PY) -m tests.faults.twins --minutes $(MINUTES) $(ARGS)

lock: setup ## pin the requirements anew, with hashes
	@deploy/lock.sh

clean: ## remove what `make setup` made in this folder
	@rm -rf .venv .venv-bench build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage htmlcov
