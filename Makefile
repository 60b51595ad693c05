# Two commands do all the set-up: `make run` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: run test check train bench drill clean

# Goes on serving until Ctrl-C; ends by itself without a terminal, where CI is set, and with `make run ONCE=1`.
run: $(VENV)/.base
	$(BIN)/prevention demo --data out/store --output out $(if $(ONCE),--once)

# On PostgreSQL, too, where PREVENTION_TEST_POSTGRES names a server or the programs to start one are installed.
test: check
	tests/postgres.sh $(BIN)/python -m pytest -n 2 --dist loadgroup

check: $(VENV)/.train
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

train: $(VENV)/.train
	$(BIN)/prevention train training/release.toml

bench: $(VENV)/.train
	$(BIN)/python -m pytest -m bench -s

drill: $(VENV)/.ray
	tests/postgres.sh $(BIN)/python -m pytest -m drill -s

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) install --quiet --constraint constraints.txt --editable '.[serve]'
	touch $@

# torch goes first and alone, at its pin: whatever asks for it afterwards is content with what is there.
$(VENV)/.train: pyproject.toml constraints.txt $(VENV)/.base
	$(PIP) install --quiet --constraint constraints.txt torch
	$(PIP) install --quiet --constraint constraints.txt --editable '.[train,serve,report,reader,dev]'
	touch $@

# Only drills need a cluster.
$(VENV)/.ray: pyproject.toml constraints.txt $(VENV)/.train
	$(PIP) install --quiet --constraint constraints.txt --editable '.[ray]'
	touch $@

clean:
	rm -rf $(VENV) out build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
