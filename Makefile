# Everything is done by the first command; the second time it starts at once.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
LOCKS  := requirements/build.txt requirements/run.txt pyproject.toml scripts/setup.py models/manifest.toml
# What llama.cpp is built for: none, cuda, vulkan or metal. Without a word it stays what it was built for last.
GPU    ?= $(shell cat $(VENV)/.gpu 2>/dev/null)
KIND   := $(addprefix -,$(filter-out none,$(GPU)))
READY  := $(VENV)/.ready$(KIND)
DEV    := $(VENV)/.dev$(KIND)
EVAL_FOLDER ?= $(wildcard ../shared/eval)
export EVAL_FOLDER Q

.PHONY: chat ask setup test faults check eval bench docs wheel lock clean

chat: setup            ## talk in the terminal: make chat GPU=cuda
	@$(BIN)/edge-assistant chat

ask: setup             ## one question: make ask Q="how do I reset the router?"
	@$(BIN)/edge-assistant ask "$$Q"

setup: $(READY)        ## what both need, alone

$(READY): $(LOCKS)
	@$(PYTHON) scripts/setup.py --venv $(VENV) --gpu $(or $(GPU),none)
	@rm -f $(filter-out $(DEV),$(wildcard $(VENV)/.ready* $(VENV)/.dev*))
	@touch $@

$(DEV): requirements/dev.txt $(LOCKS)
	@$(PYTHON) scripts/setup.py --venv $(VENV) --dev --gpu $(or $(GPU),none)
	@rm -f $(wildcard $(VENV)/.ready* $(VENV)/.dev*)
	@touch $@ $(READY)

test: $(DEV)     ## every test, with the real models
	$(BIN)/pytest -q
	$(BIN)/pytest -q -m broker
	$(BIN)/pytest -q -m "model and not faults"

faults: $(DEV)   ## thousands of kills, cuts and damaged files: SEED=1 KILLS=2000 CUTS=500 FILES=200 TRAPS=200 MODELS=868 REQUESTS=10000 DEATHS=50
	$(BIN)/pytest -q -m faults

check: $(DEV)    ## style, types, floors, pages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/vermin --quiet --target=3.10- --violations --no-tips edge_assistant scripts bench
	$(BIN)/edge-assistant rules test
	PYTHONPATH=. $(BIN)/cog --check -r README.md docs/*.md

eval: $(DEV)     ## quality on the labelled sets in EVAL_FOLDER
	$(BIN)/python scripts/evaluate.py $(EVAL_FOLDER)

bench: $(DEV)    ## speed beside a peer: make bench ONLY=worker
	$(BIN)/python scripts/benchmarks.py $(ONLY)

docs: $(DEV)     ## refresh the generated parts of the pages
	PYTHONPATH=. $(BIN)/cog -r README.md docs/*.md

wheel: $(READY)  ## one file to install elsewhere: pip install dist/*.whl
	$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

lock: $(DEV)     ## resolve the packages again; needs uv
	for group in run dev build; do \
	  uv pip compile $$(case $$group in run) echo pyproject.toml;; dev) echo pyproject.toml --group dev;; build) echo --group build;; esac) \
	    --universal --python-version 3.10 --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --no-annotate --no-header --quiet --output-file requirements/$$group.txt; \
	done

clean:                 ## remove the environment and caches
	rm -rf $(VENV) .cache dist
