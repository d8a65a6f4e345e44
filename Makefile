# The only commands to know; `make help` lists them.
# Everything is kept inside the checkout: .venv (Python packages), target (what is compiled).

# A Python environment of the caller is not ours: the build would link or install into it.
unexport CONDA_PREFIX VIRTUAL_ENV PYTHONPATH PYTHONHOME
# Where rustup puts Rust, for shells that were started before it was installed.
export PATH := $(PATH):$(HOME)/.cargo/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

PYTHON = .venv/bin/python
PIP = $(PYTHON) -m pip --quiet
RUST_TESTS = --locked --workspace --exclude hotcue-py

# Tests that need what is not here append "name: reason" to this file; with CI=true they fail.
export HOTCUE_NOT_RUN = $(CURDIR)/target/not-run.txt

.PHONY: help demo test lint bench nightly docs clean preflight wheel rust-tests python-tests

help: ## lists the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | expand -t 10

demo: wheel ## plays a few bars of the bundled kit, with or without a sound card; writes demo.wav
	.venv/bin/hotcue demo --wav demo.wav

test: PREFLIGHT = test
test: rust-tests python-tests ## runs all tests
	@scripts/not_run.sh

lint: wheel .venv/.lint ## checks format, lints, types and stubs
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy py/python
	$(PYTHON) -m mypy.stubtest hotcue._hotcue
	$(PYTHON) scripts/third_party_licences.py --check
	@if command -v shellcheck >/dev/null; then shellcheck scripts/*.sh .ci/run; \
	else echo 'shellcheck is not here: scripts not checked'; fi

bench: preflight ## measures: decoding per format, resampling, rings, mixer
	cargo bench --locked -p hotcue-benches

nightly: export HOTCUE_LONG = 1
nightly: test ## runs the long forms of the tests, and the checks that need other programs
	rm -f target/nightly-demo.wav
	.venv/bin/hotcue demo --output null --wav target/nightly-demo.wav
	$(PYTHON) scripts/check_demo.py target/nightly-demo.wav

docs: preflight ## makes the Rust documentation
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps --exclude hotcue-py

clean: ## removes all that was made
	cargo clean
	rm -rf .venv demo.wav .pytest_cache .mypy_cache .ruff_cache

preflight:
	@scripts/preflight.sh $(PREFLIGHT)

rust-tests: preflight
	@mkdir -p target && rm -f target/not-run.txt
	@if cargo nextest --version >/dev/null 2>&1; then \
	    set -x; cargo nextest run $(RUST_TESTS) --no-fail-fast && cargo test $(RUST_TESTS) --doc; \
	else set -x; cargo test $(RUST_TESTS) --no-fail-fast; fi
	@# Alone, after the others: a sound server does not wait for a busy machine.
	cargo test $(RUST_TESTS) --features hotcue-tests/jack --test jack

python-tests: wheel .venv/.test
	$(PYTHON) -m pytest

# The wheel is what people install, so it is what runs here.
wheel: .venv/.build
	@rm -rf target/wheel
	$(PYTHON) -m maturin build --quiet --release --locked --compatibility linux \
	    --interpreter $(PYTHON) --out target/wheel
	@# First what it depends on; pip leaves a package alone whose version has not changed.
	@$(PIP) install target/wheel/*.whl
	@$(PIP) install --no-deps --force-reinstall target/wheel/*.whl

.venv/.build: | preflight
	"$$(scripts/find_python.sh)" -m venv --clear .venv
	$(PIP) install 'maturin>=1.9.4,<2'
	@touch $@

.venv/.test: | .venv/.build
	$(PIP) install 'pytest>=8,<10'
	@touch $@

.venv/.lint: | .venv/.build
	$(PIP) install 'ruff==0.17.6' 'mypy==2.4.1'
	@touch $@
