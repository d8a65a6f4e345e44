"""The package: what it exports, how it is documented, how quickly it comes."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import hotcue
from hotcue import _hotcue

FOLDER = Path(hotcue.__file__).parent


def test_all_is_what_is_there() -> None:
    assert sorted(hotcue.__all__) == sorted(set(hotcue.__all__))
    for name in hotcue.__all__:
        assert getattr(hotcue, name) is not None
    modules = {path.stem for path in FOLDER.iterdir()} | {"cli", "kit"}
    public = {name for name in vars(hotcue) if not name.startswith("_")} - modules
    assert public <= set(hotcue.__all__)


def test_the_package_is_typed() -> None:
    assert (FOLDER / "py.typed").exists()
    assert (FOLDER / "_hotcue.pyi").exists()


def test_importing_is_light(python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = python(
        "import hotcue, sys; print(*{'numpy', 'rich', 'asyncio', 'argparse'} & {*sys.modules})"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")


def test_importing_takes_60_ms_more_than_numpy_at_most(
    python: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    program = """if True:
        import time, numpy
        began = time.process_time()
        import hotcue
        print(time.process_time() - began)
    """
    # Processor time, and the best of some: others may be at work.
    assert min(float(python(program).stdout) for _ in range(10)) <= 0.06


def test_the_stubs_say_what_the_module_says() -> None:
    tree = ast.parse((FOLDER / "_hotcue.pyi").read_text(encoding="utf-8"))
    (sample,) = (
        node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Sample"
    )
    assert ast.get_docstring(sample) == inspect.getdoc(_hotcue.Sample)
    methods = [node for node in sample.body if isinstance(node, ast.FunctionDef)]
    assert len(methods) == 42
    for method in methods:
        if method.name.startswith("__"):  # Python words these itself.
            continue
        doc = inspect.getdoc(inspect.getattr_static(_hotcue.Sample, method.name))
        assert ast.get_docstring(method) == doc, method.name


def public_things() -> Iterator[tuple[str, Any]]:
    for name in hotcue.__all__:
        thing = getattr(hotcue, name)
        if inspect.isfunction(thing) or inspect.isclass(thing):
            yield name, thing
        if inspect.isclass(thing) and thing.__module__.startswith("hotcue"):
            for member, value in vars(thing).items():
                if not member.startswith("_") and (callable(value) or isinstance(value, property)):
                    yield f"{name}.{member}", value
    for module in ("errors", "events", "values"):
        for name, thing in vars(importlib.import_module(f"hotcue.{module}")).items():
            if inspect.isclass(thing) and thing.__module__ == f"hotcue.{module}":
                yield f"{module}.{name}", thing


@pytest.mark.parametrize(
    ("name", "thing"), list(public_things()), ids=lambda value: str(value)[:40]
)
def test_everything_public_is_documented(name: str, thing: Any) -> None:
    assert inspect.getdoc(thing), name


def test_exceptions_have_one_base() -> None:
    for name in (
        "LoadError",
        "LoadCancelled",
        "AnalysisError",
        "DeviceError",
        "QueueFullError",
        "NotReadyError",
    ):
        assert issubclass(getattr(hotcue, name), hotcue.HotcueError)
    assert issubclass(hotcue.NoOutputWarning, Warning)
