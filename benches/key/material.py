"""Makes short pieces of music whose key is known, and lists them.

    python material.py OUT [--more LIST]

Progressions of chords, bass lines and melodies in all keys, and drums, in which there is none, are
played by fluidsynth. OUT/material.tsv has a line per file: its path, its key (`C major`, `A minor`,
`A ?` where only the tonic is known, or `none`), the set that it belongs to, and where it comes
from. LIST has lines of the same form and is taken as it is.
"""

import argparse
import subprocess
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np

SOUND_FONTS = ("/usr/share/sounds/sf2/FluidR3_GM.sf2", "/usr/share/sounds/sf2/TimGM6mb.sf2")
NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
TICKS = 480
DRUMS = 9

# Semitones from the tonic to the root of each chord, and to its third from there.
PROGRESSIONS = {
    "major": (
        ((0, 4), (7, 4), (9, 3), (5, 4)),
        ((0, 4), (5, 4), (7, 4), (0, 4)),
        ((2, 3), (7, 4), (0, 4), (0, 4)),
        ((9, 3), (5, 4), (0, 4), (7, 4)),
    ),
    "minor": (
        ((0, 3), (8, 4), (3, 4), (10, 4)),
        ((0, 3), (5, 3), (7, 4), (0, 3)),
        ((0, 3), (10, 4), (8, 4), (7, 4)),
        ((0, 3), (5, 3), (0, 3), (7, 3)),
    ),
}
# Semitones from the tonic, an eighth each; None is a rest.
BASSES = {
    "major": ((0, 0, 7, 0, 4, 0, 7, 12), (0, None, 0, 4, 7, None, 9, 7)),
    "minor": ((0, 0, 10, 0, 3, 0, 7, 12), (0, None, 0, 12, 10, None, 7, 3)),
}
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
# Programs of General MIDI, from 0.
CHORD_PROGRAMS = (0, 4, 16, 21, 24, 25, 48, 61, 81, 89)
BASS_PROGRAMS = (32, 33, 35, 38, 39)
MELODY_PROGRAMS = (11, 40, 56, 65, 73, 80)


@dataclass(frozen=True)
class Note:
    """A note of a channel, in quarter notes."""

    channel: int
    pitch: int
    start: float
    length: float
    velocity: int = 90


def chords(tonic: int, mode: str, rng: np.random.Generator) -> list[Note]:
    """Four chords of a bar each, struck twice, with their roots below."""
    notes = []
    for bar, (root, third) in enumerate(PROGRESSIONS[mode][rng.integers(4)]):
        root_class = (tonic + root) % 12
        for beat in (0, 2):
            at = 4.0 * bar + beat
            for above in (0, third, 7):
                notes.append(Note(0, 57 + (root_class + above - 9) % 12, at, 1.9))
            notes.append(Note(1, 33 + (root_class - 9) % 12, at, 1.9))
    return notes


def bass(tonic: int, mode: str, rng: np.random.Generator) -> list[Note]:
    low = 28 + (tonic - 4) % 12
    pattern = BASSES[mode][rng.integers(2)] * 4
    return [
        Note(1, low + step, at / 2, 0.45) for at, step in enumerate(pattern) if step is not None
    ]


def melody(tonic: int, mode: str, rng: np.random.Generator) -> list[Note]:
    """A walk through the scale that begins and ends on the tonic, and rests there most."""
    scale, place, at, notes = SCALES[mode], 0, 0.0, []
    while at < 14:
        length = float(rng.choice([0.5, 0.5, 1.0])) if place % 7 not in {0, 4} else 1.0
        octave, step = divmod(place, 7)
        notes.append(Note(0, 60 + tonic + 12 * octave + scale[step], at, 0.95 * length))
        at += length
        place = int(np.clip(place + rng.choice([-2, -1, -1, 1, 1, 2]), -3, 9))
    return [*notes, Note(0, 60 + tonic, at, 2.0)]


def drums(rng: np.random.Generator) -> list[Note]:
    notes = []
    for bar in range(4):
        for eighth in range(8):
            at = 4 * bar + eighth / 2
            notes.append(Note(DRUMS, 42, at, 0.1, 70))
            if eighth in {0, 5} or rng.random() < 0.1:
                notes.append(Note(DRUMS, 36, at, 0.1, 110))
            if eighth in {2, 6}:
                notes.append(Note(DRUMS, 38, at, 0.1, 105))
    return notes


def play(path: Path, notes: list[Note], programs: dict[int, int], cents: int, font: str) -> None:
    """Renders notes at 110 beats per minute, all but drums detuned."""
    file = mido.MidiFile(ticks_per_beat=TICKS)
    track = mido.MidiTrack()
    file.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(110)))
    for channel, program in programs.items():
        track.append(mido.Message("program_change", channel=channel, program=program))
        # The wheel bends by two semitones.
        track.append(mido.Message("pitchwheel", channel=channel, pitch=round(cents / 200 * 8192)))
    messages = []
    for note in notes:
        what = {"channel": note.channel, "note": note.pitch}
        on = mido.Message("note_on", velocity=note.velocity, **what)
        off = mido.Message("note_off", **what)
        messages += [(note.start, on), (note.start + note.length, off)]
    before = 0
    for at, message in sorted(messages, key=lambda timed: (timed[0], timed[1].type == "note_on")):
        now = round(at * TICKS)
        track.append(message.copy(time=now - before))
        before = now
    score = path.with_suffix(".mid")
    file.save(score)
    subprocess.run(
        ["fluidsynth", "-niq", "-g", "0.5", "-r", "44100", "-F", str(path), font, str(score)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    score.unlink()


def make(out: Path, font: str) -> list[str]:
    rng = np.random.default_rng(0)
    lines = []

    def add(name: str, notes: list[Note], programs: dict[int, int], key: str, of_set: str) -> None:
        path = out / f"{name}.wav"
        cents = int(rng.integers(-30, 31))
        if not path.exists():
            play(path, notes, programs, cents, font)
        program = programs.get(0, programs.get(1, ""))
        lines.append(f"{path.resolve()}\t{key}\t{of_set}\t{of_set}/{program}")

    for mode in ("major", "minor"):
        for tonic in range(12):
            key = f"{NAMES[tonic]} {mode}"
            name = key.replace(" ", "_")
            for take in range(4):
                programs = {0: int(rng.choice(CHORD_PROGRAMS)), 1: int(rng.choice(BASS_PROGRAMS))}
                notes = chords(tonic, mode, rng)
                of_set = "made_chords"
                if take % 2:
                    notes, of_set = notes + drums(rng), "made_chords_with_drums"
                add(f"chords_{name}_{take}", notes, programs, key, of_set)
            for take in range(2):
                programs = {1: int(rng.choice(BASS_PROGRAMS))}
                add(f"bass_{name}_{take}", bass(tonic, mode, rng), programs, key, "made_bass")
                programs = {0: int(rng.choice(MELODY_PROGRAMS))}
                notes = melody(tonic, mode, rng)
                add(f"melody_{name}_{take}", notes, programs, key, "made_melodies")
    for take in range(24):
        add(f"drums_{take}", drums(rng), {}, "none", "made_drums")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--more", type=Path)
    options = parser.parse_args()
    font = next((font for font in SOUND_FONTS if Path(font).exists()), None)
    if font is None:
        parser.exit(2, "fluidsynth needs the sound font of Debian's fluid-soundfont-gm\n")
    options.out.mkdir(parents=True, exist_ok=True)
    lines = make(options.out, font)
    if options.more:
        lines += options.more.read_text().splitlines()
    (options.out / "material.tsv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
