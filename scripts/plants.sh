#!/usr/bin/env bash
# Shows that the schedules find bugs: plants each bug of tests/plants into a copy of the sources
# and runs the tests that must fail then. With arguments: only the plants of these names.
#
# The first lines of a plant, before its patch, say what it breaks and which test finds it:
#     Finds: --test virtual promises_hold_under_a_virtual_clock
set -euo pipefail
cd "$(dirname "$0")/.."
tree=$PWD/target/plants
export CARGO_TARGET_DIR=$PWD/target
# A failure is what is wanted: no need of the long forms, or of a log per failure.
unset HOTCUE_LONG HOTCUE_SEED

missed=0
for patch in "$PWD"/tests/plants/*.patch; do
    name=$(basename "$patch" .patch)
    if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then continue; fi
    finds=$(sed -n 's/^Finds: //p' "$patch")
    mkdir -p "$tree"
    # Only what changed, so that only that is compiled again.
    git ls-files -z --cached --others --exclude-standard |
        rsync --archive --checksum --delete-missing-args --from0 --files-from=- ./ "$tree/"
    patch --quiet --strip=1 --no-backup-if-mismatch --directory="$tree" <"$patch"
    # shellcheck disable=SC2086 # several words
    cargo test --quiet --locked --manifest-path "$tree/Cargo.toml" -p hotcue-tests --no-run \
        ${finds% *}
    # shellcheck disable=SC2086
    if out=$(cargo test --quiet --locked --manifest-path "$tree/Cargo.toml" -p hotcue-tests \
        $finds 2>&1); then
        echo "$name: NOT FOUND"
        missed=1
    else
        echo "$name: found, $(grep -m1 -o 'seed [0-9]* fails' <<<"$out" || echo 'it fails')"
    fi
done
exit "$missed"
