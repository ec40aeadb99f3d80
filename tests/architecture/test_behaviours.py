"""The table of the behaviours is what the tests' marks say, and no clause is left without a proof."""

import ast

import pytest

from tests.behaviours import BEHAVIOURS, CLAUSES, WITHOUT_HTTP
from tests.behaviours_table import DOCUMENT, HTTP, SPECS, document, marked, proofs


def test_the_committed_table_is_what_the_marks_say():
    assert DOCUMENT.read_text() == document(), "write it again: .venv/bin/python -m tests.behaviours_table"


def test_every_clause_belongs_to_a_behaviour_and_every_behaviour_has_clauses():
    assert {int(number.split(".")[0]) for number in CLAUSES} == set(BEHAVIOURS)


def test_every_clause_has_a_specification():
    assert not CLAUSES.keys() - proofs(SPECS).keys()


def test_every_clause_is_asked_through_http_but_for_those_that_say_why_not():
    assert CLAUSES.keys() - proofs(HTTP).keys() == WITHOUT_HTTP.keys()


def test_marks_of_a_test_and_of_a_whole_module_are_found():
    module = ast.parse('pytestmark = clause("1.1")\n@clause("1.2", "1.3")\ndef test_a():\n    pass\ndef helper():\n    pass\n')
    assert list(marked(module)) == [("1.1", "test_a"), ("1.2", "test_a"), ("1.3", "test_a")]


@pytest.mark.parametrize("text", ['@clause("1.1")\ndef helper():\n    pass', 'x = pytest.param(1, marks=clause("1.1"))'])
def test_a_mark_that_marks_no_test_is_told(text):
    with pytest.raises(ValueError, match="marked elsewhere"):
        list(marked(ast.parse(text)))
