"""How large the package is: lines, files, the longest function, import time and duplicated rules.

    python bench/size.py [--tree CHECKOUT] [--json] [--rounds 5] [--list]

With --tree another checkout is measured, so that two versions can be compared.
"""

from __future__ import annotations

import argparse
import ast
import json
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGE = "emg_recognition"
RUN = 6  # equal lines in a row that make a duplicate

_IMPORT = f"import time; start = time.perf_counter(); import {PACKAGE}; print(time.perf_counter() - start)"


def functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield the functions and methods of a file by name, without functions inside functions."""

    def walk(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield prefix + child.name, child
            elif isinstance(child, ast.ClassDef):
                yield from walk(child, f"{prefix}{child.name}.")

    yield from walk(ast.parse(path.read_text(encoding="utf-8")), "")


def normalised(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Return the lines of a function's body without comments, docstring and formatting."""
    body = function.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return [line.strip() for statement in body for line in ast.unparse(statement).splitlines()]


def duplicates(files: list[Path], tree: Path) -> list[dict[str, Any]]:
    """Find runs of at least `RUN` equal lines in two functions; each pair of places is reported once."""
    bodies = {
        f"{path.relative_to(tree)}:{function.lineno} {name}": normalised(function)
        for path in files
        for name, function in functions(path)
    }
    places: dict[tuple[str, ...], list[tuple[str, int]]] = defaultdict(list)
    for place, lines in bodies.items():
        for start in range(len(lines) - RUN + 1):
            places[tuple(lines[start : start + RUN])].append((place, start))
    longest: dict[tuple[str, str], int] = {}
    for starts in places.values():
        for number, (one, at) in enumerate(starts):
            for other, at_other in starts[:number]:
                if other != one:
                    length = _common(bodies[one][at:], bodies[other][at_other:])
                    longest[other, one] = max(longest.get((other, one), 0), length)
    found = [{"lines": length, "places": list(pair)} for pair, length in longest.items()]
    return sorted(found, key=lambda one: -one["lines"])


def _common(one: list[str], other: list[str]) -> int:
    """Return how many lines two lists have in common from their beginning."""
    return next(
        (number for number, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def import_times(tree: Path, rounds: int) -> list[float]:
    """Import the package in fresh processes; return seconds. The first, which fills caches, is left out."""
    times = []
    for _ in range(rounds + 1):
        done = subprocess.run(
            [sys.executable, "-c", _IMPORT], cwd=tree, check=True, capture_output=True, text=True
        )
        times.append(float(done.stdout))
    return times[1:]


def measure(tree: Path, rounds: int) -> dict[str, Any]:
    """Measure a checkout."""
    files = sorted((tree / PACKAGE).rglob("*.py"))
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    lengths = {
        f"{path.relative_to(tree)}:{function.lineno} {name}": function.end_lineno - function.lineno + 1
        for path in files
        for name, function in functions(path)
    }
    longest_function = max(lengths, key=lengths.__getitem__)
    longest_file = max(lines, key=lines.__getitem__)
    repeated = duplicates(files, tree)
    return {
        "files": len(files),
        "lines": sum(lines.values()),
        "files_up_to_60_lines": sum(count <= 60 for count in lines.values()),
        "files_above_350_lines": sum(count > 350 for count in lines.values()),
        "longest_file": {"name": str(longest_file.relative_to(tree)), "lines": lines[longest_file]},
        "functions": len(lengths),
        "longest_function": {"name": longest_function, "lines": lengths[longest_function]},
        "duplicated_rules": len(repeated),
        "duplicated_lines": sum(one["lines"] for one in repeated),
        "duplicates": repeated,
        "import_seconds": statistics.median(import_times(tree, rounds)),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tree", type=Path, default=Path(__file__).resolve().parents[1], help="a checkout")
    parser.add_argument("--rounds", type=int, default=5, help="imports to take the median of (default: 5)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--list", action="store_true", help="list every duplicate")
    args = parser.parse_args()
    start = time.perf_counter()
    found = measure(args.tree.resolve(), args.rounds)
    if args.json:
        print(json.dumps(found, indent=2))
        return
    print(f"package            {args.tree.resolve() / PACKAGE}")
    print(f"lines              {found['lines']:,} in {found['files']} files")
    print(f"short files        {found['files_up_to_60_lines']} of 60 lines or fewer")
    print(f"long files         {found['files_above_350_lines']} of more than 350 lines")
    print(f"longest file       {found['longest_file']['lines']} lines: {found['longest_file']['name']}")
    print(
        f"longest function   {found['longest_function']['lines']} lines: {found['longest_function']['name']}"
    )
    print(f"import {PACKAGE}  {found['import_seconds'] * 1000:.0f} ms (median of {args.rounds})")
    print(
        f"duplicated rules   {found['duplicated_rules']} runs of {RUN} equal lines or more, "
        f"{found['duplicated_lines']} lines"
    )
    for one in found["duplicates"] if args.list else found["duplicates"][:5]:
        print(f"  {one['lines']:3d} lines  {one['places'][0]}  =  {one['places'][1]}")
    print(f"measured in {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
