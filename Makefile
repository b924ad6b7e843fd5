# Sallyport. `make run` shows the main job; `make test` proves it; `make help` lists the rest.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export SALLYPORT_MODELS ?= var/models
.DEFAULT_GOAL := help

.PHONY: help setup run test test-long check bench fuzz clean lock assets

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.installed  ## the virtual environment with the four console scripts

$(VENV)/.installed: requirements/dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

assets: var/assets/.installed  ## the GOV.UK and MoJ style sheets that the pages serve (needs Node and npm)

# The fonts and the crest of GOV.UK belong to gov.uk addresses alone: neither is copied, and the sheets lose their names.
var/assets/.installed: package.json package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js with npm (Debian: apt-get install nodejs npm)"; exit 1; }
	npm ci --loglevel=error
	mkdir -p $(@D)
	for sheet in node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.css \
	    node_modules/@ministryofjustice/frontend/moj/moj-frontend.min.css; do \
	  sed -E -e 's/@font-face\{[^}]*GDS Transport[^}]*\}//g' -e 's/GDS Transport,//g' -e 's/[/][*]# sourceMappingURL=[^*]*[*][/]//' \
	    "$$sheet" > "$(@D)/$${sheet##*/}" || exit 1; \
	done
	touch $@

lock:  ## resolve the dependencies again (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  --extra kiosk --extra gateway --extra postgres --extra provisioning --extra models --extra dev pyproject.toml -o requirements/dev.lock

check: setup  ## ruff, mypy strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:  ## remove what the targets made (keeps the fetched models)
	rm -rf run .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
