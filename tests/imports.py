"""Which module imports what, read from the source: no import is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from .conftest import ROOT

OURS = ("firmware_py", "calibration", "dashboard")


class Import(NamedTuple):
    """One import: who imports, what (a dotted name), and whether not at once.

    An import is deferred where it runs when a function does, or for the type checker only.
    """

    module: str
    target: str
    deferred: bool
    line: int

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


@cache
def modules() -> dict[str, Path]:
    """Every module of ours by its dotted name."""
    found = {}
    for package in OURS:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports() -> tuple[Import, ...]:
    """Every import of every module of ours."""
    return tuple(found for module, path in modules().items() for found in _of_module(module, path))


def _of_module(module: str, path: Path) -> Iterator[Import]:
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield from _walk(tree, module, package, deferred=False)


def _walk(node: ast.AST, module: str, package: str, *, deferred: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(module, alias.name, deferred, child.lineno)
        elif isinstance(child, ast.ImportFrom):
            base = child.module or ""
            if child.level:
                above = package.split(".")[: len(package.split(".")) - child.level + 1]
                base = ".".join([*above, base] if base else above)
            for alias in child.names:
                # `from .posture import blocks` imports the module, `from .blocks import Place` a name in one.
                full = f"{base}.{alias.name}"
                yield Import(module, full if full in modules() else base, deferred, child.lineno)
        else:
            later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) or (
                isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
            )
            yield from _walk(child, module, package, deferred=deferred or later)


def within(name: str, package: str) -> bool:
    """Whether a dotted name is the package or lies in it."""
    return name == package or name.startswith(package + ".")
