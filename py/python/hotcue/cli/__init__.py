"""The command line: ``hotcue`` and ``python -m hotcue``."""

from __future__ import annotations

import argparse
import operator
import re
import signal
import sys
from collections.abc import Sequence
from contextlib import nullcontext

from .. import __version__
from ..analysis import KINDS
from ..errors import HotcueError
from ..pads.keys import GRIDS
from ..pads.layout import LEAST
from .document import Document
from .streams import drop_output, prepare

INTERRUPTED = 128 + signal.SIGINT


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code: 0, 1 if anything failed, 2 for what cannot be
    asked for, 130 after Ctrl-C."""
    prepare()
    try:
        code = _run(_parsed(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("hotcue: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # The reader of a pipe has seen enough.
        drop_output()
        return 1
    except HotcueError as error:  # No engine, as without threads for it.
        from .text import complain

        complain(str(error))
        return 1
    except OSError as error:  # A full disk, most likely.
        from .text import complain, reason

        complain(reason(error))
        drop_output()
        return 1


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    """What was asked for; `SystemExit` once that was help, or if it cannot be."""
    try:
        return _parser().parse_args(_joined(words))
    finally:  # Of help, too, it is known whether it could be written.
        sys.stdout.flush()


def _run(args: argparse.Namespace) -> int:
    # First, so that it is complete whatever ends the command.
    has_document = args.command in ("load", "analyze") and args.json
    with Document() if has_document else nullcontext() as document:
        return _begun(args, document)


def _begun(args: argparse.Namespace, document: Document | None) -> int:
    # Imported late, so that --help and --version are quick.
    match args.command:
        case "load":
            from .load import load

            return load(args.paths, document, workers=args.workers)
        case "play":
            from .play import play

            return play(args.files, output=args.output)
        case "analyze":
            from .analyze import analyze

            return analyze(args, document)
        case "devices":
            from .devices import show_devices

            return show_devices(as_json=args.json)
        case "pads":
            from .pads import pads

            return pads(args)
        case "bench":
            from .bench import bench

            return bench(args)
        case _:
            from .demo import demo

            return demo(args.wav, bars=args.bars, output=args.output, as_json=args.json)


def _joined(words: Sequence[str]) -> list[str]:
    """`words`, but a range that begins below zero joined to its option: with its dash it would
    pass for an option itself."""
    joined: list[str] = []
    for word in words:
        if words[0] == "bench" and joined[-1:] == ["--priorities"] and re.match(r"-[0-9]", word):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hotcue", description="Loads audio samples in the background and plays them."
    )
    parser.add_argument("--version", action="version", version=f"hotcue {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    load = commands.add_parser("load", help="load files and folders, and tell what is in them")
    load.add_argument("paths", nargs="+", metavar="PATH", help="a file, or a folder to walk")
    load.add_argument("--workers", type=_workers, metavar="N", help="decode N files at a time")
    load.add_argument("--json", action="store_true", help="print one JSON document instead")

    play = commands.add_parser("play", help="play files one after another; Ctrl-C stops")
    play.add_argument("files", nargs="+", metavar="FILE")
    _add_output(play)

    _add_analyze(
        commands.add_parser("analyze", help="tell tempo, key, loudness and onsets of files")
    )

    _add_pads(commands.add_parser("pads", help="play samples from pads, in a window"))

    devices = commands.add_parser("devices", help="list the audio outputs")
    devices.add_argument("--json", action="store_true", help="print one JSON document instead")

    _add_bench(commands.add_parser("bench", help="measure many loads beneath a loop like a UI's"))

    demo = commands.add_parser("demo", help="load the bundled kit and play a few bars of it")
    demo.add_argument(
        "--wav", type=_target, metavar="PATH", help="also write the bars to a WAV file"
    )
    demo.add_argument("--bars", type=_positive, default=4, metavar="N", help="how many (4)")
    demo.add_argument("--json", action="store_true", help="print one JSON document instead")
    _add_output(demo)
    return parser


def _add_analyze(analyze: argparse.ArgumentParser) -> None:
    analyze.add_argument(
        "paths", nargs="+", metavar="PATH", help='a file, a folder to walk, or "-", what is piped'
    )
    analyze.add_argument(
        "--kinds",
        type=_kinds,
        default="bpm,key,loudness,onsets",
        metavar="KIND,…",
        help="of bpm, key, loudness, onsets and waveform (all but the last)",
    )
    form = analyze.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON document instead")
    form.add_argument("--csv", action="store_true", help="print one line of CSV per file instead")
    analyze.add_argument(
        "--png",
        type=_target,
        metavar="PATH",
        help="draw each file, into a folder, or one as a .png",
    )
    analyze.add_argument(
        "--dat",
        type=_target,
        metavar="PATH",
        help="write waveforms for peaks.js likewise (BBC audiowaveform)",
    )
    analyze.add_argument(
        "--cache", metavar="DIR", type=_target, help="keep what is heard there for the next time"
    )
    analyze.add_argument("--workers", type=_positive, metavar="N", help="hear N files at a time")


def _add_pads(pads: argparse.ArgumentParser) -> None:
    pads.add_argument("paths", nargs="*", metavar="PATH", help="files, folders, or a saved set")
    pads.add_argument(
        "--grid", type=int, choices=GRIDS, help="pads in a row (as few as show them all)"
    )
    pads.add_argument(
        "--size", type=_size, default=(1280, 720), metavar="WxH", help="of the window (1280x720)"
    )
    cache = pads.add_mutually_exclusive_group()
    cache.add_argument(
        "--cache", metavar="DIR", type=_target, help="keep decoded audio there for the next time"
    )
    cache.add_argument("--no-cache", action="store_true", help="keep none")
    _add_output(pads)


def _add_bench(bench: argparse.ArgumentParser) -> None:
    def number(name: str, metavar: str, default: float | None, help: str) -> None:
        kind = float if isinstance(default, float) else int
        bench.add_argument(name, type=kind, metavar=metavar, default=default, help=help)

    number("--loads", "N", 1_000, "how many loads (1000)")
    bench.add_argument(
        "--folder", type=_target, metavar="PATH", help="load the files below it, in turn"
    )
    bench.add_argument(
        "--mix",
        default="tiny:4,oneshot:12,loop:4",
        metavar="KIND:SHARE,…",
        help="of generated files: tiny, oneshot, loop, track (tiny:4,oneshot:12,loop:4)",
    )
    number("--workers", "N", None, "decode N files at a time (one per core)")
    bench.add_argument("--priorities", default="0..0", metavar="LOW..HIGH", help="by chance (0..0)")
    number("--cancel", "SHARE", 0.0, "of the loads, by chance; 0 to 1 (0)")
    number("--fps", "N", 60.0, "frames per second of the loop (60)")
    number("--per-frame", "N", 50, "loads that each submits (50)")
    number("--waveforms", "N", 36, "waveforms that each reads (36)")
    number("--work-ms", "MS", 1.0, "other work that each does (1)")
    number("--budget-mb", "MB", None, "memory for samples (no limit)")
    number("--rate", "HZ", 48_000, "the engine's rate (48000)")
    number("--seed", "N", 1, "of all that is left to chance (1)")
    number("--rounds", "N", 1, "measure so often, in turns; medians count (1)")
    bench.add_argument("--cold", action="store_true", help="read the files from disk each time")
    bench.add_argument("--keep", action="store_true", help="leave all samples in memory")
    bench.add_argument("--json", type=_target, metavar="PATH", help="write the figures")
    bench.add_argument("--html", type=_target, metavar="PATH", help="write a page that draws them")


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output",
        type=_output,
        default="auto",
        metavar="ID",
        help='"auto", "default", "null", or an id that `hotcue devices` shows',
    )


def _kinds(text: str) -> tuple[str, ...]:
    kinds = tuple(dict.fromkeys(kind.strip() for kind in text.split(",")))
    for kind in kinds:
        if kind not in KINDS:
            raise argparse.ArgumentTypeError(f"{kind!r} is none of {', '.join(KINDS)}")
    return kinds


def _target(text: str) -> str:
    if not text:  # Of nothing `Path` makes the working directory.
        raise argparse.ArgumentTypeError("must not be empty")
    return text


def _output(text: str) -> str:
    if text == "offline":
        raise argparse.ArgumentTypeError("needs a clock: auto, default, null or a device's id")
    return _target(text)


def _size(text: str) -> tuple[int, int]:
    width, separator, height = text.partition("x")
    try:
        size = (int(width), int(height)) if separator else None
    except ValueError:
        size = None
    if size is None:
        raise argparse.ArgumentTypeError("must be like 1280x720")
    # In less, controls would be out of reach; what no window system makes ends the process.
    if not all(map(operator.le, LEAST, size)) or max(size) > 16_384:
        raise argparse.ArgumentTypeError(f"must be {LEAST[0]}x{LEAST[1]} to 16384x16384")
    return size


def _positive(text: str, most: int = 999) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= most:
        raise argparse.ArgumentTypeError(f"must be 1 to {most}")
    return number


def _workers(text: str) -> int:
    return _positive(text, 256)
