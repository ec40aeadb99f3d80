"""Write `docs/behaviours.md`: each clause of the behaviours, with the tests that prove it, found in the sources by their marks.

A mark is `@clause("6.3")` on a test, or `pytestmark = clause("6.3")` for all tests of a module.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.behaviours import BEHAVIOURS, CLAUSES, WITHOUT_HTTP

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "behaviours.md"
# What is proven against folds, and what through HTTP on the stack.
SPECS = ("tests/specs", "tests/properties", "tests/simulation", "tests/contracts")
HTTP = ("tests/integration",)
FIRST = """# The fifteen behaviours

What people take for granted of a social network, clause by clause. Each clause names the specifications that prove it (given
events, when one more arrives, then what a reader sees) and the tests that ask the same through HTTP, on a stack. 16 and 17
hold what else is easily forgotten. This page is written from the tests' marks; after a change of those, write it again:

```sh
.venv/bin/python -m tests.behaviours_table
```
"""


class Proof(NamedTuple):
    """A test that proves a clause: its file, relative to the repository, and its name."""

    path: str
    name: str

    @property
    def link(self) -> str:
        return f"[{self.name.removeprefix('test_').replace('_', ' ')}](../{self.path})"


def main() -> None:
    """Write the document, unless it says the same already: others may be reading it."""
    said = document()
    if not DOCUMENT.exists() or DOCUMENT.read_text() != said:
        DOCUMENT.write_text(said)
    sys.stdout.write(f"{DOCUMENT.relative_to(ROOT)}: {len(CLAUSES)} clauses\n")


def document() -> str:
    """Return the document as the marks in the sources want it."""
    specs, http = proofs(SPECS), proofs(HTTP)
    parts = [FIRST]
    for number, title in BEHAVIOURS.items():
        parts.append(f"\n## {number}. {title}\n\n| clause | says | specifications | through HTTP |\n|---|---|---|---|\n")
        for one, says in CLAUSES.items():
            if one.split(".")[0] == str(number):
                asked = cell(http.get(one)) or WITHOUT_HTTP.get(one, "")
                parts.append(f"| {one} | {says} | {cell(specs.get(one))} | {asked} |\n")
    return "".join(parts)


def cell(found: list[Proof] | None) -> str:
    return "<br>".join(proof.link for proof in found or ())


def proofs(folders: tuple[str, ...]) -> dict[str, list[Proof]]:
    """Return the tests in some folders that prove something, by clause, in the order of files and names' places."""
    found: dict[str, list[Proof]] = {}
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("test_*.py")):
            for number, name in marked(ast.parse(path.read_text())):
                found.setdefault(number, []).append(Proof(path.relative_to(ROOT).as_posix(), name))
    return found


def marked(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield (clause, test) for each mark of a module; ValueError for one that stands where it marks no test."""
    for_all = [mark for node in module.body if is_pytestmark(node) for mark in marks(node.value)]
    read = len(for_all)
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            own = [mark for decorator in node.decorator_list for mark in marks(decorator)]
            read += len(own)
            yield from ((number, node.name) for mark in [*for_all, *own] for number in numbers(mark))
    if read != len(marks(module)):
        raise ValueError("a clause is marked elsewhere than on a test function or as `pytestmark`")


def is_pytestmark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == "pytestmark" for to in node.targets)


def marks(tree: ast.AST) -> list[ast.Call]:
    """Return the calls of `clause` in a piece of source."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "clause"]


def numbers(mark: ast.Call) -> list[str]:
    return [ast.literal_eval(argument) for argument in mark.args]


if __name__ == "__main__":
    main()
