# Everything a developer types. `make` alone lists it.
SHELL := /bin/bash
PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)
RUN := .venv/bin/python
SERVICES ?= all
STORE ?=
ifneq ($(STORE),)
export DARKROOM_STORE := $(STORE)
endif
ifdef WORKERS
export DARKROOM_WORKERS := $(WORKERS)
endif

ifdef BROKERS
export DARKROOM_BROKERS := $(BROKERS)
endif

.DEFAULT_GOAL := help
.PHONY: help setup up down status logs demo test behaviours check bench chaos mutants replay clean is-set-up

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | while IFS=$$'\t' read -r name text; do printf '  make %-11s %s\n' "$$name" "$$text"; done

setup: ## Install what is missing (STORE=versitygw for the quick object store)
	@$(PYTHON) -m infra.setup

up: setup ## Start everything and wait until it is ready (WORKERS=n a role, BROKERS=3, SERVICES=core for only what others wrote)
	@$(RUN) -m infra up --services $(SERVICES)

down: is-set-up ## Stop everything; the data stays
	@$(RUN) -m infra down

status: is-set-up ## Each component, each projection's lag and freshness (JSON=1 with pids)
	@$(RUN) -m infra status $(if $(JSON),--json)

logs: is-set-up ## The end of every log (NAME=kafka for one, FOLLOW=1 to stay)
	@$(RUN) -m infra logs $(NAME) $(if $(FOLLOW),--follow)

# The celebrity of a small world has some 200 followers; 120 make the pull path visible.
demo: export DARKROOM_CELEBRITY_UP ?= 120
demo: setup ## Set up, start, make a small world and show what it looks like
	@$(RUN) -m infra up
	@$(RUN) -m infra.demo

# Run a module on the tests' own stack: empty at first, stopped afterwards.
define on_the_tests_stack
@$(RUN) -m infra clean --for-tests --yes
@$(RUN) -m infra up --for-tests && STACK_IS_UP=1 $(RUN) -m $(1) $(ARGS); code=$$?; $(RUN) -m infra down --for-tests; exit $$code
endef

test: setup ## Bring up the tests' own stack, empty, run all tests, stop it (ARGS='-k name' for some)
	$(call on_the_tests_stack,tests)

behaviours: setup ## Tell the fifteen behaviours through HTTP; again after kills and after a rebuild (WORKERS=2)
	$(call on_the_tests_stack,pytest tests/integration/behaviours)

check: setup ## Lint and check the import contracts
	@.venv/bin/ruff check .
	@.venv/bin/lint-imports

bench: setup ## Measure, side by side with plain loops; needs no stack but its own
	@$(RUN) -m tests.bench $(ARGS)

MINUTES ?= 5
chaos: setup ## Kill anything under load on a stack of its own, then prove that nothing is lost (MINUTES=5)
	@$(RUN) -m tests.chaos --minutes $(MINUTES) $(ARGS)

mutants: setup ## Plant known bugs and show that a test catches each
	@$(RUN) -m tests.mutants $(ARGS)

replay: is-set-up ## Replay a topic: make replay TOPIC=likes ARGS='--since 1h --to parquet'
	@$(RUN) -m streams replay $(TOPIC) $(ARGS)

clean: is-set-up ## Stop the stack and delete its data, after saying what (YES=1 does not ask)
	@$(RUN) -m infra clean $(if $(YES),--yes)
	@$(RUN) -m infra clean --for-tests $(if $(YES),--yes)

is-set-up:
	@test -f .venv/darkroom-lock || { echo 'Not set up yet. Run: make setup'; exit 3; }
