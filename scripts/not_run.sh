#!/bin/sh
# Prints what the tests could not run here; with CI=true that is a failure.
[ -s "$HOTCUE_NOT_RUN" ] || exit 0
echo
echo 'Not run here:'
sort -u "$HOTCUE_NOT_RUN" | sed 's/^/    /'
[ "${CI:-}" != true ]
