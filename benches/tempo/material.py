"""Makes audio whose tempo is known, and lists it with what is labelled already.

    python material.py OUT [--hydrogen DATA…] [--sonic-pi SAMPLES] [--styles DIR] [--count N]

OUT/material.tsv has a line per file: its path, its tempo, the set that it belongs to, where it
comes from, and a file with its beats (`seconds<TAB>number in the bar`), where these are known.
DATA is a folder `hydrogen/data` of Debian's packages hydrogen-data and hydrogen-drumkits, SAMPLES
the one of sonic-pi-samples, DIR one with arranger styles or other standard MIDI files.
"""

import argparse
import zlib
from pathlib import Path

import grooves
import hydrogen
import kits
import numpy as np
import soundfile
import styles
from grooves import Groove, Manner

# Beats of Sonic Pi's loops, as its documentation states them.
SONIC_PI_BEATS = {
    "loop_3d_printer": 16,
    "loop_amen": 4,
    "loop_amen_full": 16,
    "loop_breakbeat": 4,
    "loop_compus": 16,
    "loop_electric": 4,
    "loop_garzul": 16,
    "loop_industrial": 2,
    "loop_mehackit1": 4,
    "loop_mehackit2": 4,
    "loop_mika": 16,
    "loop_perc1": 4,
    "loop_perc2": 4,
    "loop_safari": 16,
    "loop_tabla": 16,
    "loop_weirdo": 8,
}
SONG_TEMPI = (0.8, 1.0, 1.25)
SOUND_FONTS = ("/usr/share/sounds/sf2/TimGM6mb.sf2", "/usr/share/sounds/sf2/FluidR3_GM.sf2")


class Listing:
    """What was made so far."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.lines: list[str] = []

    def write(self, name: str, groove: Groove, of_set: str, origin: str) -> None:
        path = self.out / f"{name}.flac"
        soundfile.write(path, groove.audio, kits.RATE, subtype="PCM_16")
        beats = self.out / f"{name}.beats"
        bars = np.searchsorted(groove.downbeats_sec, groove.beats_sec + 1e-6)
        with beats.open("w") as file:
            place = 0
            for at, bar, before in zip(groove.beats_sec, bars, [-1, *bars[:-1]], strict=True):
                place = 1 if bar != before else place + 1
                # Before the first downbeat that is known: 0.
                file.write(f"{at:.6f}\t{place if bar else 0}\n")
        self.add(path, groove.bpm, of_set, origin, beats)

    def add(self, path: Path, bpm: float, of_set: str, origin: str, beats: Path | str) -> None:
        self.lines.append(f"{path.resolve()}\t{bpm:.4f}\t{of_set}\t{origin}\t{beats}")

    def close(self) -> None:
        (self.out / "material.tsv").write_text("\n".join(self.lines) + "\n")


def make_grooves(listing: Listing, folders: list[Path], count: int) -> None:
    """Loops of whole bars, some of them cut anywhere, and songs."""
    all_kits = {path.name: kits.of_folder(path) for path in folders}
    all_kits = {name: kit for name, kit in all_kits.items() if {"kick", "snare"} <= kit.keys()}
    all_kits |= {f"synthesised{seed}": kits.synthesised(seed) for seed in range(6)}
    names = sorted(all_kits)
    for index in range(count):
        rng = np.random.default_rng(index)
        kit = names[rng.integers(len(names))]
        name = list(grooves.STYLES)[index % len(grooves.STYLES)]
        style = grooves.STYLES[name]
        low, high = style.tempi
        # Programs count in whole beats per minute, players do not.
        bpm = float(rng.integers(low, high + 1))
        kind = index // len(grooves.STYLES) % 4
        if kind in {1, 2}:
            bpm += round(float(rng.uniform(-0.5, 0.5)), 2) if rng.random() < 0.4 else 0.0
        loose_sec = float(rng.choice([0.0, 0.0, 0.003, 0.008]))
        origin = f"{kit}/{name}"
        if kind == 3:
            manner = Manner(bpm, 32, loose_sec, fills=True, tones=rng.random() < 0.7)
            listing.write(
                f"song{index:04}",
                grooves.play(all_kits[kit], style, manner, rng),
                "made_songs",
                origin,
            )
            continue
        bars = int(rng.choice([1, 2, 2, 4, 4, 8]))
        manner = Manner(bpm, bars, loose_sec, tones=rng.random() < 0.2)
        if kind == 2:
            bars = max(4, bars)
            manner = Manner(bpm, bars + 2, loose_sec, tones=rng.random() < 0.2)
            whole = grooves.play(all_kits[kit], style, manner, rng)
            seconds = len(whole.audio) / kits.RATE
            start = rng.uniform(0, seconds * 0.2)
            part = grooves.cut(whole, start, rng.uniform(0.55, 0.8) * seconds)
            listing.write(f"cut{index:04}", part, "made_cut", origin)
        else:
            listing.write(
                f"loop{index:04}",
                grooves.play(all_kits[kit], style, manner, rng),
                "made_loops",
                origin,
            )


def make_songs(listing: Listing, data: list[Path]) -> None:
    """Hydrogen's own songs at three tempi each."""
    all_kits = [folder / "drumkits" for folder in data]
    for path in sorted(song for folder in data for song in folder.rglob("*.h2song")):
        written = hydrogen.play(path, all_kits, 120, 4)
        # A song whose kit is not there is silent.
        if not np.abs(written.audio).max(initial=0.0) > 0.1:
            print(f"{path.name}: nothing to hear")
            continue
        stated = float(hydrogen.ElementTree.parse(path).getroot().findtext("bpm") or 120)
        for factor in SONG_TEMPI:
            groove = hydrogen.play(path, all_kits, round(stated * factor, 1), 60)
            name = f"hydrogen_{path.stem}_{round(stated * factor)}"
            listing.write(name, groove, "hydrogen", path.stem)


def make_styles(listing: Listing, folder: Path, font: Path) -> None:
    """Loops, parts that are cut anywhere, and songs of every style."""
    for number, path in enumerate(sorted(path for path in folder.rglob("*") if path.is_file())):
        style = styles.read(path)
        if style is None:
            continue
        rng = np.random.default_rng(zlib.crc32(path.name.encode()))
        chosen = styles.choose(style, rng)
        grooves_of = styles.render(style, [piece for _, piece in chosen], font)
        for place, ((kind, _), groove) in enumerate(zip(chosen, grooves_of, strict=True)):
            if kind == "cut":
                seconds = len(groove.audio) / kits.RATE
                start = rng.uniform(0, seconds * 0.2)
                groove = grooves.cut(groove, start, rng.uniform(0.55, 0.8) * seconds)
            # Makers mark what belongs together at the end of a name.
            origin = path.stem.split("_")[0]
            listing.write(f"style{number:03}_{place}", groove, f"style_{kind}", f"style/{origin}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--hydrogen", type=Path, nargs="*", default=[])
    parser.add_argument("--sonic-pi", type=Path)
    parser.add_argument("--styles", type=Path)
    parser.add_argument("--count", type=int, default=400)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    listing = Listing(options.out)
    folders = [kit for data in options.hydrogen for kit in (data / "drumkits").iterdir()]
    make_grooves(listing, sorted(folders), options.count)
    if options.hydrogen:
        make_songs(listing, options.hydrogen)
    if options.sonic_pi:
        for name, beats in SONIC_PI_BEATS.items():
            path = options.sonic_pi / f"{name}.flac"
            bpm = 60 * beats / soundfile.info(path).duration
            listing.add(path, bpm, "loops", f"sonic-pi/{name}", "")
    fonts = [Path(font) for font in SOUND_FONTS if Path(font).is_file()]
    if options.styles and fonts:
        make_styles(listing, options.styles, fonts[0])
    listing.close()


if __name__ == "__main__":
    main()
