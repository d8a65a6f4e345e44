"""Small synthesisers: each sound is float64, ``(frames,)`` or ``(frames, 2)``, from frame 0 on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mono = NDArray[np.float64]

TAU = 2 * np.pi


def times(seconds: float, rate: int) -> Mono:
    return np.arange(round(seconds * rate)) / rate


def noise(frames: int, seed: int) -> Mono:
    return np.random.Generator(np.random.PCG64(seed)).uniform(-1.0, 1.0, frames)


def decay(t: Mono, to_60_db_sec: float) -> Mono:
    """An exponential that has fallen by 60 dB after the given time."""
    return np.exp(-t * np.log(1000.0) / to_60_db_sec)


def ramp_out(sound: Mono, rate: int, seconds: float = 0.01) -> Mono:
    """Ends a sound at zero."""
    frames = min(len(sound), round(seconds * rate))
    sound[len(sound) - frames :] *= np.linspace(1.0, 0.0, frames)
    return sound


def biquad(x: Mono, b: tuple[float, float, float], a: tuple[float, float, float]) -> Mono:
    """A second-order section, transposed direct form II."""
    b0, b1, b2 = (value / a[0] for value in b)
    a1, a2 = a[1] / a[0], a[2] / a[0]
    y = np.empty_like(x)
    s1 = s2 = 0.0
    for n, value in enumerate(x.tolist()):
        out = b0 * value + s1
        s1 = b1 * value - a1 * out + s2
        s2 = b2 * value - a2 * out
        y[n] = out
    return y


def filtered(x: Mono, kind: str, hz: float, q: float, rate: int) -> Mono:
    """Low-, high- or band-passes. Coefficients: R. Bristow-Johnson, Audio EQ Cookbook."""
    w = TAU * hz / rate
    alpha, cos = np.sin(w) / (2 * q), np.cos(w)
    b = {
        "low": ((1 - cos) / 2, 1 - cos, (1 - cos) / 2),
        "high": ((1 + cos) / 2, -(1 + cos), (1 + cos) / 2),
        "band": (alpha, 0.0, -alpha),
    }[kind]
    return biquad(x, b, (1 + alpha, -2 * cos, 1 - alpha))


def peak(sound: Mono, level: float = 0.9) -> Mono:
    return sound * (level / np.abs(sound).max())


def kick(rate: int) -> Mono:
    """A sine that falls from 190 to 48 Hz; starting at its top, it is heard at once."""
    t = times(0.42, rate)
    phase = TAU * (48 * t + (142 / 38) * (1 - np.exp(-38 * t)))
    click = noise(len(t), 1) * decay(t, 0.012)
    body = np.cos(phase) * decay(t, 0.55)
    return peak(ramp_out(np.tanh(1.8 * (body + 0.5 * click)), rate))


def snare(rate: int) -> Mono:
    t = times(0.26, rate)
    drum = (np.cos(TAU * 187 * t) + 0.6 * np.cos(TAU * 331 * t)) * decay(t, 0.16)
    wires = filtered(noise(len(t), 2), "high", 1800, 0.7, rate) * decay(t, 0.30)
    return peak(ramp_out(np.tanh(drum + 1.4 * wires), rate))


def clap(rate: int) -> Mono:
    """Four hands within 30 ms, the first the loudest, and a room."""
    t = times(0.28, rate)
    hands = sum(
        level * np.where(t >= at, decay(np.maximum(t - at, 0.0), 0.02), 0.0)
        for at, level in ((0.0, 1.2), (0.011, 0.6), (0.021, 0.5), (0.030, 0.7))
    )
    burst = filtered(noise(len(t), 3), "band", 1500, 0.9, rate)
    return peak(ramp_out(burst * (hands + 0.25 * decay(t, 0.35)), rate))


def metal(t: Mono, rate: int) -> Mono:
    """Six detuned square waves, the cymbal of the early drum machines, above 7 kHz."""
    tones = (205.3, 304.4, 369.6, 522.7, 540.0, 800.0)
    squares = sum(np.sign(np.cos(TAU * 4.1 * hz * t + n)) for n, hz in enumerate(tones))
    return filtered(squares / 6 + 0.3 * noise(len(t), 4), "high", 7000, 0.8, rate)


def hat(rate: int, seconds: float) -> Mono:
    t = times(seconds, rate)
    return peak(ramp_out(metal(t, rate) * decay(t, seconds * 1.1), rate))


def shaker(rate: int) -> Mono:
    t = times(0.09, rate)
    grains = filtered(noise(len(t), 5), "band", 6000, 1.2, rate)
    return peak(ramp_out(grains * decay(t, 0.12), rate))


def tom(rate: int) -> Mono:
    t = times(0.36, rate)
    phase = TAU * (98 * t + (60 / 18) * (1 - np.exp(-18 * t)))
    stick = noise(len(t), 6) * decay(t, 0.01)
    return peak(ramp_out(np.cos(phase) * decay(t, 0.5) + 0.25 * stick, rate))


def cowbell(rate: int) -> Mono:
    t = times(0.24, rate)
    pair = np.sign(np.cos(TAU * 562 * t)) + np.sign(np.cos(TAU * 845 * t))
    shape = 0.6 * decay(t, 0.06) + 0.4 * decay(t, 0.4)
    return peak(ramp_out(filtered(pair, "band", 1000, 1.0, rate) * shape, rate))


def crash(rate: int) -> NDArray[np.float64]:
    t = times(1.5, rate)
    sides = []
    for seed in (7, 8):
        wash = filtered(noise(len(t), seed), "high", 4500, 0.7, rate)
        sides.append((wash + 0.7 * metal(t, rate)) * (0.5 * decay(t, 0.25) + 0.5 * decay(t, 1.8)))
    both = np.stack(sides, axis=1)
    fade = np.minimum(1.0, (len(t) - 1 - np.arange(len(t))) / (0.05 * rate))
    return both * fade[:, None] * (0.9 / np.abs(both).max())


def note_hz(midi: float) -> float:
    return 440.0 * 2 ** ((midi - 69) / 12)


def soft(frames: int, rate: int, attack_sec: float, release_sec: float) -> Mono:
    """Raised-cosine edges: nothing that sounds like an onset."""
    envelope = np.ones(frames)
    for at_end, seconds in ((False, attack_sec), (True, release_sec)):
        n = min(frames, round(seconds * rate))
        edge = 0.5 - 0.5 * np.cos(np.pi * np.arange(n) / n)
        if at_end:
            envelope[frames - n :] *= edge[::-1]
        else:
            envelope[:n] *= edge
    return envelope


def saw(t: Mono, hz: float, top_hz: float) -> Mono:
    """A sawtooth of the harmonics below `top_hz`, each weaker than in a plain one."""
    count = max(1, int(top_hz / hz))
    return sum(np.sin(TAU * hz * k * t) / k**1.35 for k in range(1, count + 1)) * (2 / np.pi)


def bass_loop(rate: int, step_sec: float, notes: list[tuple[int, int, int]]) -> Mono:
    """`notes` are (first step, steps, MIDI note)."""
    steps = max(first + length for first, length, _ in notes)
    loop = np.zeros(round(steps * step_sec * rate))
    for first, length, midi in notes:
        start, end = (round(step * step_sec * rate) for step in (first, first + length))
        t = np.arange(end - start) / rate
        voice = saw(t, note_hz(midi), 900) * (0.55 + 0.45 * decay(t, 0.7))
        loop[start:end] += voice * soft(end - start, rate, 0.012, 0.03)
    return peak(loop)


def chord_loop(rate: int, bar_sec: float, chords: list[list[int]]) -> NDArray[np.float64]:
    """One chord a bar, slowly in and out, its voices spread from left to right."""
    frames = round(bar_sec * len(chords) * rate)
    loop = np.zeros((frames, 2))
    for bar, chord in enumerate(chords):
        start, end = round(bar * bar_sec * rate), round((bar + 1) * bar_sec * rate)
        t = np.arange(end - start) / rate
        shape = soft(end - start, rate, 0.35, 0.5)
        for voice, midi in enumerate(chord):
            place = (voice + 0.5) / len(chord)
            tone = sum(saw(t, note_hz(midi) * 2 ** (cents / 1200), 2600) for cents in (-5, 4))
            loop[start:end, 0] += tone * shape * np.cos(place * np.pi / 2)
            loop[start:end, 1] += tone * shape * np.sin(place * np.pi / 2)
    return loop * (0.9 / np.abs(loop).max())
