# Everything goes through .venv, which the first target makes and pyproject.toml invalidates.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: study test faults fast lint bench clean

study: $(STAMP) ## the main job: 100 trials of the CVAE on every core
	$(BIN)/python -m study.run --space cvae

test: $(STAMP) lint ## what CI checks: all but `make faults`
	$(BIN)/python -m pytest

fast: $(STAMP) ## the tests without the slow ones
	$(BIN)/python -m pytest -m "not slow and not faults"

faults: $(STAMP) ## whole studies on real Ray: every space, kills, signals, full disks; minutes
	$(BIN)/python -m pytest -m faults

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(STAMP) ## ratios against plain Optuna and tutorial-style Ray Tune; takes a while
	$(BIN)/python -m tests.benchmarks

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "torch==2.13.0"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	touch $@

clean: ## forgets the environment, never the results
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
