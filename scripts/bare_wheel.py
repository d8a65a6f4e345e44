"""What works of an installed wheel on a system without libasound; `scripts/bare_system.sh` runs it.

    python bare_wheel.py KIT

Needs the package alone. Ends with the first thing that is not as it should be.
"""

import re
import sys
import warnings
from pathlib import Path

import hotcue

kit = sorted(path for path in Path(sys.argv[1]).iterdir() if path.suffix != ".json")


def fails(output: str) -> hotcue.DeviceError:
    try:
        hotcue.AudioEngine(output=output).run()
    except hotcue.DeviceError as error:
        return error
    raise AssertionError(f"{output} opened")


with hotcue.AudioEngine(output="offline") as engine:
    samples = [engine.load_sample_async(id, path).result(60) for id, path in enumerate(kit)]
    engine.play_sample(0)
    peak = abs(engine.render(48_000)).max()
    assert peak > 0.01, peak
print(f"loaded {len(samples)} files, rendered one: peak {peak:.2f}")

assert hotcue.analyze(samples[0], "loudness")["loudness"] is not None
print("analysed one")

with hotcue.AudioEngine(output="null") as engine:
    assert engine.stats()["output"] == "null"

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    with hotcue.AudioEngine() as engine:
        assert engine.stats()["output"] == "null"
(warning,) = caught
assert warning.category is hotcue.NoOutputWarning
print(f"auto: {warning.message}")

for output in ("default", "alsa:default"):
    error = fails(output)
    assert error.kind == "not_available"
    assert re.search("libasound.so.2.*libasound2t64.*libasound2", str(error)), error
    print(f"{output}: {error}")
assert hotcue.devices() == []
