"""Plays the accompaniments of arranger keyboards: a standard MIDI file per style, with a bar of
settings before the music. Needs the program `fluidsynth` and a General MIDI sound font."""

import io
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
import soundfile
from grooves import Groove, cut
from kits import RATE
from mido.midifiles.meta import KeySignatureError

# Channels that carry drums: General MIDI's, and the second one of Yamaha's styles.
DRUMS = 9
MORE_DRUMS = 8
# Notes per bar from which on something is played.
FEWEST_NOTES = 4
# After every piece, so that nothing rings on into the next one.
PAUSE_SEC = 3.0


@dataclass
class Style:
    """What is played when, in beats, and what is set until then."""

    bpm: float
    beats: int
    events: list[tuple[float, mido.Message]]
    bars: int

    def notes(self, channels: frozenset[int]) -> list[int]:
        """How many notes begin in each bar."""
        counts = [0] * (self.bars + 1)
        for at, message in self.events:
            if message.type == "note_on" and message.velocity > 0 and message.channel in channels:
                counts[min(int(at / self.beats), self.bars)] += 1
        return counts


def read(path: Path) -> Style | None:
    """The style, or None where the file is none or changes its tempo or metre."""
    data = path.read_bytes()
    begin = data.find(b"MThd")
    if begin < 0:
        return None
    # What follows the tracks is the maker's own.
    end = begin + 14
    while data[end : end + 4] == b"MTrk":
        end += 8 + int.from_bytes(data[end + 4 : end + 8], "big")
    try:
        midi = mido.MidiFile(file=io.BytesIO(data[begin:end]), clip=True)
    except (EOFError, OSError, ValueError, KeySignatureError):
        return None
    tempi, metres, events, tick = set(), set(), [], 0
    for message in mido.merge_tracks(midi.tracks):
        tick += message.time
        if message.type == "set_tempo":
            tempi.add(round(60e6 / message.tempo, 2))
        elif message.type == "time_signature":
            metres.add((message.numerator, message.denominator))
        elif message.type in {"note_on", "note_off", "program_change", "control_change"}:
            channel = DRUMS if message.channel == MORE_DRUMS else message.channel
            events.append((tick / midi.ticks_per_beat, message.copy(channel=channel)))
    if len(tempi) != 1 or len(metres) != 1:
        return None
    [(beats, unit)] = metres
    if unit != 4:
        return None
    return Style(tempi.pop(), beats, events, int(tick / midi.ticks_per_beat / beats))


@dataclass(frozen=True)
class Piece:
    """Bars of a style, as often as told."""

    bar: int
    bars: int
    times: int
    channels: frozenset[int]

    def events(self, style: Style) -> Iterator[tuple[float, mido.Message]]:
        start, end = self.bar * style.beats, (self.bar + self.bars) * style.beats
        for at, message in style.events:
            if at < start and message.type in {"program_change", "control_change"}:
                yield 0.0, message
        for turn in range(self.times):
            shift = turn * (end - start) - start
            for at, message in style.events:
                # A note that ends with the bars ends before it begins anew.
                is_end = message.type == "note_off" or getattr(message, "velocity", 1) == 0
                if message.channel in self.channels and (
                    start < at <= end if is_end else start <= at < end
                ):
                    yield at + shift, message


def render(style: Style, pieces: list[Piece], font: Path) -> list[Groove]:
    """Plays the pieces one after the other, and cuts them apart."""
    beat_sec = 60 / style.bpm
    track, lengths, events = mido.MidiTrack(), [], []
    start = 0.0
    for piece in pieces:
        beats = piece.bars * piece.times * style.beats
        lengths.append((start, beats))
        events += [(start + at * beat_sec, message) for at, message in piece.events(style)]
        end = start + beats * beat_sec
        quiet = [mido.Message("control_change", channel=c, control=123) for c in range(16)]
        events += [(end + 0.5, message) for message in quiet]
        start = end + PAUSE_SEC
    ticks_per_sec = 1_000
    tick = 0
    track.append(mido.MetaMessage("set_tempo", tempo=1_000_000))
    for at_sec, message in sorted(events, key=lambda event: event[0]):
        next_tick = round(at_sec * ticks_per_sec)
        track.append(message.copy(time=next_tick - tick))
        tick = next_tick
    track.append(mido.MetaMessage("end_of_track", time=ticks_per_sec))
    with tempfile.TemporaryDirectory() as folder:
        midi, wav = Path(folder, "style.mid"), Path(folder, "style.wav")
        mido.MidiFile(ticks_per_beat=ticks_per_sec, tracks=[track]).save(midi)
        command = ["fluidsynth", "-n", "-i", "-q", "-r", str(RATE), "-F", wav, font, midi]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        audio, _ = soundfile.read(wav, dtype="float32", always_2d=True)
    mono = audio.mean(axis=1)
    grooves = []
    for (from_sec, beats), piece in zip(lengths, pieces, strict=True):
        begin, end = round(from_sec * RATE), round((from_sec + beats * beat_sec) * RATE)
        part = np.pad(mono[begin:end], (0, max(0, end - len(mono))))
        times = np.arange(beats) * beat_sec
        groove = Groove(part, style.bpm, times, times[:: style.beats])
        if piece.times > 1:
            # The second of them has what rings on from its own end in its start.
            turn_sec = piece.bars * style.beats * beat_sec
            groove = cut(groove, turn_sec, turn_sec)
        groove.audio *= 0.9 / max(np.abs(groove.audio).max(), 1e-6)
        grooves.append(groove)
    return grooves


def choose(style: Style, rng: np.random.Generator) -> list[tuple[str, Piece]]:
    """Loops of all and of the drums alone, something to cut anywhere, and something long."""
    everything = frozenset(range(16))
    chosen: list[tuple[str, Piece]] = []
    wishes = [
        ("loops", everything, (4, 2, 1)),
        ("loops", frozenset({DRUMS}), (2, 1)),
        ("loops", frozenset({DRUMS}), (4, 2, 1)),
        ("loops", everything, (1,)),
        ("cut", everything, (8, 6, 4)),
        ("songs", everything, (24, 16, 12)),
    ]
    for kind, channels, lengths in wishes:
        notes = style.notes(channels)
        for bars in lengths:
            # The first bar holds the settings.
            starts = [
                bar
                for bar in range(1, style.bars - bars + 1)
                if (bar - 1) % min(bars, 4) == 0 and min(notes[bar : bar + bars]) >= FEWEST_NOTES
            ]
            if starts:
                bar = int(starts[rng.integers(len(starts))])
                times = 3 if kind == "loops" else 1
                chosen.append((kind, Piece(bar, bars, times, channels)))
                break
    return chosen
