# Everything goes through .venv, which the first target makes and pyproject.toml invalidates.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
TORCH := torch==2.13.0
# A Ray cluster for each, so no more than a machine bears.
PARALLEL := --numprocesses logical --maxprocesses 4 --dist worksteal --durations 15

.PHONY: study test fast clusters rays lint bench clean

study: $(STAMP) ## the main job: 100 trials of the CVAE on every core
	$(BIN)/python -m study.run --space cvae

test: $(STAMP) lint ## what CI checks
	$(BIN)/python -m pytest $(PARALLEL)

fast: $(STAMP) ## the tests without the slow ones
	$(BIN)/python -m pytest $(PARALLEL) -m "not slow"

clusters: $(STAMP) ## studies on several nodes, under Prometheus, dashboards and trackers, one after the other
	$(BIN)/python -m pytest -m cluster

rays: $(STAMP) ## a study, a killed worker and a resume on the oldest and the newest Ray that pyproject.toml admits
	$(BIN)/python -m tests.rays "$(TORCH)"

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(STAMP) ## ratios against plain Optuna and tutorial-style Ray Tune; takes a while
	$(BIN)/python -m tests.benchmarks

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$(TORCH)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	touch $@

clean: ## forgets the environment, never the results
	rm -rf .venv .rays .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
