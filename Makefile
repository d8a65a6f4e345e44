# The commands to know: make demo, make test. `make help` lists the rest.
# Everything is made below this folder: target/ (Rust), .venv/ (Python). Paths with spaces work,
# because all of them are relative.

SHELL := /bin/bash
.SHELLFLAGS := -eo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
LOGS := target/logs
CRATES := -p hotcue -p hotcue-actors -p hotcue-tests

# A surrounding environment must not leak into ours.
unexport CONDA_PREFIX VIRTUAL_ENV PYTHONPATH PYTHONHOME
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYO3_PYTHON := $(CURDIR)/$(PY)
export CARGO_TERM_PROGRESS_WHEN := never

.PHONY: help demo test lint bench bench-python nightly docs wheel preflight clean \
        test-rust test-jack test-python not-run

help: ## Lists the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: wheel ## Loads the demo kit, plays a few bars of it, writes them to demo.wav
	$(PY) -m hotcue demo --wav demo.wav

test: wheel test-rust test-python test-jack not-run ## Runs all tests

preflight:
	@CI="$(CI)" PYTHON="$(PYTHON)" sh scripts/preflight.sh
	@mkdir -p $(LOGS)

# Python packages. The stamp names what was installed, so that a change of the list installs.
PIP_PACKAGES := maturin>=1.9.4,<2 numpy pytest rich
PIP_LINT := ruff>=0.12,<1 mypy>=1.15,<2
$(VENV)/.packages: Makefile | preflight
	test -x $(PY) || "$(PYTHON)" -m venv $(VENV)
	$(PY) -m pip install --quiet $(foreach p,$(PIP_PACKAGES),'$(p)')
	touch $@
$(VENV)/.lint: $(VENV)/.packages
	$(PY) -m pip install --quiet $(foreach p,$(PIP_LINT),'$(p)')
	touch $@

wheel: preflight $(VENV)/.packages ## Builds the wheel (release) and installs it into .venv
	rm -rf target/wheels
	$(PY) -m maturin build --release --quiet --interpreter $(PY) --out target/wheels
	$(PY) -m pip install --quiet --force-reinstall --no-deps target/wheels/*.whl

# nextest where it is there (it names a test that hangs), cargo's own runner elsewhere.
test-rust: preflight
	if cargo nextest --version >/dev/null 2>&1; then \
	    cargo nextest run $(CRATES) -E 'not binary(jack)' --no-fail-fast \
	        --success-output final 2>&1 | tee $(LOGS)/rust.log; \
	    cargo test --doc --quiet $(CRATES) 2>&1 | tee $(LOGS)/rust-doc.log; \
	else \
	    cargo test $(CRATES) --no-fail-fast --quiet -- --nocapture --skip jack:: \
	        2>&1 | tee $(LOGS)/rust.log; \
	fi

test-python: preflight
	$(PY) -m pytest py/tests 2>&1 | tee $(LOGS)/python.log

# Alone and last: a sound server and its clients want the machine to themselves.
test-jack: preflight
	cargo test -p hotcue-tests --test jack -- --nocapture --test-threads=1 2>&1 | tee $(LOGS)/jack.log

# What was not run is never hidden, and in CI it is a failure.
not-run:
	@echo; echo 'not run here:'
	@if grep -h '^NOT RUN HERE' $(LOGS)/*.log | sort -u; then \
	    if [ "$(CI)" = true ]; then echo 'with CI=true everything is to run'; exit 1; fi; \
	else echo '  nothing'; fi

lint: wheel $(VENV)/.lint ## Formatting, lints, types, stubs
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	cargo clippy -p hotcue -p hotcue-actors --no-default-features --quiet -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --quiet -p hotcue -p hotcue-actors
	$(PY) -m ruff check py scripts benches
	$(PY) -m ruff format --check py scripts benches
	$(PY) -m mypy
	$(PY) -m mypy.stubtest hotcue._hotcue

bench: preflight ## Criterion benchmarks: decode per format, resample, ring, mixer
	cargo bench -p hotcue-benches

bench-python: wheel ## What the Python calls cost
	$(PY) benches/python_calls.py

nightly: export HOTCUE_LONG := 1
nightly: test ## The long forms of the checks
	RUSTFLAGS='--cfg loom' cargo test --release -p hotcue --lib --target-dir target/loom loom
	$(PY) scripts/check_demo.py

docs: preflight ## Rust documentation
	RUSTDOCFLAGS='-D warnings' cargo doc --no-deps -p hotcue -p hotcue-actors

clean: ## Removes everything that was made
	rm -rf target .venv demo.wav
