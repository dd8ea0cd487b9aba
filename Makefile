# `make run` and `make test` need nothing but this file: they set up what they use.
PYTHON := .venv/bin/python
ARGS ?=
# Processes that the tests are shared among; each takes up to 3 GB.
WORKERS ?= 2

.PHONY: help run label monitor-demo test test-fast lint format docs setup lock clean

help: ## Tell what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup ## Run the whole pipeline on the embedded sample; ARGS="--dataset emnist ..." changes it
	$(PYTHON) local_runner.py $(ARGS)

monitor-demo: setup ## Serve the pushed model, send clean and drifted lines, see the alert
	$(PYTHON) -m serving.monitor demo $(ARGS)

label: setup ## Serve the labelling application; ARGS="--folder labels --server URL" changes it
	$(PYTHON) -m labeling serve $(ARGS)

test: setup ## Run all tests
	$(PYTHON) -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

test-fast: setup ## Run the tests that take seconds
	$(PYTHON) -m pytest -n $(WORKERS) --dist loadfile -m "not slow and not e2e" $(ARGS)

lint: setup ## Check style and types
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

format: setup ## Rewrite in the common style
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

docs: setup ## Build the documentation site into site/, strictly
	NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --strict --quiet

setup: ## Make .venv with the locked packages
	@bash bin/setup

lock: setup ## Resolve the dependencies anew, for both stacks
	.venv/bin/uv pip compile pyproject.toml --extra dev --universal --python-version 3.10 \
	  --no-header --no-annotate --generate-hashes --upgrade --quiet -o requirements.lock
	.venv/bin/uv pip compile --group lambda --python-platform x86_64-manylinux_2_28 \
	  --python-version 3.12 --no-header --no-annotate --generate-hashes --upgrade --quiet \
	  -o serving/aws_lambda/requirements.lock

clean: ## Remove what setup and runs have made
	rm -rf .venv .venv-tools workspace site
