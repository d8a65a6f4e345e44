#!/bin/sh
# Tells, before anything is compiled, all that is missing and the one command that brings it.
# As root on Debian or Ubuntu it runs that command itself. Called by the Makefile:
#
#     scripts/preflight.sh [test|hosts|crosscheck|tempo|key]
#
# Tests for things, not for packages: it does not matter where they come from. With `test` and
# CI=true, also for what the tests need that are otherwise listed as not run; with `hosts`, for
# sound servers; with `crosscheck`, for ffmpeg; with `tempo`, on Debian for loops, drum kits and songs
# and for programs that tell tempi, which elsewhere are done without; with `key`, for what plays notes.
set -u
cd "$(dirname "$0")/.." || exit 1
PATH=$PATH:$HOME/.cargo/bin # where rustup puts Rust; a shell older than that does not know it

purpose=${1:-}
system=$(uname -s)
trap 'exit 130' INT TERM

is_debian() {
    command -v apt-get >/dev/null 2>&1 || return 1
    # shellcheck source=/dev/null
    (. /etc/os-release && case " $ID ${ID_LIKE:-} " in *debian*) exit 0 ;; *) exit 1 ;; esac)
}

c_compiler_works() { # To the end: Debian packs the compiler and the C library's headers apart.
    program=$(mktemp) || return 1
    echo 'int main(void) { return 0; }' | cc -x c - -o "$program" >/dev/null 2>&1
    result=$?
    rm -f "$program"
    return $result
}

ca_certificates() { # What cargo and pip check the registries' certificates with.
    [ "$system" != Linux ] || [ -n "${SSL_CERT_FILE:-}" ] || [ -e /etc/ssl/certs/ca-certificates.crt ] ||
        [ -e /etc/pki/tls/certs/ca-bundle.crt ] || [ -e /etc/ssl/ca-bundle.pem ] || [ -e /etc/ssl/cert.pem ]
}

# 1.89 and 1.95.0 as numbers that compare: 1089 and 1095.
as_number() { echo "$1" | awk -F. '{ print $1 * 1000 + $2 }'; }

rust_is_new_enough() {
    command -v cargo >/dev/null 2>&1 || return 1
    needed=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
    version=$(rustc --version 2>/dev/null | awk '{ print $2 }')
    [ -n "$version" ] && [ "$(as_number "$version")" -ge "$(as_number "$needed")" ]
}

# Fills `missing` (for people) and `packages` (for apt-get).
look() {
    missing='' packages='' rust=''
    need git 'git' git
    need make 'make' make
    c_compiler_works || lack 'a C compiler that works (cc)' 'gcc libc6-dev'
    ca_certificates || lack 'CA certificates' ca-certificates
    scripts/find_python.sh >/dev/null || lack 'Python 3.11 or newer with venv and ensurepip' 'python3 python3-venv'
    if [ "$system" = Linux ]; then
        if command -v pkg-config >/dev/null 2>&1; then
            pkg-config --exists alsa || lack 'ALSA, for sound cards (pkg-config --exists alsa)' libasound2-dev
            pkg-config --exists jack || lack 'JACK, for its servers (pkg-config --exists jack)' libjack-jackd2-dev
        else
            lack 'pkg-config, and ALSA and JACK as it knows them' 'pkg-config libasound2-dev libjack-jackd2-dev'
        fi
        if [ "$purpose" = hosts ] || { [ "$purpose" = test ] && [ "${CI:-}" = true ]; }; then
            need jackd 'jackd, for the tests that play through a server' jackd2
        fi
        if [ "$purpose" = test ] && [ "${CI:-}" = true ]; then
            need Xvfb 'a screen that nobody sees, for the tests of the pads' 'xvfb libgl1-mesa-dri'
            need xdotool 'what presses keys there' xdotool
            need fc-match 'fontconfig, with a font' 'fontconfig fonts-dejavu-core'
            python=$(scripts/find_python.sh) && { "$python" -c 'import tkinter' 2>/dev/null ||
                lack "Tk for $python, for an example" python3-tk; }
            for name in libEGL.so.1 libxkbcommon.so.0 libdbus-1.so.3 libglib-2.0.so.0; do
                library $name || lack "$name, which Qt is linked with, for another" 'libegl1 libxkbcommon0 libdbus-1-3 libglib2.0-0'
            done
        fi
        if [ "$purpose" = hosts ]; then
            need pipewire 'PipeWire, likewise' 'pipewire pipewire-bin'
            need wireplumber 'its session manager' wireplumber
            need pipewire-pulse 'its PulseAudio' pipewire-pulse
            need pulseaudio 'PulseAudio, likewise' 'pulseaudio libasound2-plugins'
            need parec 'the commands of both (pactl, parec)' pulseaudio-utils
            need dbus-daemon 'a message bus for them' dbus
        fi
    fi
    if [ "$purpose" = crosscheck ]; then
        need ffmpeg 'ffmpeg, to compare with' ffmpeg
    fi
    if [ "$purpose" = tempo ] && is_debian; then
        debian=/usr/share
        file "$debian/hydrogen/data/demo_songs" "Hydrogen's songs" hydrogen-data
        file "$debian/hydrogen/data/drumkits/Audiophob" 'its drum kits' hydrogen-drumkits
        file "$debian/sonic-pi/samples" "Sonic Pi's loops" sonic-pi-samples
        file "$debian/lmms/samples/beats" "LMMS's loops" lmms-common
        file "$debian/games/fretsonfire/data/songs/sectoid" 'recorded songs' fretsonfire-songs-sectoid
        file "$debian/games/fretsonfire/data/songs/muldjord" 'more of them' fretsonfire-songs-muldjord
        need bpm 'bpm-tools, to compare with' bpm-tools
        need soundstretch 'SoundStretch, likewise' soundstretch
    fi
    if [ "$purpose" = key ]; then
        fonts=/usr/share/sounds/sf2
        need fluidsynth 'fluidsynth, to play notes' fluidsynth
        [ -e "$fonts/TimGM6mb.sf2" ] || file "$fonts/FluidR3_GM.sf2" 'a sound font for it' fluid-soundfont-gm
    fi
    if ! rust_is_new_enough; then
        lack "Rust $(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -n 1) or newer (cargo, rustc)" ''
        rust=missing
        command -v curl >/dev/null 2>&1 || packages="$packages curl"
    fi
}

library() { /sbin/ldconfig -p 2>/dev/null | grep -q "$1"; }

file() { [ -e "$1" ] || lack "$2" "$3"; }

need() { command -v "$1" >/dev/null 2>&1 || lack "$2" "$3"; }

lack() {
    missing="$missing
    $1"
    packages="$packages $2"
}

tell() {
    echo "hotcue cannot be built yet. Missing here:$missing" >&2
    if [ "$system" = Darwin ]; then
        echo "
Xcode's command line tools bring the compiler, git and make:

    xcode-select --install

Python 3.11 or newer is on python.org." >&2
    elif is_debian; then
        install="apt-get update && apt-get install -y$(echo "$packages" | tr -s ' ')"
        if [ -z "$(echo "$packages" | tr -d ' ')" ]; then
            :
        elif command -v sudo >/dev/null 2>&1; then
            echo "
Paste this, then run the same command again:

    sudo sh -c '$install'" >&2
        else
            echo "
Paste this (it asks for root's password), then run the same command again:

    su -c '$install'" >&2
        fi
    fi
    if [ -n "$rust" ]; then
        if command -v rustup >/dev/null 2>&1; then
            echo "
For Rust:

    rustup update stable" >&2
        else
            echo "
For Rust, as https://rustup.rs says:

    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y" >&2
        fi
    fi
}

look
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && [ -n "$(echo "$packages" | tr -d ' ')" ] && is_debian; then
    echo "Missing here:$missing"
    echo "apt-get install -y$(echo "$packages" | tr -s ' ')"
    export DEBIAN_FRONTEND=noninteractive
    # Another apt-get may be at work, as on machines that have just started: wait for it.
    apt-get -qq -o DPkg::Lock::Timeout=600 update || echo 'apt-get update failed; going on with the lists that are here' >&2
    # shellcheck disable=SC2086  # One word a package.
    apt-get -qq -y -o DPkg::Lock::Timeout=600 install $packages >/dev/null || echo 'apt-get install failed' >&2
    look
    [ -n "$missing" ] || exit 0
fi
tell
exit 1
