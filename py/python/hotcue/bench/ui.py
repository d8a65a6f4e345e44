"""The loop of a UI: submits, reads events, draws, and notes what it sees."""

from __future__ import annotations

import random
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ..engine import AudioEngine
from ..events import LoaderEvent
from ..machine import resident_mb
from ..values import Stats
from .scenario import Material, Scenario

MAX_SLOTS = 65_536
# Within how many frames a load is cancelled, at most.
CANCELLED_WITHIN = 60
# How often the events are read where there is no loop.
ALONE_SEC = 0.05
# Without any event for so long, what is left never ends.
PATIENCE_SEC = 60.0
# How often somebody is told how far it is.
TELL_SEC = 0.25
ENDS = ("success", "error", "cancelled")


@dataclass(frozen=True)
class Frame:
    """How one frame of the loop went."""

    time_sec: float
    """Since the first."""
    late_ms: float
    """Behind its time."""
    calls_ms: float
    """Inside the engine's calls."""
    ended: int
    """Requests that have ended so far."""
    resident_mb: float | None


@dataclass
class Outcome:
    """All that was seen."""

    frames: list[Frame] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    from_cache: int = 0
    error: str | None = None
    """Why the first one failed of those that did."""
    twice: int = 0
    """Requests that ended more than once."""
    without_end: int = 0
    wall_sec: float = 0.0
    cpu_sec: float = 0.0
    bytes: int = 0
    """Of the files that succeeded."""
    audio_sec: float = 0.0
    latency_ms: dict[str, list[float]] = field(default_factory=dict)
    """From submitting to an event's time, by the event."""
    event_ms: list[float] = field(default_factory=list)
    """From publishing an event to reading it."""
    submit_us: list[float] = field(default_factory=list)
    stats: Stats = field(init=False)
    """At the end."""

    def is_whole(self) -> bool:
        """Whether each request has ended once."""
        return not self.twice and not self.without_end

    def missed_frames(self, fps: float) -> int:
        """Frames that began when the next one was due, or later."""
        return sum(frame.late_ms >= 1e3 / fps for frame in self.frames)


def open_engine(scenario: Scenario) -> AudioEngine:
    """The engine that a scenario runs on."""
    return AudioEngine(
        output="null",
        sample_rate=scenario.rate,
        slots=min(scenario.loads, MAX_SLOTS),
        workers=scenario.workers,
        memory_budget=None if scenario.budget_mb is None else scenario.budget_mb * 1_000_000,
    )


def run(
    scenario: Scenario,
    files: Material,
    *,
    idle_frames: int = 0,
    tell: Callable[[int, int], None] = lambda submitted, ended: None,
    engine: AudioEngine | None = None,
) -> Outcome:
    """Runs the loop on an engine of its own, or on one of the caller's that has not been started,
    until every load has ended.

    With `idle_frames` it loads nothing but what it draws, before the first frame, and ends after
    so many frames: how the same loop does on this machine without loads. `tell` hears four times
    a second how far it is. Raises what `AudioEngine` does.
    """
    with engine or open_engine(scenario) as running:
        loop = _Loop(running, scenario, files)
        if idle_frames:
            loop.fill()
        loop.run(idle_frames, tell)
    return loop.outcome


def run_alone(scenario: Scenario, files: Material) -> Outcome:
    """All of the loads without any loop: submitted at once, and waited for. None is cancelled.

    Raises what `AudioEngine` does.
    """
    with open_engine(scenario) as engine:
        loop = _Loop(engine, scenario, files)
        loop.run_alone()
    return loop.outcome


@dataclass
class _Open:
    """A request that has not ended."""

    submitted_sec: float
    size: int
    cancel_in: int | None
    """In which frame to cancel it."""


class _Loop:
    def __init__(self, engine: AudioEngine, scenario: Scenario, files: Material) -> None:
        self.outcome = Outcome()
        self._engine = engine
        self._scenario = scenario
        self._files = files
        self._random = random.Random(scenario.seed)
        self._open: dict[int, _Open] = {}
        self._submitted = 0
        # What a UI shows of each slot, and which of them it draws.
        self._shown: dict[int, str] = {}
        self._drawn: deque[int] = deque()
        self._work = _portions(scenario.work_ms)

    def fill(self) -> None:
        """Loads what is to be drawn, and reads its events."""
        for id in range(min(self._scenario.waveforms, self._scenario.loads)):
            path = self._files.paths[id % len(self._files.paths)]
            self._engine.load_sample_async(id, path)
            self._drawn.append(id)
        left = len(self._drawn)
        deadline = time.perf_counter() + PATIENCE_SEC
        while left and time.perf_counter() < deadline:
            left -= sum(event["type"] in ENDS for event in self._engine.drain_loader_events())
            time.sleep(0.001)

    def run(self, idle_frames: int, tell: Callable[[int, int], None]) -> None:
        """All frames; those without loads if `idle_frames` says how many."""
        outcome, period = self.outcome, 1.0 / self._scenario.fps
        cpu, begin = time.process_time(), time.perf_counter()
        due = heard = told = begin
        number = 0
        while True:
            time.sleep(max(0.0, due - time.perf_counter()))
            woken = time.perf_counter()
            if not idle_frames:
                self._submit(number, most=self._scenario.per_frame)
                self._cancel(number)
            events = self._engine.drain_loader_events()
            now_sec = self._engine.clock().time_sec
            calls = time.perf_counter() - woken
            unload = self._see(events, now_sec)
            before = time.perf_counter()
            self._draw(unload)
            calls += time.perf_counter() - before
            for _ in range(self._work):
                pass
            frame = Frame(
                time_sec=woken - begin,
                late_ms=(woken - due) * 1e3,
                calls_ms=calls * 1e3,
                ended=self._submitted - len(self._open),
                resident_mb=resident_mb(),
            )
            outcome.frames.append(frame)
            number += 1
            if events:
                heard = woken
            done = self._submitted == self._scenario.loads and not self._open
            if idle_frames:
                done = number == idle_frames
            if done or woken - told >= TELL_SEC:
                told = woken
                tell(self._submitted, frame.ended)
            if done or (not idle_frames and woken - heard > PATIENCE_SEC):
                break
            due = max(due + period, woken)  # A frame that was missed is not made up for.
        self._end(cpu, begin)

    def run_alone(self) -> None:
        """No frames: submits all, and sleeps until each has ended."""
        cpu, begin = time.process_time(), time.perf_counter()
        self._submit(0, most=self._scenario.loads)
        heard = begin
        while self._open and time.perf_counter() - heard < PATIENCE_SEC:
            events = self._engine.drain_loader_events()
            if events:
                heard = time.perf_counter()
            unload = self._see(events, self._engine.clock().time_sec)
            for id in unload:
                self._engine.unload_sample(id)
            time.sleep(ALONE_SEC)
        self._end(cpu, begin)

    def _end(self, cpu: float, begin: float) -> None:
        """Notes what it took since then."""
        self.outcome.wall_sec = time.perf_counter() - begin
        self.outcome.cpu_sec = time.process_time() - cpu
        self.outcome.without_end = len(self._open)
        self.outcome.stats = self._engine.stats()

    def _submit(self, frame: int, *, most: int) -> None:
        scenario, files = self._scenario, self._files
        for number in range(self._submitted, min(scenario.loads, self._submitted + most)):
            file = number % len(files.paths)
            priority = self._random.randint(*scenario.priorities)
            cancel_in = None
            if self._random.random() < scenario.cancel:
                cancel_in = frame + self._random.randint(0, CANCELLED_WITHIN)
            submitted_sec = self._engine.clock().time_sec
            before = time.perf_counter_ns()
            ticket = self._engine.load_sample_async(
                number % MAX_SLOTS, files.paths[file], priority=priority
            )
            self.outcome.submit_us.append((time.perf_counter_ns() - before) / 1e3)
            self._open[int(ticket)] = _Open(submitted_sec, files.sizes[file], cancel_in)
            self._submitted += 1

    def _cancel(self, frame: int) -> None:
        if self._scenario.cancel:
            for request_id, open in self._open.items():
                if open.cancel_in is not None and open.cancel_in <= frame:
                    open.cancel_in = None
                    self._engine.cancel_load(request_id)

    def _see(self, events: list[LoaderEvent], now_sec: float) -> list[int]:
        """Notes what the events say; the slots that have to be emptied."""
        outcome, unload = self.outcome, []
        for event in events:
            outcome.event_ms.append((now_sec - event["time_sec"]) * 1e3)
            if event["type"] == "device" or event["id"] is None:
                continue
            kind, id = event["type"], event["id"]
            self._shown[id] = kind
            if kind not in ("started", "playable", *ENDS):
                continue
            open = self._open.get(event["request_id"])
            if open is not None and kind not in ("error", "cancelled"):
                latency_ms = (event["time_sec"] - open.submitted_sec) * 1e3
                outcome.latency_ms.setdefault(f"submit to {kind}", []).append(latency_ms)
            if kind not in ENDS:
                continue
            outcome.ends[kind] += 1
            if event["type"] == "error" and outcome.error is None:
                outcome.error = event["error"]
            if self._open.pop(event["request_id"], None) is None or open is None:
                outcome.twice += 1
            if event["type"] == "success" and open is not None:
                outcome.bytes += open.size
                outcome.audio_sec += event["duration_sec"]
                outcome.from_cache += event["from_cache"]
                self._drawn.append(id)
                if len(self._drawn) > self._scenario.waveforms:
                    unload.append(self._drawn.popleft())
        return [] if self._scenario.keep else unload

    def _draw(self, unload: list[int]) -> None:
        """Asks the engine for what is drawn."""
        for id in unload:
            self._engine.unload_sample(id)
        for id in self._drawn:
            sample = self._engine.sample(id)
            if sample is not None:
                sample.waveform(self._scenario.width)


def _portions(work_ms: float) -> int:
    """Turns of an empty loop that take so long when nothing else runs."""
    turns, best = 20_000, float("inf")
    for _ in range(50):
        before = time.perf_counter()
        for _ in range(turns):
            pass
        best = min(best, time.perf_counter() - before)
    return round(turns * work_ms / 1e3 / best)
