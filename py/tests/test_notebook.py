"""What a sample shows in a notebook: complete, harmless, and small whatever it is of."""

from __future__ import annotations

import base64
import html.parser
import io
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from support import PATIENCE_SEC, drain

import hotcue
from hotcue.notebook.player import MOST_BYTES, mu_law, preview

MOST_CHARACTERS = 300_000
RATE = 48_000
KIT = Path(hotcue.__file__).parent / "kit"


class Elements(html.parser.HTMLParser):
    """The elements of a page, and its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.append(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def noise(channels: int, sec: float, rate: int = RATE) -> NDArray[np.float32]:
    """The worst there is for a drawing."""
    values = np.random.default_rng(1).uniform(-1, 1, (channels, round(sec * rate)))
    return values.astype(np.float32)


def load(
    engine: hotcue.AudioEngine, audio: NDArray[np.float32], rate: int = RATE, **options: object
) -> hotcue.Sample:
    ticket = engine.load_sample_async(0, audio, sample_rate=rate, **options)  # type: ignore[arg-type]
    return ticket.result(PATIENCE_SEC)


def heard(page: str) -> tuple[NDArray[np.float32], int]:
    """What its player plays, by libsndfile."""
    (content,) = re.findall(r'src="data:audio/wav;base64,([^"]+)"', page)
    audio, rate = soundfile.read(io.BytesIO(base64.b64decode(content)), dtype="float32")
    return audio, rate


@pytest.mark.parametrize(
    ("sec", "channels"),
    [(0.001, 1), (0.5, 2), (5.9, 1), (6.1, 2), (29.9, 1), (30.0, 2), (30.1, 8), (600.0, 1)],
)
def test_it_has_300_000_characters_at_most_and_plays_30_s(sec: float, channels: int) -> None:
    rate = 8_000 if sec > 60 else RATE
    with hotcue.AudioEngine(output="offline", sample_rate=rate) as engine:
        audio = noise(channels, min(sec, 60.0), rate)
        audio = np.tile(audio, round(sec / min(sec, 60.0)))
        sample = load(engine, audio, rate)
        requests = [engine.analyze_sample_async(0, ["bpm", "key", "loudness", "waveform"])]
        drain(engine, requests)
        while not {"waveform", "bpm"} <= set(sample.analysis):
            engine.wait_event(0.01)
        page = sample._repr_html_()
    assert len(page) <= MOST_CHARACTERS
    assert Elements(page).seen.count("audio") == 1
    played, played_rate = heard(page)
    assert len(played) / played_rate == pytest.approx(min(sec, 30.0), rel=0.001, abs=1 / RATE)
    assert ("the first 30 s" in page) == (sec > 30)


def test_a_short_sound_is_played_as_it_is(engine: hotcue.AudioEngine) -> None:
    audio = noise(2, 1.0)
    played, rate = heard(load(engine, audio)._repr_html_())
    assert rate == RATE
    # Rounded to 16 bits.
    np.testing.assert_allclose(played, audio.mean(axis=0), atol=0.51 / 32768)


def test_a_long_one_is_the_same_tone_at_a_lower_rate(engine: hotcue.AudioEngine) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(40 * RATE) / RATE, dtype=np.float64)
    played, rate = heard(load(engine, tone.astype(np.float32))._repr_html_())
    assert rate < RATE
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(len(played)) / rate)
    middle = slice(1000, -1000)
    noise_power = np.mean((played - expected)[middle] ** 2)
    assert 10 * np.log10(np.mean(expected**2) / noise_power) > 30


def test_what_is_beyond_full_scale_is_played_within(engine: hotcue.AudioEngine) -> None:
    played, _ = heard(load(engine, 4 * noise(1, 0.1))._repr_html_())
    assert 0.98 <= abs(played).max() <= 1.0


def test_mu_law_is_what_libsndfile_reads_as_near_as_can_be() -> None:
    values = np.linspace(-1, 1, 20_001, dtype=np.float32)
    raw = io.BytesIO(mu_law(values).tobytes())
    read, _ = soundfile.read(
        raw, format="RAW", subtype="ULAW", channels=1, samplerate=8_000, dtype="float32"
    )
    # G.711 has 16 steps in each of 8 segments: half a step of 1/16 of the segment's end.
    assert (abs(read - values) <= np.maximum(abs(values), 1 / 256) / 31 + 0.005).all()
    assert abs(read - values).mean() < 0.01


def test_a_preview_fits_at_the_highest_rate() -> None:
    for sec in (0.01, 1.0, 1.9, 2.0, 5.0, 6.0, 7.0, 30.0):
        file = preview(noise(1, sec), RATE)
        assert len(file) <= MOST_BYTES + 100
        assert len(file) >= min(MOST_BYTES * 0.98, 2 * sec * RATE * 0.98)


def test_a_name_is_no_html(engine: hotcue.AudioEngine, tmp_path: Path) -> None:
    name = "<script>alert('&amp;')</script>\x1b[31m" + "x" * 150 + ".wav"
    path = tmp_path / name.replace("/", "\N{DIVISION SLASH}")
    hotcue.write_wav(path, noise(1, 0.1), RATE)
    page = engine.load_sample_async(0, path).result(PATIENCE_SEC)._repr_html_()
    elements = Elements(page)
    assert set(elements.seen) <= {"div", "b", "br", "svg", "path", "audio", "small"}
    assert any(word.startswith("<script>alert('&amp;')<") for word in elements.words)
    assert "\x1b" not in page
    assert len(page) <= MOST_CHARACTERS


def test_a_name_that_is_no_unicode_can_be_encoded(
    engine: hotcue.AudioEngine, tmp_path: Path
) -> None:
    path = tmp_path / "\udcff.wav"
    hotcue.write_wav(path, noise(1, 0.1), RATE)
    page = engine.load_sample_async(0, path).result(PATIENCE_SEC)._repr_html_()
    assert page.encode()


def test_it_says_what_is_known(engine: hotcue.AudioEngine) -> None:
    kinds = ["bpm", "key", "loudness", "waveform"]
    request = engine.load_sample_async(0, KIT / "bass_loop.mka", analyze=kinds)  # type: ignore[arg-type]
    plain = request.result(PATIENCE_SEC)
    while len(plain.analysis) < len(kinds):
        engine.wait_event(0.01)
    page = plain._repr_html_()
    words = " ".join(Elements(page).words)
    assert words.startswith("bass_loop.mka 4.364 s · ")
    assert "110.0 BPM" in words
    assert "LUFS" in words
    assert page.count("<path") == 6


def test_silence_is_a_line_and_a_streamed_sample_has_a_player(
    engine: hotcue.AudioEngine, tmp_path: Path
) -> None:
    silent = load(engine, np.zeros((1, 4800), np.float32))
    assert "v-1h1" in silent._repr_html_()
    assert 'd=""' not in silent._repr_html_()
    path = tmp_path / "long.wav"
    hotcue.write_wav(path, noise(2, 40.0), RATE)
    streamed = engine.load_sample_async(1, path, stream=True).result(PATIENCE_SEC)
    played, rate = heard(streamed._repr_html_())
    assert len(played) / rate == pytest.approx(30.0, abs=0.01)
    path.unlink()
    assert "<audio" not in streamed._repr_html_()
