"""hotcue loads audio samples without ever freezing the program that asked for them, and plays them.

Start with `AudioEngine`; `analyze` hears what is in a file, `decode` reads it into an array.
"""

from ._hotcue import ColouredWaveform, Sample, __version__
from .analysis import Analysis, analyze, grid_slices
from .audio import decode, info, resample, write_wav
from .batch import LoadBatch
from .engine import AudioEngine, devices
from .errors import (
    AnalysisError,
    DeviceError,
    HotcueError,
    LoadCancelled,
    LoadError,
    NoOutputWarning,
    NotReadyError,
    QueueFullError,
)
from .events import LoaderEvent, PlaybackEvent
from .source import Source
from .stream import EventStream
from .ticket import LoadTicket
from .values import (
    Acid,
    BatchProgress,
    Broadcast,
    Clock,
    Cue,
    Device,
    FileInfo,
    Instrument,
    Levels,
    LoadStatus,
    Loop,
    Meters,
    Playhead,
    Waveform,
)

__all__ = [
    "Acid",
    "Analysis",
    "AnalysisError",
    "AudioEngine",
    "BatchProgress",
    "Broadcast",
    "Clock",
    "ColouredWaveform",
    "Cue",
    "Device",
    "DeviceError",
    "EventStream",
    "FileInfo",
    "HotcueError",
    "Instrument",
    "Levels",
    "LoadBatch",
    "LoadCancelled",
    "LoadError",
    "LoadStatus",
    "LoadTicket",
    "LoaderEvent",
    "Loop",
    "Meters",
    "NoOutputWarning",
    "NotReadyError",
    "PlaybackEvent",
    "Playhead",
    "QueueFullError",
    "Sample",
    "Source",
    "Waveform",
    "__version__",
    "analyze",
    "decode",
    "devices",
    "grid_slices",
    "info",
    "resample",
    "write_wav",
]
