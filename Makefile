# Everything is done by the first command; the second time it starts at once.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
LOCKS  := requirements/build.txt requirements/run.txt pyproject.toml scripts/setup.py models/manifest.toml
EVAL_FOLDER ?= $(wildcard ../shared/eval)
export EVAL_FOLDER Q

.PHONY: chat ask setup test faults check eval bench docs wheel lock clean

chat: setup            ## talk in the terminal
	@$(BIN)/edge-assistant chat

ask: setup             ## one question: make ask Q="how do I reset the router?"
	@$(BIN)/edge-assistant ask "$$Q"

setup: $(VENV)/.ready  ## what both need, alone

$(VENV)/.ready: $(LOCKS)
	@$(PYTHON) scripts/setup.py --venv $(VENV)
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(LOCKS)
	@$(PYTHON) scripts/setup.py --venv $(VENV) --dev
	@touch $@ $(VENV)/.ready

test: $(VENV)/.dev     ## every test, with the real models
	$(BIN)/pytest -q
	$(BIN)/pytest -q -m broker
	$(BIN)/pytest -q -m model

faults: $(VENV)/.dev   ## thousands of kills, cuts and damaged files: SEED=1 KILLS=2000 CUTS=500 FILES=200
	$(BIN)/pytest -q -m faults

check: $(VENV)/.dev    ## style, types, floors, pages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/vermin --quiet --target=3.10- --violations --no-tips edge_assistant scripts bench
	$(BIN)/edge-assistant rules test
	PYTHONPATH=. $(BIN)/cog --check -r README.md docs/*.md

eval: $(VENV)/.dev     ## quality on the labelled sets in EVAL_FOLDER
	$(BIN)/python scripts/evaluate.py $(EVAL_FOLDER)

bench: $(VENV)/.dev    ## speed beside a peer: make bench ONLY=worker
	$(BIN)/python scripts/benchmarks.py $(ONLY)

docs: $(VENV)/.dev     ## refresh the generated parts of the pages
	PYTHONPATH=. $(BIN)/cog -r README.md docs/*.md

wheel: $(VENV)/.ready  ## one file to install elsewhere: pip install dist/*.whl
	$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

lock: $(VENV)/.dev     ## resolve the packages again; needs uv
	for group in run dev build; do \
	  uv pip compile $$(case $$group in run) echo pyproject.toml;; dev) echo pyproject.toml --group dev;; build) echo --group build;; esac) \
	    --universal --python-version 3.10 --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --no-annotate --no-header --quiet --output-file requirements/$$group.txt; \
	done

clean:                 ## remove the environment and caches
	rm -rf $(VENV) .cache dist
