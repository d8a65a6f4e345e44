"""``hotcue devices``: what `AudioEngine(output=…)` can be given."""

from __future__ import annotations

import json

from rich.table import Table
from rich.text import Text

from ..engine import AudioEngine, devices
from ..errors import DeviceError
from .text import console, printable


def show_devices(*, as_json: bool) -> int:
    """Lists the audio outputs; none is no failure."""
    found = devices()
    if as_json:
        print(json.dumps([device._asdict() for device in found], indent=1))
        return 0
    screen = console()
    if not found:
        screen.print('No audio output device. Engines with output="auto" play to nowhere.')
        # It says why, such as a library that is missing.
        try:
            AudioEngine(output="default").run()
        except DeviceError as error:
            screen.print(Text(printable(str(error))))
        return 0
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("", "id", "name", "channels", "rate"):
        table.add_column(column, overflow="fold")
    for device in found:
        rate = f"{device.default_sample_rate} Hz" if device.default_sample_rate else "?"
        mark = "→" if device.is_default else ""
        cells = (mark, device.id, device.name, str(device.channels), rate)
        table.add_row(*(Text(printable(cell)) for cell in cells))
    screen.print(table)
    return 0
