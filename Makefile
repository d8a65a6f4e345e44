# The only commands to know; `make help` lists them.
# Everything is kept inside the checkout: .venv (Python packages), target (what is compiled). All
# paths are relative, so that a checkout in a folder with a space in its name works.

SHELL := /bin/bash
.SHELLFLAGS := -eo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test lint bench load bench-peers bench-mixers bench-tempo bench-key nightly soak promises progress streams crosscheck \
	formats hosts fuzz rtsan docs clean preflight wheel sdist bare free-threaded rust-tests jack-test python-tests not-run

PYTHON := .venv/bin/python
PIP := $(PYTHON) -m pip --quiet

# Exact, as all linters: a newer one must not fail a change that it has nothing to do with.
CHECKERS := mypy==2.4.1 'pyright[nodejs]==1.1.414'

# A Python environment of the caller is not ours: the build would link or install into it.
unexport CONDA_PREFIX VIRTUAL_ENV PYTHONPATH PYTHONHOME
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export NO_MKDOCS_2_WARNING := 1
export PYO3_PYTHON := $(CURDIR)/$(PYTHON)
# The build of the allocator takes no path with a space: there cargo knows its folder by a link.
ifneq ($(words $(CURDIR)),1)
export CARGO_TARGET_DIR := $(shell scripts/link_target.sh)
endif
# Where rustup puts Rust, for shells that were started before it was installed.
export PATH := $(PATH):$(HOME)/.cargo/bin

# Not the benchmarks: criterion takes long to compile and tests nothing.
CRATES := --locked -p hotcue -p hotcue-actors -p hotcue-tests
# Of hotcue-tests, all but the one that needs the machine to itself.
TARGETS := $(shell sed -n '/^\[\[test\]\]/,/^name/s/^name = "\(.*\)"/\1/p' tests/Cargo.toml)
TARGETS := --lib --bins $(addprefix --test ,$(filter-out jack,$(TARGETS)))
NEXTEST := $(shell PATH="$$PATH:$$HOME/.cargo/bin" cargo nextest --version 2>/dev/null)

# Of the wheel: linux is this system; pypi is every one whose C library is no older.
COMPATIBILITY := linux

# Of `make soak`, and of `make fuzz` for each parser.
MINUTES := 30

# Tests that need what is not here add a line "name: reason" to this file; with CI=true they fail.
export HOTCUE_NOT_RUN := $(CURDIR)/target/not-run.txt

help: ## lists the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | expand -t 10

demo: wheel ## plays a few bars of the bundled kit, with or without a sound card; writes demo.wav
	.venv/bin/hotcue demo --wav demo.wav

test: NEEDED_FOR := test
test: rust-tests jack-test python-tests not-run ## runs all tests

lint: wheel .venv/.lint ## checks format, lints, documentation, types, stubs and licences
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo clippy --locked -p hotcue -p hotcue-actors --no-default-features -- -D warnings
	scripts/other_systems.sh
	RUSTDOCFLAGS='-D warnings' cargo doc $(CRATES) --no-deps --quiet
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m ruff check
	$(PYTHON) -m mypy
	$(PYTHON) -m mypy.stubtest hotcue._hotcue
	$(PYTHON) scripts/third_party_licences.py --check
	scripts/plants.sh --check
	$(PYTHON) -m check_jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@# Workspaces of their own, which nothing else here builds.
	for own in fuzz benches/peers/mixers; do \
	    cargo metadata --locked --format-version 1 --manifest-path $$own/Cargo.toml > target/metadata.json; done
	@if command -v shellcheck >/dev/null; then shellcheck scripts/*.sh .ci/run; \
	else echo 'shellcheck is not here: the shell scripts were not checked'; fi

bench: preflight ## measures: decoding per format, resampling, rings, mixer
	cargo bench --locked -p hotcue-benches

load: preflight ## loads very many samples at once: ARGS='loads=10000 html=target/load.html'
	cargo run --locked --release -p hotcue-benches --bin load -- $(ARGS)

bench-peers: NEEDED_FOR := crosscheck
bench-peers: wheel .venv/.peers ## loads the same files with other libraries; writes docs/PERFORMANCE.md
	$(PYTHON) benches/peers/compare.py target/peers
	$(PYTHON) benches/peers/document.py target/peers/peers.json docs

bench-mixers: preflight .venv/.build ## lays what a voice costs beside kira's mixer and miniaudio's engine
	@# Python's package of miniaudio brings its source.
	@test -d target/miniaudio || $(PIP) download --no-deps --no-binary :all: --dest target/miniaudio miniaudio==1.71
	@tar --extract --gzip --directory target/miniaudio --file target/miniaudio/miniaudio-*.tar.gz
	MINIAUDIO=$$(realpath target/miniaudio/miniaudio-*/miniaudio) CARGO_TARGET_DIR=target/mixers \
	    cargo run --locked --release --manifest-path benches/peers/mixers/Cargo.toml

# What Debian calls hydrogen-data, hydrogen-drumkits, sonic-pi-samples, lmms-common and
# fretsonfire-songs-sectoid and -muldjord; where there are no such packages, less is made.
HYDROGEN = $(wildcard /usr/share/hydrogen/data)
SONIC_PI = $(wildcard /usr/share/sonic-pi/samples)
LMMS = $(wildcard /usr/share/lmms/samples)
SONGS = $(wildcard /usr/share/games/fretsonfire/data/songs)
# Arranger styles and songs as standard MIDI files, wherever you have some; played by fluidsynth.
STYLES :=
# Lists of labelled files of your own, in the form of the one that is written.
MORE :=
# How many files of each half of a set those are asked for that take seconds for a minute.
SLOW_MOST := 30
HALF := dev
TEMPO := target/tempo
TEMPO_LIST := $(TEMPO)/material.tsv
PEERS = benches/tempo/peers.py $(TEMPO_LIST) $(TEMPO)/peers.jsonl $(TEMPO)/peers.tsv \
    $(HALF:%=--half %) --slow-most $(SLOW_MOST)

# In environments of their own: what the others need is not what hotcue is tested with.
bench-tempo: NEEDED_FOR := tempo
# Processor time is compared: nobody has more threads than hotcue.
bench-tempo: export OMP_NUM_THREADS := 1
bench-tempo: export OPENBLAS_NUM_THREADS := 1
bench-tempo: export NUMBA_NUM_THREADS := 1
bench-tempo: export TF_NUM_INTRAOP_THREADS := 1
bench-tempo: export TF_NUM_INTEROP_THREADS := 1
bench-tempo: export TF_CPP_MIN_LOG_LEVEL := 3
bench-tempo: preflight $(TEMPO)/.venv $(TEMPO)/.tempocnn $(TEMPO)/node_modules ## lays tempi and beats beside known ones, and others: HALF=dev STYLES=DIR MORE=LISTS SLOW_MOST=30 ARGS='set=loops'
	$(TEMPO)/.venv/bin/python benches/tempo/material.py $(TEMPO) \
	    $(HYDROGEN:%=--hydrogen %) $(SONIC_PI:%=--sonic-pi %) $(LMMS:%=--lmms %) \
	    $(SONGS:%=--songs %) $(STYLES:%=--styles %) $(if $(MORE),--more $(MORE))
	NODE_PATH=$(TEMPO)/node_modules \
	    $(TEMPO)/.venv/bin/python $(PEERS)
	@# Last, as what it writes has all that were ever asked.
	if [ -d $(TEMPO)/.tempocnn/lib ]; then \
	    $(TEMPO)/.tempocnn/bin/python $(PEERS) --only tempocnn 'tempocnn, repeated'; fi
	cargo run --locked --release -p hotcue-tests --bin tempo -- $(TEMPO_LIST) $(HALF:%=half=%) \
	    others=$(TEMPO)/peers.tsv markdown=1 $(ARGS)

# The folder `MDB Drums` of the data set of that name, for onsets.
MDB :=

bench-key: NEEDED_FOR := key
bench-key: preflight wheel $(TEMPO)/.venv ## lays keys beside known ones, and onsets: HALF=dev MORE=LIST MDB=DIR
	$(TEMPO)/.venv/bin/python benches/key/material.py target/key $(MORE:%=--more %)
	PYTHONPATH=benches/tempo $(TEMPO)/.venv/bin/python benches/key/compare.py \
	    target/key/material.tsv target/key/peers.jsonl .venv/bin/hotcue $(HALF:%=--half %)
	@if test -d "$(MDB)"; then PYTHONPATH=benches/tempo $(TEMPO)/.venv/bin/python \
	    benches/key/onsets.py "$(MDB)" .venv/bin/hotcue $(HALF:%=--half %); fi

# Whoever does not go with the rest, or is not to be had, is not asked.
$(TEMPO)/.venv: benches/tempo/requirements.txt benches/tempo/peers.txt | preflight
	"$$(scripts/find_python.sh)" -m venv $@
	$@/bin/python -m pip --quiet install -r $<
	@grep -v '^#' benches/tempo/peers.txt | while read -r peer; do \
	    $@/bin/python -m pip --quiet install -r $< "$$peer" || echo "$$peer: not here"; \
	done
	@touch $@

$(TEMPO)/.tempocnn: benches/tempo/tempocnn.txt | preflight
	rm -rf $@
	@for python in "$$(scripts/find_python.sh)" python3.12 python3.11; do \
	    command -v "$$python" >/dev/null && "$$python" -m venv --clear $@ && \
	    $@/bin/python -m pip --quiet install -r $< && \
	    $@/bin/python -m pip --quiet install --no-deps tempocnn==0.0.8 && exit; \
	done; echo 'tempocnn: not here'; rm -rf $@; mkdir -p $@
	@touch $@

$(TEMPO)/node_modules: | preflight
	@mkdir -p $@
	@npm install --silent --no-fund --no-audit --prefix $(TEMPO) music-tempo@1.0.3 || \
	    echo 'music-tempo: not here, for want of npm'

# The machine is theirs alone: after the tests, one after the other.
nightly: export HOTCUE_LONG := 1
nightly: test promises progress streams soak fuzz ## runs the long forms of the tests, and those that need other programs
	RUSTFLAGS='--cfg loom' cargo test --locked --release -p hotcue --lib --target-dir target/loom \
	    -- buffer::tests::model stream::tests::model
	scripts/plants.sh
	.venv/bin/hotcue demo --output null --wav target/demo.wav
	$(PYTHON) scripts/check_demo.py target/demo.wav
	$(MAKE) sdist
	@if [ "$$(id -u)" = 0 ] && command -v debootstrap >/dev/null; then $(MAKE) bare; \
	else echo 'make bare was not run: it needs root and debootstrap'; fi
	$(MAKE) hosts

sdist: wheel ## builds the package from its source distribution, and from the checkout, as pip does
	rm -rf target/sdist
	$(PYTHON) -m maturin sdist --out target/sdist
	@if tar --list --file target/sdist/*.tar.gz | grep '/[.]'; then echo 'who packed these?'; exit 1; fi
	$(PYTHON) -m venv target/sdist/env
	@# What is compiled of other crates is compiled once; hotcue itself for each.
	for source in target/sdist/*.tar.gz .; do \
	    CARGO_TARGET_DIR="$${CARGO_TARGET_DIR:-$(CURDIR)/target}" target/sdist/env/bin/python -m pip --quiet install \
	        --force-reinstall "$$source" && \
	    (cd target/sdist && env/bin/hotcue demo --output null) || exit 1; done

bare: wheel ## tries the wheel on a bare Debian without ALSA; needs root and debootstrap
	scripts/bare_system.sh bookworm wheel

# An interpreter without the GIL, and the tests of all that threads and tasks do at once. Of other
# packages there are not yet wheels of all that tests use.
FREE := python3.14t
FREE_TESTS := analysis analyze arrays await batch budget cache contract crowds events gil lifecycle \
	log loops misuse mixing playable playing sample streaming streams ticket waiting

free-threaded: preflight ## builds for a free-threaded Python, and runs tests there: FREE=python3.14t
	rm -rf target/free/env target/free/wheel
	$(FREE) -m venv target/free/env
	target/free/env/bin/python -m pip --quiet install 'maturin>=1.9.4,<2' numpy rich \
	    pytest soundfile==0.14.0 uvloop
	PYO3_PYTHON='$(CURDIR)/target/free/env/bin/python' target/free/env/bin/python -m maturin build \
	    --quiet --release --locked --compatibility $(COMPATIBILITY) --target-dir target/free/target \
	    --interpreter target/free/env/bin/python --out target/free/wheel
	target/free/env/bin/python -m pip --quiet install --no-deps target/free/wheel/*.whl
	target/free/env/bin/python -c 'import hotcue, sys; assert not sys._is_gil_enabled()'
	target/free/env/bin/python -m pytest $(FREE_TESTS:%=py/tests/test_%.py)

soak: preflight ## random calls for MINUTES=30; memory must stay flat; draws target/soak.svg
	cargo run --locked --release -p hotcue-tests --bin measure -- soak $(MINUTES) target/soak.svg

promises: preflight ## measures how soon busy workers answer, memory, analyses; makes long files with ffmpeg
	scripts/make_long_audio.sh target/long
	cargo run --locked --release -p hotcue-tests --bin measure -- promises target/long
	cargo run --locked --release -p hotcue-tests --bin measure -- memory target/long
	cargo run --locked --release -p hotcue-tests --bin measure -- analysis target/long

progress: preflight ## measures how true progress is, also from a slow disk; draws target/progress.svg
	scripts/make_long_audio.sh target/long
	cargo run --locked --release -p hotcue-tests --bin measure -- \
	    progress target/long runs=5 target/progress.svg
	cargo run --locked --release -p hotcue-tests --bin measure -- \
	    throttled target/long target/throttled.svg

crosscheck: NEEDED_FOR := crosscheck
crosscheck: preflight .venv/.crosscheck ## DIR=…: lays every file below a folder beside ffmpeg and libsndfile
	@if [ -z "$(DIR)" ]; then echo 'DIR=… names the folder'; exit 2; fi
	cargo build --locked -p hotcue-tests --bin crosscheck
	HOTCUE_PYTHON=$(PYTHON) nice -n 19 target/debug/crosscheck "$(DIR)" target/crosscheck.tsv

hosts: NEEDED_FOR := hosts
hosts: wheel .venv/.test ## plays for a minute on JACK, PipeWire and PulseAudio, and says what that costs
	@scripts/pipewire_alsa.sh; rm -rf target/hosts
	HOTCUE_LONG=1 $(PYTHON) -m pytest -m hosts py/tests/test_hosts.py
	$(PYTHON) scripts/hosts_table.py

formats: preflight ## writes the table in docs/FORMATS.md, of what the fixtures come to
	UPDATE_FORMATS=1 cargo test --locked -p hotcue-tests --test golden formats

# Without a nightly toolchain `make nightly` says so and goes on; alone it fails.
fuzz: ## feeds every parser for MINUTES=30 with what a fuzzer thinks of; needs nightly Rust, cargo-fuzz
	scripts/fuzz.sh $(MINUTES)

# Beyond what the counting allocator of the tests sees: system calls, locks that wait.
# Three hours of these: one of each way to find a place in a file.
HOURS := pcm_s16.wav flac.flac cbr.mp3 vbr_no_header.mp3 vorbis.ogg aac.m4a aac_adts.aac

streams: preflight ## streams files of three hours at 20 times the speed; makes them with ffmpeg
	scripts/make_long_audio.sh target/hours 10800 $(HOURS)
	cargo run --locked --release -p hotcue-tests --bin measure -- stream target/hours

rtsan: ## runs the callback's tests under the realtime sanitizer; needs nightly Rust
	@if ! cargo +nightly --version >/dev/null 2>&1; then \
	    echo 'rtsan: no nightly toolchain here (rustup toolchain install nightly)'; exit 1; \
	fi
	RUSTFLAGS='-Zsanitizer=realtime --cfg rtsan' cargo +nightly test --locked \
	    --target x86_64-unknown-linux-gnu --target-dir target/rtsan -p hotcue-tests --test realtime

docs: preflight .venv/.docs ## makes the documentation as a site: target/site/index.html
	$(PYTHON) -m mkdocs build --quiet --strict
	RUSTDOCFLAGS='-D warnings' cargo doc $(CRATES) --no-deps
	cp -R target/doc target/site/rust
	@echo 'target/site/index.html'

clean: ## removes everything that was made
	rm -rf target .venv demo.wav .pytest_cache .mypy_cache .ruff_cache

preflight:
	@scripts/preflight.sh $(NEEDED_FOR)

rust-tests: preflight
	@mkdir -p target; rm -f "$$HOTCUE_NOT_RUN"
	$(if $(NEXTEST),cargo nextest run,cargo test) $(CRATES) $(TARGETS) --no-fail-fast
	cargo test $(CRATES) --doc

# Alone and after the others: a sound server does not wait for a busy machine.
jack-test: rust-tests
	cargo test $(CRATES) --test jack 2>&1 | tee target/jack.log
	@sed -n 's/^NOT RUN HERE: //p' target/jack.log >>"$$HOTCUE_NOT_RUN"

python-tests: wheel .venv/.test
	$(PYTHON) -m pytest

# Last, so that it is seen; with CI=true a failure.
not-run: rust-tests jack-test python-tests
	@if [ -s "$$HOTCUE_NOT_RUN" ]; then \
	    echo; echo 'Not run here:'; sort -u "$$HOTCUE_NOT_RUN" | sed 's/^/    /'; \
	    [ "$$CI" != true ]; \
	fi

.venv/.peers: benches/peers/requirements.txt | .venv/.build
	$(PIP) install -r $<
	@touch $@

# What people install is what runs here.
wheel: .venv/.build
	@rm -rf target/wheel; echo 'building the wheel; the first time this takes some minutes'
	$(PYTHON) -m maturin build --quiet --release --locked --compatibility $(COMPATIBILITY) \
	    --interpreter $(PYTHON) --out target/wheel
	@# Twice: first for what it depends on, then because pip leaves a version alone that it knows.
	@$(PIP) install target/wheel/*.whl
	@$(PIP) install --no-deps --force-reinstall target/wheel/*.whl

.venv/.build: | preflight
	"$$(scripts/find_python.sh)" -m venv --clear .venv
	$(PIP) install 'maturin>=1.9.4,<2'
	@touch $@

.venv/.test: py/tests/requirements.txt docs/requirements.txt | .venv/.build
	$(PIP) install -r $< -r docs/requirements.txt $(CHECKERS)
	@touch $@

.venv/.docs: docs/requirements.txt | .venv/.build
	$(PIP) install -r $<
	@touch $@

# With libsndfile in it.
.venv/.crosscheck: | .venv/.build
	$(PIP) install --no-deps soundfile==0.14.0
	@touch $@

.venv/.lint: | .venv/.build
	$(PIP) install ruff==0.17.6 $(CHECKERS) check-jsonschema==0.39.0
	@touch $@
