# Two commands matter on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO := .cache/demo
DEMO_SAMPLE ?= kworker-miner

.PHONY: demo test check bench fuzz lint types imports signatures format clean

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(STAMP): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

# Set up and open the interface on a built-in training image.
demo: $(STAMP)
	$(BIN)/forensics samples build $(DEMO) --only $(DEMO_SAMPLE) >/dev/null
	$(BIN)/forensics open $(DEMO)/$(DEMO_SAMPLE).tar
	@echo 'The command is $(BIN)/forensics; the same image as a table: $(BIN)/forensics scan $(DEMO)/$(DEMO_SAMPLE).tar'

# Set up and run every test that this machine has the means for; those that measure time by themselves.
test: $(STAMP)
	$(BIN)/python -m pytest -n auto -m "not alone"
	$(BIN)/python -m pytest -m alone

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMP)
	$(BIN)/mypy

imports: $(STAMP)
	$(BIN)/lint-imports

signatures: $(STAMP)
	$(BIN)/forensics rules check

# Everything a change must pass.
check: lint types imports signatures test

# Time, CPU and memory against Syft and against a floor, over one large real image.
bench: $(STAMP)
	$(BIN)/python -m bench

# Fuzz every parser for FUZZ_SECONDS each (20 by default), two at a time; FORENSICS_CORPUS gives real seeds.
fuzz: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary atheris 'atheris>=3.0' || \
	  { echo "there is no build of atheris for this Python: use 3.11 or later on Linux, x86-64"; exit 1; }
	$(BIN)/python -m fuzz run $(FUZZ_TARGETS)

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .cache dist build .mypy_cache .ruff_cache .hypothesis
