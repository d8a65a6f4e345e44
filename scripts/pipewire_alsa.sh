#!/bin/sh
# Unpacks ALSA's plugin for PipeWire below target/, for py/tests/test_hosts.py, where the system has
# none: Debian's package of it and the PulseAudio server exclude each other, and the tests want both.
# Needs no root; without apt-get it does nothing, and the tests say what is not here.
set -u
cd "$(dirname "$0")/.." || exit 1

for plugin in /usr/lib*/alsa-lib/libasound_module_pcm_pipewire.so \
    /usr/lib*/*/alsa-lib/libasound_module_pcm_pipewire.so \
    target/pipewire-alsa/usr/lib/*/alsa-lib/libasound_module_pcm_pipewire.so; do
    [ ! -e "$plugin" ] || exit 0
done
command -v pipewire >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1 || exit 0
mkdir -p target/pipewire-alsa
cd target/pipewire-alsa || exit 1
apt-get -qq download pipewire-alsa 2>/dev/null && dpkg-deb -x pipewire-alsa_*.deb . ||
    echo "ALSA's plugin for PipeWire could not be had" >&2
