#!/bin/sh
# Looks for what the build needs, before anything is compiled: for things, not for packages.
# All that is missing is told at once, with the one command to paste. As root on Debian or
# Ubuntu that command is run. Takes well under 2 s when nothing is missing.
set -u
cd "$(dirname "$0")/.." || exit 1
python=${PYTHON:-python3}
system=$(uname -s)
packages= # of Debian and Ubuntu
missing=  # in words
rust_missing=

miss() { # words, packages
    missing="$missing
  - $1"
    packages="$packages $2"
}

have() { command -v "$1" >/dev/null 2>&1; }

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

printf 'int main(void) { return 0; }\n' >"$work/a.c"
cc "$work/a.c" -o "$work/a" 2>/dev/null || miss 'a C compiler that links (cc)' 'gcc libc6-dev'
if [ "$system" = Linux ]; then
    if ! have pkg-config; then
        miss 'pkg-config' 'pkg-config'
        miss "ALSA's headers (pkg-config --exists alsa)" 'libasound2-dev'
    elif ! pkg-config --exists alsa; then
        miss "ALSA's headers (pkg-config --exists alsa)" 'libasound2-dev'
    fi
fi
have git || miss 'git' 'git'
if ! have "$python"; then
    miss 'Python 3.11 or later (python3)' 'python3 python3-venv'
elif ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    miss "Python 3.11 or later ($python is older)" 'python3 python3-venv'
elif ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    miss "Python's venv and ensurepip" 'python3-venv'
fi
if [ "${CI:-}" = true ] && [ "$system" = Linux ]; then
    have jackd || miss 'jackd, for the test of the sound server (CI=true)' 'jackd2'
fi

wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
found=$(rustc --version 2>/dev/null | sed 's/^rustc \([0-9.]*\).*/\1/')
if ! have cargo || [ -z "$found" ]; then
    rust_missing="Rust $wanted or later (cargo, rustc)"
elif [ "$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n 1)" != "$wanted" ]; then
    rust_missing="Rust $wanted or later (rustc is $found)"
fi

[ -z "$missing$rust_missing" ] && exit 0

apt=
if [ "$system" = Linux ] && have apt-get; then apt=yes; fi
if [ -n "$missing" ] && [ -z "$rust_missing" ] && [ -n "$apt" ] && [ "$(id -u)" = 0 ] &&
    [ -z "${HOTCUE_INSTALLED:-}" ]; then
    echo "hotcue: missing:$missing"
    echo "hotcue: installing$packages"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    apt-get -o DPkg::Lock::Timeout=600 -qq update &&
        apt-get -o DPkg::Lock::Timeout=600 -qq install -y --no-install-recommends $packages &&
        HOTCUE_INSTALLED=1 exec sh scripts/preflight.sh
    exit 1
fi

{
    echo "hotcue: missing:$missing${rust_missing:+
  - $rust_missing}"
    echo 'Paste this, then run make again:'
    command=
    if [ -n "$missing" ] && [ -n "$apt" ]; then
        command="sudo apt-get update && sudo apt-get install -y$packages"
    elif [ -n "$missing" ] && [ "$system" = Darwin ]; then
        command='xcode-select --install' # brings cc, git, make and a Python that may be too old
        case "$missing" in *Python*) command="$command && brew install python" ;; esac
    elif [ -n "$missing" ]; then
        command="# install with your system's package manager what Debian calls:$packages"
    fi
    if [ -n "$rust_missing" ]; then
        if have rustup; then rust='rustup update stable'
        else rust="curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y && . \"\$HOME/.cargo/env\""; fi
        command="$command${command:+ && }$rust"
    fi
    echo "  $command"
} >&2
exit 1
