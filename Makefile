# Sallyport. `make run` shows the main job; `make test` proves it; `make help` lists the rest.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export SALLYPORT_MODELS ?= var/models
.DEFAULT_GOAL := help

.PHONY: help setup run test test-long check bench clean lock assets models tools

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(VENV)/.installed assets  ## the virtual environment with the four console scripts, the style sheets, the broker
	@$(BIN)/python -c "from sallyport_provisioning.mosquitto import ensure_mosquitto; ensure_mosquitto()"

$(VENV)/.installed: requirements/dev.lock pyproject.toml
	@echo "setting up $(VENV): about 90 packages, a minute or two"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -qq --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@$(BIN)/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

assets: var/assets/.installed  ## the GOV.UK and MoJ style sheets that the pages serve (needs Node and npm)

# The fonts and the crest of GOV.UK belong to gov.uk addresses alone: neither is copied, and the sheets lose their names.
var/assets/.installed: package.json package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js with npm (Debian: apt-get install nodejs npm)"; exit 1; }
	@echo "style sheets: from npm"
	@npm ci --loglevel=error
	@mkdir -p $(@D)
	@for sheet in node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.css \
	    node_modules/@ministryofjustice/frontend/moj/moj-frontend.min.css; do \
	  sed -E -e 's/@font-face\{[^}]*GDS Transport[^}]*\}//g' -e 's/GDS Transport,//g' -e 's/[/][*]# sourceMappingURL=[^*]*[*][/]//' \
	    "$$sheet" > "$(@D)/$${sheet##*/}" || exit 1; \
	done
	@touch $@

models: $(VENV)/.installed  ## fetch the models and the public sample images, each by its digest
	@$(BIN)/sallyport-models fetch
	@$(BIN)/sallyport-models samples

run: setup models  ## the main job, played before your eyes (KEEP=1 leaves it running, CAMERA=0 uses a webcam)
	@$(BIN)/python -m sallyport_rig.demonstration $(if $(KEEP),--keep) $(if $(CAMERA),--camera $(CAMERA)) $(ARGS)

test: setup models  ## the whole suite but the long tests
	$(BIN)/pytest -q -m "not long" -n 2 --dist loadfile $(ARGS)

test-long: setup models  ## the long tests alone (an hour or more)
	$(BIN)/pytest -q -m long --timeout 3600 --hypothesis-profile search $(ARGS)

bench: setup models  ## every benchmark; writes docs/performance.md (BENCH="session face" for some)
	$(BIN)/python bench/all.py $(BENCH)

tools:  ## Debian's programs that some tests use (Chromium, PostgreSQL, systemd-analyze); those tests are skipped without them
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mosquitto chromium postgresql systemd nftables shellcheck

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

.PHONY: pins firmware hardware mutants

pins:  ## write the interlock's board file from hardware/pins.toml
	$(BIN)/python -m sallyport_rig.pins

firmware: setup  ## the interlock's firmware as it goes onto a board, with sizes and digest, into var/firmware
	@$(BIN)/python -m sallyport_rig.firmware_build var/firmware

hardware: var/hardware-venv/.installed  ## drawings, netlist and rule check, enclosure, into var/hardware
	@var/hardware-venv/bin/python hardware/make.py var/hardware

var/hardware-venv/.installed: requirements/hardware.lock
	@mkdir -p var && $(PYTHON) -m venv $(@D)
	@$(@D)/bin/pip install -qq --disable-pip-version-check --require-hashes -r requirements/hardware.lock
	@touch $@

mutants: setup  ## each small fault in gate, once and wire must fail a test (20 minutes)
	$(BIN)/python tests/interlock/mutants.py $(MODULES)

.PHONY: image image-selftest image-lock

image: setup models  ## the kiosk's root file system (arm64), into var/image (needs root, mmdebstrap, qemu-user-static)
	@mkdir -p var/image
	firmware/image/build $(ARGS) var/image/kiosk.squashfs

image-selftest: setup models  ## what `make image` made: its units, and the acceptance test in it on simulated devices
	firmware/image/selftest var/image/kiosk.squashfs

image-lock:  ## the kiosk's part of requirements/dev.lock, every one with a wheel for its processor (needs uv)
	uv pip compile --quiet --python-platform aarch64-manylinux_2_36 --python-version 3.13 --only-binary :all: \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header --extra kiosk --extra token \
	  -c requirements/dev.lock pyproject.toml -o firmware/image/kiosk.lock
