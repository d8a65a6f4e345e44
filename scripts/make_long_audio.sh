#!/usr/bin/env bash
# Makes long stereo files of every format that is read, for `measure`; needs ffmpeg.
#
#     scripts/make_long_audio.sh FOLDER [SECONDS [NAME...]]
#
# NAMES are those of the files that are wanted, e.g. cbr.mp3; all, unless any is given.
# The sound changes all the time: chords that come and go with noise bursts, from near silence to
# loud, so that variable bit rates vary. Same length, same sound, same file names everywhere.
set -euo pipefail

folder=${1:?usage: make_long_audio.sh FOLDER [SECONDS [NAME...]]}
seconds=${2:-600}
wanted=" ${*:3} "
mkdir -p "$folder"
cd "$folder"

ff() { ffmpeg -nostdin -v error -y "$@"; }

if [ ! -e pcm_s24.wav ]; then
    # Slow swells (37 s) of three partials that beat, faster ones (0.5 s) of noise, panned.
    left="0.35*pow(sin(PI*t/37),2)*(sin(2*PI*220*t)+sin(2*PI*277.2*t)+0.5*sin(2*PI*1661*t))/2.5"
    right="0.35*pow(cos(PI*t/53),2)*(sin(2*PI*221*t)+sin(2*PI*329.6*t)+0.5*sin(2*PI*2489*t))/2.5"
    noise="0.3*(random(0)-0.5)*exp(-12*mod(t,0.5))*(0.2+0.8*pow(sin(PI*t/97),2))"
    # Ten minutes of it, over and over.
    part=$((seconds < 600 ? seconds : 600))
    ff -f lavfi -i "aevalsrc='$left+$noise|$right+$noise':s=44100:d=$part" -c:a pcm_s24le part.wav
    ff -stream_loop -1 -i part.wav -t "$seconds" -c:a copy pcm_s24.wav
    rm part.wav
fi

is_missing() { [[ $wanted == "  " || $wanted == *" $1 "* ]] && [ ! -e "$1" ]; }

make() { # NAME OPTION...
    local name=$1
    shift
    ! is_missing "$name" || { ff -i pcm_s24.wav -map_metadata -1 "$@" "part.$name" && mv "part.$name" "$name"; }
}

make pcm_s16.wav -c:a pcm_s16le
make pcm_f32.wav -c:a pcm_f32le
make pcm_s16.aiff -c:a pcm_s16be
make pcm_s16.caf -c:a pcm_s16le
make flac.flac -c:a flac
make cbr.mp3 -c:a libmp3lame -b:a 192k
make vbr.mp3 -c:a libmp3lame -q:a 2
make vbr_no_header.mp3 -c:a libmp3lame -q:a 2 -write_xing 0 -id3v2_version 0
make vorbis.ogg -c:a libvorbis -q:a 5
make aac.m4a -c:a aac -b:a 192k
make aac_adts.aac -c:a aac -b:a 192k
make alac.m4a -c:a alac -sample_fmt s16p
make vorbis.mka -c:a libvorbis -q:a 5
make flac.mka -c:a flac
make pcm_s16.mka -c:a pcm_s16le
# A writer that could not go back: neither size nor number of frames is stated.
if is_missing flac_unknown.flac; then
    ff -i pcm_s24.wav -map_metadata -1 -c:a flac -f flac pipe:1 >part.flac
    mv part.flac flac_unknown.flac
fi
if is_missing wav_unknown.wav; then
    ff -i pcm_s24.wav -map_metadata -1 -c:a pcm_s16le -f wav pipe:1 >part.wav
    mv part.wav wav_unknown.wav
fi
