# Anamnesis: every everyday command. `make` alone lists them.

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
ROOT := $(CURDIR)
BIN := $(ROOT)/.venv/bin
SYSTEM_PATH := $(PATH)
export PATH := $(BIN):$(ROOT)/.tools/bin:$(PATH)

# Set-up runs on the first Python on PATH that is new enough and not the one it builds in .venv.
is_fit = import os, sys; sys.exit(sys.version_info < (3, 11) or sys.prefix.startswith(os.getcwd()))
find_python = PATH="$(SYSTEM_PATH)"; for p in "$(PYTHON)" python3 python3.12 python3.11; do \
	"$$p" -c '$(is_fit)' >/dev/null 2>&1 && break; p=; done; \
	test -n "$$p" || { echo "No Python 3.11 or newer was found. On Debian 12: apt-get install python3" >&2; exit 4; }
set_up = @$(find_python); PYTHONDONTWRITEBYTECODE=1 "$$p" -m setup $(if $(filter no,$(APT)),--no-apt)

SOURCES := core ledger ipfs ocr dapp scripts setup tests
ONCE ?=
N ?=
SEED ?=
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup setup-test demo samples test format bench crash walk coverage mutate prove hostile mutate-vault doctor clean \
	check check-style check-types check-imports check-contracts check-javascript

help: ## this list
	@echo "make TARGET, where TARGET is one of"
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{ printf "%-14s%s\n", $$1, $$2 }'

setup: ## install everything that is missing; again: nothing to do (APT=no: name system packages, install none)
	$(set_up)

setup-test: ## the same, and a browser for the tests
	$(set_up) --for test

demo: samples/truth.json ## set up, then run the whole story on sample paper and serve the dapp (ONCE=1: stop after the story)
	@anamnesis demo $(if $(filter-out 0,$(ONCE)),--once) $(ARGS)

samples: setup ## make the sample paper and its truth in samples/
	@anamnesis samples --out samples

# For the demo they are made once; the generator is deterministic.
samples/truth.json: $(shell find scripts/_paper scripts/samples.py -name '*.py') | setup
	@echo "Making the sample paper in samples/" >&2
	@anamnesis samples --out samples >/dev/null

test: setup-test ## set up, then run every test (ARGS="-k consent" for some)
	@pytest $(ARGS)

check: check-style check-types check-imports check-contracts check-javascript ## all checks (make -k check: go on after a failure)

check-style: setup
	ruff check .
	ruff format --check .

check-types: setup
	mypy

check-imports: setup
	lint-imports

# Ape passes on no warnings, so the compiler is asked itself.
check-contracts: setup
	@set -e; for f in contracts/*.vy; do echo "vyper -W error $$f"; vyper -W error "$$f" >/dev/null; done
	ape compile --force

check-javascript: setup
	@find dapp/components/src -name '*.js' | while read -r f; do node --check "$$f" || exit 1; done
	node --test --test-reporter=dot tests/dapp/*.test.mjs

format: setup ## put the code into the house style
	ruff check --fix .
	ruff format .

bench: setup ## run the benchmarks, one file for each claim (ARGS=--json)
	@set -e; for f in bench/[!_]*.py; do python -m "bench.$$(basename "$$f" .py)" $(ARGS); done

walk: setup ## call the contracts at random N times (200000), hold each outcome against the model (SEED=n, ARGS=--list)
	@nice -n 10 anamnesis walk --steps $(or $(N),200000) $(if $(SEED),--seed $(SEED)) $(ARGS)

coverage: setup ## walk until every line and branch of the contracts was seen, N steps (200000) at most (SEED=n, ARGS=--json)
	@nice -n 10 anamnesis coverage --steps $(or $(N),200000) $(if $(SEED),--seed $(SEED)) $(ARGS)

mutate: setup ## break the contracts N times (all ways) on purpose: the walk must notice (SEED=n, ARGS=--json)
	@nice -n 10 anamnesis mutate $(if $(N),--sample $(N)) $(if $(SEED),--seed $(SEED)) $(ARGS)

prove: setup ## prove properties of the contracts for all inputs (MUTANTS=1: show that each can fail; ARGS=--json)
	@nice -n 10 python -m scripts._proofs $(if $(filter-out 0,$(MUTANTS)),--mutants) $(ARGS)

crash: setup ## kill publisher, IPFS node and chain N times (1000) at random moments: nothing acknowledged may be lost (SEED=n, ARGS=--json)
	@nice -n 10 anamnesis crash --kills $(or $(N),1000) $(if $(SEED),--seed $(SEED)) $(ARGS)

hostile: setup ## read 560 hostile and broken files: each must end in a result or a named refusal in 30 s and 1 GiB (SEED=n, ARGS=--json)
	@nice -n 10 anamnesis hostile $(if $(SEED),--seed $(SEED)) $(ARGS)

mutate-vault: setup ## change the sealing code on purpose, one thing at a time: its tests must notice (ARGS=--json)
	@nice -n 10 python -m scripts._mutation $(ARGS)

doctor: ## check the installation and say what to do
	@test -x "$(BIN)/anamnesis" || { echo "Nothing is set up yet: run make setup" >&2; exit 4; }
	@anamnesis doctor $(ARGS)

clean: ## remove all that set-up and builds made; the demo's records in .anamnesis stay
	rm -rf .venv .tools node_modules .build dapp/components/dist out \
		.pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
