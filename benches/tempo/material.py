"""Makes audio whose tempo is known, and lists it with what is labelled already.

    python material.py OUT [--hydrogen DATA…] [--sonic-pi SAMPLES] [--lmms SAMPLES] [--songs DIR]
        [--styles DIR] [--more LIST…] [--count N]

OUT/material.tsv has a line per file: its path, its tempo, the set that it belongs to, where it
comes from, and a file with its beats (`seconds<TAB>number in the bar`), where these are known.
DATA is a folder `hydrogen/data` of Debian's packages hydrogen-data and hydrogen-drumkits, SAMPLES
the one of sonic-pi-samples or of lmms-common; songs are those of fretsonfire-songs-*, styles
arranger styles or other standard MIDI files; LIST has lines of the same form and is taken as it is.
"""

import argparse
import zlib
from pathlib import Path

import grooves
import hydrogen
import kits
import mido
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
# Beats per minute of LMMS's loops, as its sources have them in the files' names.
LMMS_BPM = {
    "bassloops/briff01": 140,
    "bassloops/rave_bass01": 180,
    "bassloops/rave_bass02": 180,
    "bassloops/tb303_01": 123,
    "bassloops/techno_bass01": 140,
    "bassloops/techno_bass02": 140,
    "bassloops/techno_synth01": 140,
    "bassloops/techno_synth02": 140,
    "bassloops/techno_synth03": 130,
    "bassloops/techno_synth04": 140,
    "beats/909beat01": 122,
    "beats/break01": 168,
    "beats/break02": 141,
    "beats/break03": 168,
    "beats/electro_beat01": 120,
    "beats/electro_beat02": 119,
    "beats/house_loop01": 142,
    "beats/jungle01": 168,
    "beats/rave_hihat01": 180,
    "beats/rave_hihat02": 180,
    "beats/rave_kick01": 180,
    "beats/rave_kick02": 180,
    "beats/rave_snare01": 180,
    "latin/latin_brass01": 140,
    "latin/latin_guitar01": 126,
    "latin/latin_guitar02": 140,
    "latin/latin_guitar03": 120,
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
        if not len(groove.beats_sec):
            self.add(path, groove.bpm, of_set, origin, "")
            return
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


def kits_of(folders: list[Path]) -> dict[str, kits.Kit]:
    """The kits that have a kick and a snare, and synthesised ones."""
    found = {path.name: kits.of_folder(path) for path in folders}
    found = {name: kit for name, kit in found.items() if {"kick", "snare"} <= kit.keys()}
    return found | {f"synthesised{seed}": kits.synthesised(seed) for seed in range(6)}


def make_grooves(listing: Listing, all_kits: dict[str, kits.Kit], count: int) -> None:
    """Loops of whole bars, some of them cut anywhere, and songs."""
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


def make_worn(listing: Listing, all_kits: dict[str, kits.Kit], count: int) -> None:
    """Loops of whole bars that do not end where their music does."""
    names = sorted(all_kits)
    for index in range(count):
        rng = np.random.default_rng(10_000 + index)
        kit = names[rng.integers(len(names))]
        name = list(grooves.STYLES)[index % len(grooves.STYLES)]
        style = grooves.STYLES[name]
        low, high = style.tempi
        loose_sec = float(rng.choice([0.0, 0.0, 0.003]))
        bars = int(rng.choice([1, 1, 2, 2, 4]))
        tail_sec = float(rng.choice([0.0, 0.0, 0.0, rng.uniform(0.1, 1.5)]))
        bpm = float(rng.integers(low, high + 1))
        manner = Manner(bpm, bars, loose_sec, tones=rng.random() < 0.3, tail_sec=tail_sec)
        loop = grooves.play(all_kits[kit], style, manner, rng)
        groove = loop if tail_sec else grooves.worn(loop, rng)
        listing.write(f"worn{index:04}", groove, "made_worn", f"{kit}/{name}")


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


def cut_anywhere(loop: Groove, rng: np.random.Generator) -> Groove:
    """A part of something repeated, which begins and ends anywhere."""
    whole = grooves.repeated(loop, 3)
    seconds = len(whole.audio) / kits.RATE
    return grooves.cut(whole, rng.uniform(0, seconds * 0.2), rng.uniform(0.55, 0.8) * seconds)


def list_loop(listing: Listing, path: Path, bpm: float, origin: str) -> None:
    """A loop of a pack, and a part of its repetitions where it ends with a beat."""
    listing.add(path, bpm, "loops", origin, "")
    audio = kits.read_whole(path)
    beats = len(audio) / kits.RATE * bpm / 60
    if abs(beats - round(beats)) < 0.01 and len(audio) >= 2 * kits.RATE:
        none = np.zeros(0)
        rng = np.random.default_rng(zlib.crc32(origin.encode()))
        part = cut_anywhere(Groove(audio, bpm, none, none), rng)
        listing.write(f"{origin.replace('/', '_')}", part, "loops_cut", origin)


def list_songs(listing: Listing, folder: Path) -> None:
    """Recorded songs with a MIDI file that states their one tempo."""
    for notes in sorted(folder.rglob("notes.mid")):
        tempi = {
            round(60e6 / message.tempo, 2)
            for message in mido.merge_tracks(mido.MidiFile(notes).tracks)
            if message.type == "set_tempo"
        }
        song = notes.with_name("song.ogg")
        if len(tempi) == 1 and song.is_file():
            listing.add(song, tempi.pop(), "recorded_songs", f"song/{notes.parent.name}", "")


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
    parser.add_argument("--lmms", type=Path)
    parser.add_argument("--songs", type=Path)
    parser.add_argument("--styles", type=Path)
    parser.add_argument("--more", type=Path, nargs="*", default=[])
    parser.add_argument("--count", type=int, default=400)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    listing = Listing(options.out)
    folders = [kit for data in options.hydrogen for kit in (data / "drumkits").iterdir()]
    all_kits = kits_of(sorted(folders))
    make_grooves(listing, all_kits, options.count)
    make_worn(listing, all_kits, options.count // 2)
    if options.hydrogen:
        make_songs(listing, options.hydrogen)
    if options.sonic_pi:
        for name, beats in SONIC_PI_BEATS.items():
            path = options.sonic_pi / f"{name}.flac"
            bpm = 60 * beats / soundfile.info(path).duration
            list_loop(listing, path, bpm, f"sonic-pi/{name}")
    if options.lmms:
        for name, bpm in LMMS_BPM.items():
            list_loop(listing, options.lmms / f"{name}.ogg", bpm, f"lmms/{name}")
    if options.songs:
        list_songs(listing, options.songs)
    fonts = [Path(font) for font in SOUND_FONTS if Path(font).is_file()]
    if options.styles and fonts:
        make_styles(listing, options.styles, fonts[0])
    for more in options.more:
        listing.lines += more.read_text().splitlines()
    listing.close()


if __name__ == "__main__":
    main()
