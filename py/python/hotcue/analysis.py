"""What can be heard in audio: tempo and beats, key, loudness, onsets, and what to draw.

`analyze` hears a file or an array in the thread that calls it, without an engine or a device. The
rows are plain dicts, one `TypedDict` each, with all keys always. How the figures come about, and
how good they are, stands in docs/ANALYSIS.md.
"""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Callable, Iterable
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    SupportsFloat,
    SupportsIndex,
    TypeAlias,
    TypedDict,
    overload,
)

from . import _hotcue
from ._hotcue import ColouredWaveform, Sample
from .arrays import checked_rate, finite_planes, is_array
from .source import Resolved, Source, cache_folder, read, resolve

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Kind: TypeAlias = Literal["bpm", "key", "loudness", "onsets", "waveform"]
"""What may be asked for."""

Kinds: TypeAlias = Kind | Iterable[Kind]
"""One of them, or several."""

KINDS: tuple[Kind, ...] = ("bpm", "key", "loudness", "onsets", "waveform")
"""All of them."""


class TempoAlternative(TypedDict):
    """A tempo that the audio might have instead.

    - `bpm`: Beats per minute.
    - `weight`: Its estimated probability, 0 to 1.
    """

    bpm: float
    weight: float


class BpmAnalysis(TypedDict):
    """Tempo and beats, estimated from the audio and its length alone.

    - `bpm`: Beats per minute, 50 to 210; None where there is no pulse.
    - `no_pulse`: Whether there is none: of one-shots, of noise and silence, and of what is
      shorter than 1.2 s, unless that is two beats with strokes in them. All else is empty, 0 or
      None then. What is as long as a program makes bars may have their tempo as a guess,
      whatever sounds in it.
    - `confidence`: The estimated probability that `bpm` is right, 0 to 1. Below 0.5 it is a
      guess.
    - `octave_confidence`: The same, if twice and half the tempo count as right, too.
    - `alternatives`: The likeliest first: half and double always, and up to two more.
    - `loop_bpm`: The tempo at which the audio is a whole number of beats long, where it is such
      a loop.
    - `n_beats`: That number of beats: ``n_beats * 60 / loop_bpm`` is the file's length in
      seconds. `beats_sec` has as many, or one more or fewer where `bpm` is faster or slower
      than that.
    - `beats_sec`: Beats, in seconds from the start.
    - `downbeats_sec`: Those that begin a bar.
    - `beats_per_bar`: 3 or 4; 0 without beats.
    - `stability`: How even the beats are as they were heard, before `beats_sec` were laid on an
      even grid: 1 where each is where such a grid has it, 0 where they miss it by a tenth of a
      beat or more (the root of the mean square).
    """

    bpm: float | None
    no_pulse: bool
    confidence: float
    octave_confidence: float
    alternatives: list[TempoAlternative]
    loop_bpm: float | None
    n_beats: int | None
    beats_sec: list[float]
    downbeats_sec: list[float]
    beats_per_bar: int
    stability: float


class KeyAnalysis(TypedDict):
    """The musical key. In its place stands None where none is heard, as of percussion.

    - `tonic`: Its usual name in this mode, such as ``"F#"`` or ``"Eb"``.
    - `mode`: ``"major"`` or ``"minor"``.
    - `pitch_class`: The tonic as a number: 0 is C, 11 is B.
    - `camelot`: The code of Mixed In Key's Camelot wheel: ``"8B"`` is C major, ``"8A"`` A
      minor.
    - `open_key`: The code of Open Key: ``"1d"`` is C major, ``"1m"`` A minor.
    - `confidence`: 0 to 1: how far all other keys are from fitting as well.
    - `tuning_cents`: How far the tuning lies above A = 440 Hz, −50 to 50 cents.
    """

    tonic: str
    mode: Literal["major", "minor"]
    pitch_class: int
    camelot: str
    open_key: str
    confidence: float
    tuning_cents: float


class LoudnessAnalysis(TypedDict):
    """Loudness by EBU R 128, and peaks. Nothing here is infinite or NaN.

    A channel counts for what its speaker does: those at the sides 1.41 times, the low-frequency
    effects nothing. Where a file names none, they are the usual ones of so many channels, as in
    ``L R C LFE Ls Rs``. What is brought to a loudness by `play_sample` is the file: of more than
    two channels a stereo output has less of them, or leaves some out; and of one channel, which
    counts once though both sides of a stereo output have it, it is what such an output plays.

    - `integrated_lufs`: Gated; None where nothing is louder than −70 LUFS. Of less than 400 ms,
      and where nothing but the last 100 ms is louder than that, it is what a meter shows at most.
    - `momentary_max_lufs`: The greatest of any 400 ms; None of silence.
    - `short_term_max_lufs`: The greatest of any 3 s; None of silence.
    - `range_lu`: Loudness range; None of less than 3 s, and where nothing is louder than −70
      LUFS.
    - `sample_peak`: The greatest absolute value; 1.0 is full scale.
    - `sample_peak_dbfs`: The same in dB; None of silence.
    - `true_peak`: The greatest absolute value of the waveform, between the samples, too: of 16
      times as many below 16 kHz, 8 times below 32, four times below 96, twice below 192, and beyond
      that of those alone.
    - `true_peak_dbtp`: The same in dB; None of silence.
    - `replay_gain_db`: ReplayGain 2: what to amplify by, to −18 LUFS. The peak that goes with
      it is `true_peak`.
    - `is_short`: Whether the audio is shorter than 400 ms.
    - `is_mono`: Whether it has one channel, and so sounds 3 LU louder from two loudspeakers.
    """

    integrated_lufs: float | None
    momentary_max_lufs: float | None
    short_term_max_lufs: float | None
    range_lu: float | None
    sample_peak: float
    sample_peak_dbfs: float | None
    true_peak: float
    true_peak_dbtp: float | None
    replay_gain_db: float | None
    is_short: bool
    is_mono: bool


class OnsetsAnalysis(TypedDict):
    """Where sounds begin.

    - `frames`: Where the audio is best cut for each attack: in the 2 ms before it, the nearest
      frame beside which the mean of the channels crosses zero and no channel is above a
      hundredth of the peak, or else the quietest of those; where it does not cross zero there,
      in the 5 ms before it. Over a bass that sounds on, the attack may be heard up to 15 ms too
      early. Where a sound merely ends there is none. Frames of the audio that was heard: those
      of its rate. Where channels cancel each other out, as where one side is inverted, the
      loudest is heard instead of the mean.
    - `onsets_sec`: The same in seconds.
    - `strengths`: 0 to 1; the strongest is 1.
    - `leading_silence_sec`: How long the audio stays 60 dB below its peak at its start, counted
      from 0, or from what it begins with if that stays for 30 ms (an offset, up to 30 dB below
      the peak); all of it if it is silent.
    - `trailing_silence_sec`: The same at its end; 0 if it is silent.
    """

    frames: list[int]
    onsets_sec: list[float]
    strengths: list[float]
    leading_silence_sec: float
    trailing_silence_sec: float


class WaveformAnalysis(TypedDict):
    """What there is to draw.

    - `frames`: How long the audio is, in frames.
    - `channels`: How many it has.
    - `sample_rate`: Its rate in Hz.
    - `coloured`: Extremes, level, and the level of three bands, of any stretch and at any
      width.
    """

    frames: int
    channels: int
    sample_rate: int
    coloured: ColouredWaveform


_Row: TypeAlias = (
    BpmAnalysis | KeyAnalysis | LoudnessAnalysis | OnsetsAnalysis | WaveformAnalysis | None
)
"""What was heard of one kind."""

if TYPE_CHECKING:
    from _typeshed import SupportsKeysAndGetItem

    # The protocol, so that ``{**heard}`` is known to have all kinds of rows.
    class _Rows(dict[str, _Row], SupportsKeysAndGetItem[str, _Row]): ...
else:
    _Rows = dict


class Analysis(_Rows):
    """What was heard, by kind: those that were asked for.

    A dict, of which type checkers know what each kind holds: ``heard["bpm"]`` is a
    `BpmAnalysis`, ``heard["key"]`` a `KeyAnalysis` or None, ``heard["loudness"]`` a
    `LoudnessAnalysis`, ``heard["onsets"]`` an `OnsetsAnalysis`, ``heard["waveform"]`` a
    `WaveformAnalysis`. A kind that was not asked for is not there: ``heard.get("bpm")`` may be
    None.
    """

    if TYPE_CHECKING:

        @overload  # type: ignore[override]
        def __getitem__(self, kind: Literal["bpm"], /) -> BpmAnalysis: ...
        @overload
        def __getitem__(self, kind: Literal["key"], /) -> KeyAnalysis | None: ...
        @overload
        def __getitem__(self, kind: Literal["loudness"], /) -> LoudnessAnalysis: ...
        @overload
        def __getitem__(self, kind: Literal["onsets"], /) -> OnsetsAnalysis: ...
        @overload
        def __getitem__(self, kind: Literal["waveform"], /) -> WaveformAnalysis: ...
        @overload
        def __getitem__(self, kind: Kind, /) -> _Row: ...
        def __getitem__(self, kind: Any, /) -> Any: ...

        @overload  # type: ignore[override]
        def get(self, kind: Literal["bpm"], default: None = None, /) -> BpmAnalysis | None: ...
        @overload
        def get(self, kind: Literal["key"], default: None = None, /) -> KeyAnalysis | None: ...
        @overload
        def get(
            self, kind: Literal["loudness"], default: None = None, /
        ) -> LoudnessAnalysis | None: ...
        @overload
        def get(
            self, kind: Literal["onsets"], default: None = None, /
        ) -> OnsetsAnalysis | None: ...
        @overload
        def get(
            self, kind: Literal["waveform"], default: None = None, /
        ) -> WaveformAnalysis | None: ...
        @overload
        def get(self, kind: Kind, default: Any = None, /) -> Any: ...
        def get(self, kind: Any, default: Any = None, /) -> Any: ...


class Facts(TypedDict):
    """What is known of audio besides; None where it came from no file."""

    duration_sec: float
    frames: int
    channels: int
    sample_rate: int
    source_rate: int
    container: str | None
    codec: str | None
    embedded_bpm: float | None
    embedded_bpm_source: Literal["acid", "apple_loop", "tag"] | None
    embedded_key: str | None


def analyze(
    source: Source | NDArray[Any] | Sample,
    kinds: Kinds = KINDS,
    *,
    sample_rate: SupportsIndex | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    cache_bytes: SupportsIndex = 4 << 30,
) -> Analysis:
    """Hears a file, an array or a sample, and returns what was asked for, by kind::

        heard = hotcue.analyze("loop.wav", ["bpm", "key"])
        tempo, key = heard["bpm"]["bpm"], heard["key"]

    `source` is what a load takes (a path, content, a binary file), a `Sample` that is in memory,
    or a NumPy array, ``(channels, frames)`` or ``(frames,)``: floats, nominally -1…1, or integers
    of 8 to 32 bits by full scale. A `memoryview` of floats is such an array; one of integers is
    content, and `numpy.asarray` makes an array of it.
    `sample_rate` is the array's rate in Hz, which it must have; a file is converted to it first,
    None leaves the file's own; of a `Sample` it must be None.

    `cache_dir` is a folder, made if it is not there, in which results are kept, but no audio: the
    next time, a file or content that was heard before is not even decoded, whatever its name.
    A file is known by what is in it; to find that out takes reading it, once. Engines and other
    processes may use the same folder, of which `cache_bytes` are used at most.

    Works in the thread that calls, for a tenth of a second per minute of stereo beside decoding,
    without the GIL: several threads analyse several files at a time. Ctrl-C ends it.

    Raises `LoadError` where a file cannot be decoded (a `FileNotFoundError`, too, where it is
    missing), `OSError` where `cache_dir` cannot be used, `RuntimeError` for a `Sample` that is
    streamed or still arriving, `ValueError` for a kind, a shape, a rate or values that cannot be
    heard, `TypeError` for what is none of all this.
    """
    return examine(
        source, kinds, sample_rate=sample_rate, cache_dir=cache_dir, cache_bytes=cache_bytes
    )[1]


def grid_slices(
    source: NDArray[Any] | Sample,
    beats_sec: Iterable[float],
    per_beat: SupportsIndex = 4,
    *,
    sample_rate: SupportsIndex | None = None,
) -> list[int]:
    """The frames at which audio is cut into `per_beat` equal parts of each beat::

        sample = engine.sample(0)
        starts = hotcue.grid_slices(sample, sample.analysis["bpm"]["beats_sec"], 4)

    Each is moved by up to 5 ms to where the mean of the channels crosses zero and none of them is
    loud, or to the quietest place there is, so that it clicks as little as it can; where they
    cancel each other out, to where the loudest crosses zero.
    Rising, each once, none outside the audio; the last beat is as long as the one before it, and a
    beat alone is not divided.
    `source` is a `Sample` that is in memory, or an array with its `sample_rate`, as `analyze` takes
    them; `per_beat` is 1 to 1024.

    Raises as `analyze` does, `ValueError` for beats that fall or are not finite, `TypeError` for
    what is no number.
    """
    beats = [_beat(beat) for beat in beats_sec]
    if not all(map(math.isfinite, beats)) or any(map(operator.gt, beats, beats[1:])):
        raise ValueError("beats_sec must be finite and not fall")
    if isinstance(source, Sample):
        if sample_rate is not None:
            raise TypeError("a Sample has a rate; sample_rate must be None")
        return _hotcue.grid_slices(source, beats, per_beat, None)
    if _is_file(source):
        raise TypeError(f"audio must be a NumPy array or a Sample, not a {type(source).__name__}")
    if sample_rate is None:
        raise TypeError("an array needs its sample_rate")
    return _hotcue.grid_slices(finite_planes(source), beats, per_beat, sample_rate)


def examine(
    source: Source | NDArray[Any] | Sample,
    kinds: Kinds = KINDS,
    *,
    sample_rate: SupportsIndex | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    cache_bytes: SupportsIndex = 4 << 30,
    heed: Callable[[], None] | None = None,
) -> tuple[Facts, Analysis]:
    """As `analyze`; also returns what is known of the audio besides.

    `heed` is called some 25 times a second; what it raises ends the analysis.
    """
    folder = cache_folder(cache_dir)
    audio = _hearable(source, sample_rate)
    if sample_rate is not None:
        checked_rate(sample_rate)
    facts, heard = _hotcue.analyze(audio, kinds, sample_rate, folder, cache_bytes, heed)
    return facts, Analysis(heard)


def _hearable(
    source: Source | NDArray[Any] | Sample, sample_rate: SupportsIndex | None
) -> Callable[[], Resolved | NDArray[np.float32] | Sample]:
    """What gives the engine's side what it hears: a sample, planes, or what a load reads from. A
    file-like object is read only then."""
    if isinstance(source, Sample):
        if sample_rate is not None:
            raise TypeError("a Sample has a rate; sample_rate must be None")
        return lambda: source
    if is_array(source) or (isinstance(source, list | tuple) and sample_rate is not None):
        if sample_rate is None:
            raise TypeError("an array needs its sample_rate")
        audio = finite_planes(source)
        return lambda: audio
    if not (isinstance(source, memoryview) or _is_file(source)):
        raise TypeError(
            "source must be a path, content, a binary file, a NumPy array or a Sample, not "
            f"{type(source).__name__}"
        )
    given = resolve(source)
    return lambda: read(given, None)


def _beat(beat: object) -> float:
    # Unlike `float`, not of texts, nor of NumPy's texts, times and complex numbers.
    kind = getattr(getattr(beat, "dtype", None), "kind", "f")
    if kind in "USMmc" or not isinstance(beat, SupportsFloat | SupportsIndex):
        raise TypeError(f"beats_sec must be numbers, not {type(beat).__name__}")
    try:
        return float(beat)
    except OverflowError:
        return math.inf


def _is_file(source: object) -> bool:
    """Whether it is a path, content or a file-like object."""
    if isinstance(source, str | bytes | bytearray | os.PathLike):
        return True
    return callable(getattr(source, "read", None))
