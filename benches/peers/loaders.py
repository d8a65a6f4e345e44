"""How each library loads a file: to float32 at one rate, all of it, in its own best way.

Each entry of `PEERS` is made in a process of its own, so that none has the others' libraries in
its memory, but hotcue's, whose helpers measure all.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

RATE = 48_000

Load = Callable[[str], np.ndarray]
LoadAll = Callable[[Sequence[str]], Sequence[Any]]


def soundfile_soxr() -> Load:
    """libsndfile, then soxr at high quality."""
    import soundfile
    import soxr

    def load(path: str) -> np.ndarray:
        audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
        return audio if rate == RATE else soxr.resample(audio, rate, RATE, quality="HQ")

    return load


def librosa() -> Load:
    """librosa as its tutorial has it; soxr at high quality is its default."""
    import librosa

    return lambda path: librosa.load(path, sr=RATE, mono=False)[0].T


def pedalboard() -> Load:
    """Spotify's pedalboard, resampling while it reads."""
    from pedalboard.io import AudioFile

    def load(path: str) -> np.ndarray:
        with AudioFile(path) as file:
            if file.samplerate == RATE:
                return file.read(file.frames).T
            with file.resampled_to(RATE) as resampled:
                return resampled.read(resampled.frames).T

    return load


def miniaudio() -> Load:
    """miniaudio, whose resampling is linear."""
    import miniaudio

    def load(path: str) -> np.ndarray:
        decoded = miniaudio.decode_file(
            path, miniaudio.SampleFormat.FLOAT32, nchannels=2, sample_rate=RATE
        )
        return np.frombuffer(decoded.samples, np.float32).reshape(-1, 2)

    return load


def pyav() -> Load:
    """FFmpeg's libraries, resampling with its default."""
    import av

    def load(path: str) -> np.ndarray:
        with av.open(path) as container:
            resampler = av.AudioResampler("fltp", rate=RATE)
            parts = [
                part.to_ndarray()
                for frame in container.decode(audio=0)
                for part in resampler.resample(frame)
            ]
            parts += [part.to_ndarray() for part in resampler.resample(None)]
        return np.concatenate(parts, axis=1).T

    return load


def pygame() -> Load:
    """SDL_mixer, which converts with SDL."""
    os.environ.update(SDL_AUDIODRIVER="dummy", PYGAME_HIDE_SUPPORT_PROMPT="1")
    import pygame

    # 32 bits are float32.
    pygame.mixer.init(RATE, size=32, channels=2, allowedchanges=0)
    return lambda path: pygame.sndarray.samples(pygame.mixer.Sound(path))


PEERS: dict[str, Callable[[], Load]] = {
    "soundfile+soxr": soundfile_soxr,
    "librosa": librosa,
    "pedalboard": pedalboard,
    "miniaudio": miniaudio,
    "PyAV": pyav,
    "pygame": pygame,
}


@contextlib.contextmanager
def loader(name: str, workers: int) -> Iterator[LoadAll]:
    """What loads many files, `workers` at a time, and gives back what holds their audio."""
    if name == "hotcue":
        import hotcue

        with hotcue.AudioEngine(output="offline", sample_rate=RATE, workers=workers) as engine:

            def load_all(paths: Sequence[str]) -> list[Any]:
                batch = engine.load_many_async(list(enumerate(paths)))
                return [ticket.result().to_numpy() for ticket in batch.requests]

            yield load_all
        return
    load = PEERS[name]()
    if workers == 1:
        yield lambda paths: [load(path) for path in paths]
        return
    with ThreadPoolExecutor(workers) as pool:
        yield lambda paths: list(pool.map(load, paths))


def version(name: str) -> str:
    """The library's version, as its package says it."""
    from importlib.metadata import version

    packages = {"soundfile+soxr": ("soundfile", "soxr"), "PyAV": ("av",)}.get(name, (name.lower(),))
    return " + ".join(version(package) for package in packages)
