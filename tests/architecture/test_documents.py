"""The documents stay true: the tests that they name exist, their links lead somewhere, and they use the glossary's words."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


def named_tests():
    return [(d, path, name) for d in DOCUMENTS for path, name in NAMED_TEST.findall(d.read_text())]


def test_every_invariant_names_a_test():
    text = (ROOT / "docs" / "invariants.md").read_text()
    for number in range(1, 11):
        part = text.split(f"**I{number} ")[1].split("\n**I")[0]
        assert NAMED_TEST.search(part), f"I{number} names no test"


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
