"""Which part of a sample is seen."""

from __future__ import annotations

from dataclasses import dataclass

from ..cli.picture.ticks import spelled

# The shortest part, in seconds: some hundreds of frames.
SHORTEST_SEC = 0.01
STEP = 1.5


@dataclass(frozen=True, slots=True)
class Zoom:
    """The part of a sample from `start_sec` to `end_sec`, of `duration_sec` in all."""

    duration_sec: float
    start_sec: float
    end_sec: float

    @staticmethod
    def whole(duration_sec: float) -> Zoom:
        """All of it."""
        return Zoom(duration_sec, 0.0, duration_sec)

    @property
    def span_sec(self) -> float:
        """How long the part is."""
        return self.end_sec - self.start_sec

    def time_at(self, fraction: float) -> float:
        """The time at a place, 0 at the left and 1 at the right."""
        return self.start_sec + fraction * self.span_sec

    def place_of(self, time_sec: float) -> float:
        """The place of a time; below 0 or above 1 it is not seen."""
        return (time_sec - self.start_sec) / self.span_sec if self.span_sec > 0 else 0.0

    def by(self, steps: float, fraction: float = 0.5) -> Zoom:
        """So many steps nearer (below 0: farther), about the place that stays where it is."""
        shortest = min(SHORTEST_SEC, self.duration_sec)
        span = min(max(self.span_sec * STEP**-steps, shortest), self.duration_sec)
        return self._from(self.time_at(fraction) - fraction * span, span)

    def moved(self, fraction: float) -> Zoom:
        """So much of what is seen to the right."""
        return self._from(self.start_sec + fraction * self.span_sec, self.span_sec)

    def holds(self, time_sec: float) -> bool:
        """Whether a time is seen."""
        return self.start_sec <= time_sec <= self.end_sec

    def following(self, time_sec: float) -> Zoom:
        """The same, but where the time is not seen, from there on."""
        if self.holds(time_sec):
            return self
        return self._from(time_sec, self.span_sec)

    def _from(self, start_sec: float, span_sec: float) -> Zoom:
        start = min(max(start_sec, 0.0), self.duration_sec - span_sec)
        return Zoom(self.duration_sec, start, start + span_sec)


def lines(times_sec: list[float], zoom: Zoom, width: int, least_px: float) -> list[float]:
    """The places, in pixels, of those times that are seen; every 2nd, 4th, 8th … where they would
    lie closer than `least_px`."""
    if len(times_sec) > 1 and zoom.span_sec > 0:
        mean_sec = (times_sec[-1] - times_sec[0]) / (len(times_sec) - 1)
        step = 1
        while mean_sec * step / zoom.span_sec * width < least_px and step < len(times_sec):
            step *= 2
        times_sec = times_sec[::step]
    places = (zoom.place_of(time) for time in times_sec)
    return [place * width for place in places if 0.0 <= place <= 1.0]


def ticks(zoom: Zoom, width: int, least_px: float) -> list[tuple[str, float]]:
    """Round times that are seen, at least so far apart, each with its place in pixels."""
    if zoom.span_sec <= 0:
        return []
    least_sec = least_px / width * zoom.span_sec
    step = next(step for step in _STEPS_SEC if step >= least_sec or step == _STEPS_SEC[-1])
    first = int(zoom.start_sec / step)
    times = (index * step for index in range(first, int(zoom.end_sec / step) + 1))
    return [
        (spelled(time, step), zoom.place_of(time) * width)
        for time in times
        if time >= zoom.start_sec - step * 1e-9
    ]


_STEPS_SEC = (
    *(base * 10.0**power for power in (-4, -3, -2, -1, 0) for base in (1, 2, 5)),
    *(10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0),
)
