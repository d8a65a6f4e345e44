"""Tones, and what a resampler made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from loaders import RATE

from hotcue.bench.scenario import stereo_wav

QUALITY_TONES = (1_000, 10_000, 20_000)
ABOVE_NYQUIST = 1.04 * RATE / 2
LEVEL = 0.5
SECONDS = 4


def write_tones(folder: Path) -> None:
    """Float WAV files: `QUALITY_TONES` at 44.1 kHz, and one at 96 kHz that `RATE` cannot hold."""
    folder.mkdir(parents=True, exist_ok=True)
    for hz in QUALITY_TONES:
        _write(folder / f"tone_{hz}.wav", 44_100, hz)
    _write(folder / "above.wav", 96_000, ABOVE_NYQUIST)


def _write(path: Path, rate: int, hz: float) -> None:
    tone = LEVEL * np.sin(2 * np.pi * hz / rate * np.arange(rate * SECONDS))
    path.write_bytes(stereo_wav(tone, rate, 32))


def snr_db(audio: np.ndarray, hz: float) -> float:
    """The tone against all else, by least squares, without the ends."""
    audio = _middle(audio)
    phase = 2 * np.pi * hz / RATE * np.arange(len(audio))
    basis = np.stack([np.sin(phase), np.cos(phase)], axis=1)
    fit = basis @ np.linalg.lstsq(basis, audio, rcond=None)[0]
    rest = max(float(np.mean((audio - fit) ** 2)), 1e-30)
    return float(10 * np.log10(np.mean(fit**2) / rest))


def alias_db(audio: np.ndarray) -> float:
    """What is left, against what there was."""
    power = max(float(np.mean(_middle(audio) ** 2)), 1e-30)
    return float(10 * np.log10(power / (LEVEL**2 / 2)))


def _middle(audio: np.ndarray) -> np.ndarray:
    edge = len(audio) // 8
    return audio[edge:-edge]
