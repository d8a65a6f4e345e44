#!/usr/bin/env python3
"""Writes THIRD-PARTY-LICENSES.txt: the licences of the crates that are linked into the wheel.

    python3 scripts/third_party_licences.py            # writes the file
    python3 scripts/third_party_licences.py --check    # fails if it is not up to date

Needs only Python and cargo. Crates that run at build time (build scripts, macros) are not linked
and not listed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "THIRD-PARTY-LICENSES.txt"
TEXTS = ROOT / "scripts" / "licences"
WHEEL = "hotcue-py"
PLATFORMS = [
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
]
LICENCE_FILE = re.compile(r"^(un)?licen[cs]e|^copying|^notice|^copyright", re.IGNORECASE)
RULE = "=" * 80

INTRODUCTION = """\
hotcue is licensed MIT OR Apache-2.0. Its compiled module contains the Rust standard library
(MIT OR Apache-2.0, Copyright (c) The Rust Project Contributors) and the crates listed here, each
unchanged; their source is at the address given. Where a crate offers a choice that includes MIT,
MIT is chosen. Made by scripts/third_party_licences.py.
"""

Package = dict[str, Any]


def linked_packages() -> list[Package]:
    """The third-party crates that the wheel's library depends on, at run time, on any platform."""
    command = ["cargo", "metadata", "--format-version=1", "--locked"]
    for platform in PLATFORMS:
        command += ["--filter-platform", platform]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    metadata = json.loads(done.stdout)
    packages: dict[str, Package] = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    waiting = [id for id, package in packages.items() if package["name"] == WHEEL]
    seen = set(waiting)
    while waiting:
        for dependency in nodes[waiting.pop()]["deps"]:
            id = dependency["pkg"]
            linked = any(kind["kind"] is None for kind in dependency["dep_kinds"])
            if linked and id not in seen and not is_macro(packages[id]):
                seen.add(id)
                waiting.append(id)
    third_party = [packages[id] for id in seen if packages[id]["source"]]
    return sorted(third_party, key=lambda package: (package["name"], package["version"]))


def is_macro(package: Package) -> bool:
    return any("proc-macro" in target["kind"] for target in package["targets"])


def licence_texts(package: Package) -> list[str]:
    """The texts that a crate ships, or the standard text where it ships none."""
    folder = Path(package["manifest_path"]).parent
    files = sorted(path for path in folder.iterdir() if LICENCE_FILE.match(path.name))
    # That of a C library inside.
    files += sorted(folder.glob("*/COPYING"))
    expression = package["license"] or ""
    names = [path.name.upper() for path in files]
    offers_mit = "MIT" in re.split(r" OR |/|[()]", expression)
    if offers_mit and any("MIT" in name for name in names):
        files = [path for path in files if "APACHE" not in path.name.upper()]
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in files if path.is_file()]
    if texts:
        return texts
    chosen = "MIT" if offers_mit else expression
    standard = TEXTS / f"{chosen}.txt"
    if not standard.is_file():
        raise SystemExit(f"{package['name']}: no licence text in the crate, nor {standard.name}")
    text = standard.read_text(encoding="utf-8")
    return [text.replace("<authors>", ", ".join(package["authors"]) or "its authors")]


def document(packages: list[Package]) -> str:
    lines = [INTRODUCTION]
    users: dict[str, list[str]] = {}
    for package in packages:
        name = f"{package['name']} {package['version']}"
        source = package["repository"] or f"https://crates.io/crates/{package['name']}"
        lines.append(f"{name}: {package['license']}; {source}")
        for text in licence_texts(package):
            tidy = "\n".join(line.rstrip() for line in text.strip().splitlines())
            users.setdefault(tidy, []).append(name)
    for text, names in users.items():
        lines += ["", RULE, "For " + ", ".join(names), RULE, "", text]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    text = document(linked_packages())
    if arguments == ["--check"]:
        if OUTPUT.is_file() and OUTPUT.read_text(encoding="utf-8") == text:
            return 0
        print("THIRD-PARTY-LICENSES.txt is out of date: run scripts/third_party_licences.py")
        return 1
    OUTPUT.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
