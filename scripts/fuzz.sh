#!/usr/bin/env bash
# Feeds every parser for some minutes with what a fuzzer thinks of:
#
#     scripts/fuzz.sh MINUTES [TARGET…]
#
# What was reached is kept in fuzz/corpus and goes on the next time; what failed is in
# fuzz/artifacts, what was said in fuzz/logs. With SANITIZER=address memory is watched, at half
# the speed.
set -euo pipefail
cd "$(dirname "$0")/.."

minutes=${1:?MINUTES}
shift
sanitizer=${SANITIZER:-none}

lacks() {
    echo "fuzzing needs $1" >&2
    # One of many in `make nightly`, which goes on.
    if [ -n "${HOTCUE_LONG:-}" ] && [ "${CI:-}" != true ]; then exit 0; fi
    exit 1
}
rustc +nightly --version >/dev/null 2>&1 || lacks 'a nightly toolchain: rustup toolchain install nightly'
cargo fuzz --version >/dev/null 2>&1 || lacks 'cargo-fuzz: cargo install cargo-fuzz --locked'

if [ $# -gt 0 ]; then targets=("$@"); else mapfile -t targets < <(cargo +nightly fuzz list); fi
rm -rf fuzz/seeds
python3 scripts/fuzz_seeds.py fuzz/seeds
mkdir -p fuzz/logs
# Not as cargo-fuzz would by itself: what is checked in which crate says fuzz/Cargo.toml.
options=(--release --sanitizer "$sanitizer")
failed=()
for target in "${targets[@]}"; do
    cargo +nightly fuzz build "${options[@]}" "$target"
    mkdir -p "fuzz/corpus/$target"
    echo "== $target, $minutes minutes"
    # By the clock an input may take long where the machine does other things; each target itself
    # looks at the processor's time, and at the heap: see fuzz/src/lib.rs.
    cargo +nightly fuzz run "${options[@]}" "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
        -max_total_time=$((60 * minutes)) -timeout=30 -rss_limit_mb=2048 -max_len=65536 \
        -dict="fuzz/dictionaries/$target.dict" -print_final_stats=1 \
        >"fuzz/logs/$target.log" 2>&1 || failed+=("$target")
    grep -E '^(==== |stat::|artifact_prefix|SUMMARY)' "fuzz/logs/$target.log" | tail -n 40 || true
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "failed: ${failed[*]}; see fuzz/logs and fuzz/artifacts" >&2
    exit 1
fi
