#!/usr/bin/env bash
# Lints the crates for the systems other than this one that there are wheels for, without their
# linkers: whether they would compile there. Needs rustup, which brings what a target lacks.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v rustup >/dev/null; then
    echo 'rustup is not here: it was not checked whether all this compiles on Windows and macOS'
    exit 0
fi
# No Python of these systems is asked what it is.
export PYO3_CROSS_PYTHON_VERSION=3.11
unset PYO3_PYTHON
for target in x86_64-pc-windows-gnu aarch64-apple-darwin; do
    [ "$target" != "$(rustc --print host-tuple)" ] || continue
    rustup target list --installed | grep -qx "$target" || rustup --quiet target add "$target"
    cargo clippy --quiet --locked --target "$target" -p hotcue -p hotcue-actors -p hotcue-py -- -D warnings
done
# Their tests, too, run on Windows.
cargo clippy --quiet --locked --target x86_64-pc-windows-gnu -p hotcue -p hotcue-actors --tests -- -D warnings
cargo clippy --quiet --locked --target x86_64-pc-windows-gnu -p hotcue-tests \
    --lib --test actors --test golden --test virtual -- -D warnings
