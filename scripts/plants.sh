#!/usr/bin/env bash
# Shows that the schedules find bugs: plants each bug of tests/plants into a copy of the sources
# and runs the test that must fail then. With arguments: only the plants of these names.
#
# A plant is a patch. The lines before it say what it breaks and which test finds it:
#     Finds: --test virtual promises_hold_under_a_virtual_clock
set -euo pipefail
cd "$(dirname "$0")/.."
tree=$PWD/target/plants
# Of its own: cargo tells two checkouts apart by nothing but the time of their files.
export CARGO_TARGET_DIR=$PWD/target/plants-target
# One bug is to be found in the short form.
unset HOTCUE_LONG HOTCUE_SEED

# Copies what differs, and nothing else: cargo goes by times.
copy() {
    git ls-files --cached --others --exclude-standard | while IFS= read -r file; do
        if [ -f "$file" ] && ! cmp --silent "$file" "$tree/$file"; then
            mkdir -p "$tree/$(dirname "$file")"
            cp "$file" "$tree/$file"
        fi
    done
}

if [ "${1:-}" = --check ]; then
    stale=0
    for plant in tests/plants/*.patch; do
        git apply --check "$plant" || { echo "$plant is out of date"; stale=1; }
    done
    exit "$stale"
fi

missed=0
for plant in tests/plants/*.patch; do
    name=$(basename "$plant" .patch)
    if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then continue; fi
    copy
    patch --quiet --strip=1 --no-backup-if-mismatch --directory="$tree" <"$plant"
    read -ra finds <<<"$(sed -n 's/^Finds: //p' "$plant")"
    cargo=(cargo test --quiet --locked --manifest-path "$tree/Cargo.toml" -p hotcue-tests)
    "${cargo[@]}" --no-run "${finds[@]::2}" 2>/dev/null ||
        { echo "$name: does not compile"; exit 1; }
    if found=$("${cargo[@]}" "${finds[@]}" 2>&1); then
        echo "$name: NOT FOUND"
        missed=1
    else
        echo "$name: found $(grep --only-matching --max-count=1 'seed [0-9]* fails' <<<"$found")"
    fi
done
exit "$missed"
