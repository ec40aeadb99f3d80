"""The documents stay true: the tests and planted bugs that they name exist, and their links lead somewhere."""

import ast
import re
from pathlib import Path

import pytest

from tests.mutants.catalog import MUTANTS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
# Names of planted bugs stand in quotation marks, after this word, to the end of the paragraph.
MUTANTS_OF = re.compile(r"^- Mutants:(.+?)(?=^\S|\Z)", re.DOTALL | re.MULTILINE)
NAMED_MUTANT = re.compile(r'"([^"]+)"')
INVARIANTS = range(1, 11)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


def named_tests():
    return [(d, path, name) for d in DOCUMENTS for path, name in NAMED_TEST.findall(d.read_text())]


def told_of(number: int) -> str:
    """Return what docs/invariants.md says of one invariant."""
    return (ROOT / "docs" / "invariants.md").read_text().split(f"**I{number} ")[1].split("\n**I")[0]


def named_mutants(number: int) -> list[str]:
    return [" ".join(name.split()) for part in MUTANTS_OF.findall(told_of(number)) for name in NAMED_MUTANT.findall(part)]


@pytest.mark.parametrize("number", INVARIANTS)
def test_every_invariant_names_a_test_and_a_mutant(number):
    assert NAMED_TEST.search(told_of(number)), f"I{number} names no test"
    assert named_mutants(number), f"I{number} names no planted bug of tests/mutants"


@pytest.mark.parametrize("number", INVARIANTS)
def test_a_mutant_that_an_invariant_names_exists(number):
    gone = set(named_mutants(number)) - {mutant.name for mutant in MUTANTS}
    assert not gone, f"I{number} names what is not in tests/mutants: {sorted(gone)}"


@pytest.mark.parametrize(("document", "path", "name"), named_tests())
def test_a_test_that_a_document_names_exists(document, path, name):
    assert (ROOT / path).is_file(), f"{document.name} names {path}"
    functions = {
        node.name
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert not name or name in functions, f"{document.name} names {path}::{name}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    for target in LINK.findall(document.read_text()):
        assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_decisions_are_numbered_without_repeats():
    numbers = [path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md")]
    assert len(numbers) == len(set(numbers)), sorted(numbers)
