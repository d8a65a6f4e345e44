"""Loads very many samples at once beneath a loop like a UI's, and says how both went.

What is measured, and what its JSON looks like, is the same as in the Rust program
``benches/load.rs``; ``page.html`` draws both.
"""

from __future__ import annotations

from .report import compare, figures, print_figures, write
from .scenario import Scenario
from .ui import run, run_alone

__all__ = ["Scenario", "compare", "figures", "print_figures", "run", "run_alone", "write"]
