"""A page of the documentation as somebody follows it: its blocks in order, in this folder.

python docs_child.py STEPS REPORT: STEPS is a list of JSON objects, one per block; what each block
has printed is written to REPORT. Blocks of Python share one namespace, as in one session; what has
a name is saved under it, for the commands behind it.
"""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import contract

PROGRAM = Path(__file__).with_name("docs_program.py")
PATIENCE_SEC = 120.0


def run_python(step: dict[str, Any], session: dict[str, Any]) -> str:
    said = io.StringIO()
    # Lines are numbered as on the page.
    code = compile("\n" * (step["line"] - 1) + step["code"], step["page"], "exec")
    with contextlib.redirect_stdout(said):
        exec(code, session)
    return said.getvalue()


def run_command(line: str) -> str:
    name, *args = shlex.split(line)
    if name == "hotcue":
        command = [sys.executable, "-m", "hotcue", *args]
    elif args[0].startswith("-"):
        command = [sys.executable, *args]
    else:
        command = [sys.executable, str(PROGRAM), *args]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_SEC, check=False
    )
    sys.stderr.write(done.stderr)
    if done.returncode:
        raise SystemExit(f"{line}: {done.returncode}\n{done.stdout}")
    return done.stdout


def main() -> None:
    steps = json.loads(Path(sys.argv[1]).read_text())
    session: dict[str, Any] = {"__name__": "__main__"}
    contract.CHECKER.install()
    outputs = []
    for step in steps:
        if step["commands"] is not None:
            outputs.append("".join(map(run_command, step["commands"])))
        elif step["title"] is not None:
            Path(step["title"]).write_text(step["code"])
            outputs.append("")
        else:
            outputs.append(run_python(step, session))
    Path(sys.argv[2]).write_text(json.dumps(outputs))
    sys.exit("\n".join(contract.CHECKER.wrong) or 0)


if __name__ == "__main__":
    main()
