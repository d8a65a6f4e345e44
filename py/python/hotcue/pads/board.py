"""All pads, which of them are seen, and what is asked of the engine for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..source import absolute
from .keys import GRIDS
from .pad import CHOKE_GROUPS, MAX_VOLUME, Pad, State
from .sets import PadSet, SavedPad

if TYPE_CHECKING:
    from ..events import DeviceEvent
    from .sound import Sound

PADS = 216
"""Six banks of 36."""

# Taken from the queue at once: more than arrive in a frame while everything loads.
_EVENTS = 512
# Before the others, while their bank is seen.
_SEEN_PRIORITY = 10


@dataclass(frozen=True, slots=True)
class Counts:
    """What has become of the pads with a file."""

    total: int = 0
    ready: int = 0
    failed: int = 0
    loading: int = 0

    @property
    def fraction(self) -> float:
        """How many of them have ended, 0 to 1; 1 of none."""
        return 1.0 if self.total == 0 else (self.ready + self.failed) / self.total


class Board:
    """The pads. One thread alone calls it, but for `trigger`, which any thread may."""

    def __init__(self, sound: Sound, *, grid: int = 4) -> None:
        self._sound = sound
        self.pads = [Pad() for _ in range(PADS)]
        self.grid = grid
        self.bank = 0
        self.selected = 0
        """The number of a pad; it need not be in the bank that is seen."""
        self.volume = 1.0
        """Of the master, linear gain, 0 to `MAX_VOLUME`."""
        self.device: Literal["", "started", "lost", "recovered", "fallback"] = ""
        """What the output said of itself last."""
        self._sounding: set[int] = set()

    # What is seen

    @property
    def size(self) -> int:
        """Pads of a bank."""
        return self.grid * self.grid

    @property
    def banks(self) -> int:
        """Banks that it takes for all pads; the last one may be short."""
        return -(-PADS // self.size)

    def seen(self) -> range:
        """The numbers of the pads of the bank that is seen."""
        first = self.bank * self.size
        return range(first, min(first + self.size, PADS))

    def show(self, bank: int) -> None:
        """Shows another bank, the first after the last; what loads in it goes first now."""
        self._hurry(0)
        self.bank = bank % self.banks
        self._hurry(_SEEN_PRIORITY)

    def set_grid(self, grid: int) -> None:
        """Shows so many pads in a row, and the bank in which the selected pad is now."""
        if grid not in GRIDS:
            raise ValueError(f"grid must be one of {GRIDS}, not {grid}")
        self.grid = grid
        self.show(self.selected // self.size)

    def select(self, pad: int) -> None:
        """Selects a pad, and shows its bank."""
        self.selected = min(max(pad, 0), PADS - 1)
        if self.selected not in self.seen():
            self.show(self.selected // self.size)

    def counts(self, pads: Iterable[int] | None = None) -> Counts:
        """What has become of these pads, or of all."""
        states = [self.pads[pad].state for pad in (range(PADS) if pads is None else pads)]
        empty = states.count(State.EMPTY)
        ready = states.count(State.READY)
        failed = states.count(State.FAILED)
        total = len(states) - empty
        return Counts(total, ready, failed, total - ready - failed)

    def bank_counts(self, bank: int) -> Counts:
        """What has become of the pads of a bank."""
        return self.counts(range(bank * self.size, min((bank + 1) * self.size, PADS)))

    # Files

    def add(self, paths: Sequence[str], first: int = 0) -> int:
        """Loads files into empty pads from `first` on, round to those before it; returns for how
        many there was none."""
        order = [*range(first, PADS), *range(first)]
        free = [pad for pad in order if self.pads[pad].state is State.EMPTY]
        self.load(dict(zip(free, paths, strict=False)))
        return max(0, len(paths) - len(free))

    def load(self, files: dict[int, str]) -> None:
        """Loads files into pads, whose settings stay. What a pad had until now ends: should the new
        file fail, nothing else is heard under its name."""
        files = {pad: absolute(path) for pad, path in files.items()}
        for pad in files:
            if self.pads[pad].state is not State.EMPTY:
                self._sound.unload(pad)
        requests = self._sound.load(files) if files else {}
        for pad, path in files.items():
            old = self.pads[pad]
            self.pads[pad] = Pad(
                path=path,
                volume=old.volume,
                loop=old.loop,
                choke=old.choke,
                request_id=requests[pad],
                state=State.QUEUED,
                revision=old.revision + 1,
            )
        self._hurry(_SEEN_PRIORITY, requests)

    def clear(self, pad: int) -> None:
        """Empties a pad."""
        self._sound.unload(pad)
        self.pads[pad] = Pad(revision=self.pads[pad].revision + 1)

    def saved(self) -> PadSet:
        """What is to be saved."""
        pads = tuple(
            SavedPad(number, pad.path, pad.volume, pad.loop, pad.choke)
            for number, pad in enumerate(self.pads)
            if pad.path is not None
        )
        return PadSet(self.grid, self.volume, pads)

    def restore(self, saved: PadSet) -> None:
        """Takes a saved set in place of everything."""
        self._sound.stop_all()
        for number, pad in enumerate(self.pads):
            if pad.state is State.EMPTY:
                # Its settings go, too.
                self.pads[number] = Pad(revision=pad.revision + 1)
            else:
                self.clear(number)
        self.grid = saved.grid
        self.bank = self.selected = 0
        self.set_volume(saved.volume)
        for old in saved.pads:
            pad = self.pads[old.pad]
            pad.volume, pad.loop, pad.choke = old.volume, old.loop, old.choke
        self.load({old.pad: old.path for old in saved.pads})

    # Playing

    def trigger(self, pad: int, start_sec: float = 0.0) -> None:
        """Plays a pad; one that loops and sounds, it stops. Any thread may call it."""
        played = self.pads[pad]
        if played.path is not None:
            self._sound.play(
                pad, played.volume, loop=played.loop, choke=played.choke, start_sec=start_sec
            )

    def stop(self, pad: int) -> None:
        """Stops a pad."""
        self._sound.stop(pad)

    def stop_all(self) -> None:
        """Stops all pads."""
        self._sound.stop_all()

    def set_pad_volume(self, pad: int, volume: float) -> None:
        """Sets a pad's linear gain, also of what sounds."""
        changed = self.pads[pad]
        changed.volume = min(max(volume, 0.0), MAX_VOLUME)
        changed.revision += 1
        self._sound.change(pad, volume=changed.volume)

    def set_loop(self, pad: int, loop: bool) -> None:
        """Has a pad repeat, or what sounds of it end where its sample does."""
        changed = self.pads[pad]
        changed.loop = loop
        changed.revision += 1
        self._sound.change(pad, loop=loop)

    def set_choke(self, pad: int, group: int) -> None:
        """Puts a pad into a choke group: each of the group ends the others. 0 takes it out."""
        changed = self.pads[pad]
        changed.choke = min(max(group, 0), CHOKE_GROUPS)
        changed.revision += 1

    def set_volume(self, volume: float) -> None:
        """Sets the master's linear gain."""
        self.volume = min(max(volume, 0.0), MAX_VOLUME)
        self._sound.set_volume(self.volume)

    # What has happened

    def listen(self) -> None:
        """Takes what the engine has to tell. Call it once a frame."""
        for event in self._sound.events(_EVENTS):
            if event["type"] == "device":
                self._device(event)
            else:
                self.pads[event["id"]].hear(event)
        positions = {head.id: head.position_sec for head in self._sound.playheads()}
        for pad in self._sounding | positions.keys():
            heard = self.pads[pad]
            if (heard.position_sec is None) != (pad not in positions):
                heard.revision += 1
            heard.position_sec = positions.get(pad)
        self._sounding = set(positions)

    def _device(self, event: DeviceEvent) -> None:
        self.device = event["state"]

    def _hurry(self, priority: int, among: Iterable[int] | None = None) -> None:
        """Gives what loads in the bank that is seen a priority."""
        seen = self.seen() if among is None else [pad for pad in among if pad in self.seen()]
        pads = (self.pads[pad] for pad in seen)
        requests = [pad.request_id for pad in pads if pad.loads and pad.request_id is not None]
        if requests:
            self._sound.hurry(requests, priority)
