#!/usr/bin/env bash
# Runs a command on a screen of its own, which nobody sees and the processor draws:
#
#     scripts/with_display.sh 1920x1080 COMMAND…
set -euo pipefail

size=$1
shift
folder=$(mktemp -d)
server=
end() {
    [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server"; } || true
    rm -rf "$folder"
}
trap end EXIT
trap 'exit 130' INT TERM

mkfifo "$folder/number"
Xvfb -displayfd 3 -screen 0 "${size}x24" -nolisten tcp -noreset 3>"$folder/number" 2>"$folder/log" &
server=$!
read -r number <"$folder/number" || {
    cat "$folder/log" >&2
    exit 1
}
unset WAYLAND_DISPLAY
DISPLAY=:$number LIBGL_ALWAYS_SOFTWARE=1 "$@"
