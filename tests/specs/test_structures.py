"""The catalogue of projections and their structures say the same, and structures cannot contradict themselves."""

import pytest

from projections.catalog import PROJECTIONS
from projections.commands import WORDS, add_commands
from projections.photo_cards import time_text
from projections.structure import Column, Fields, Members, Rings, Strings, Table
from projections.structures import all_structures, structure_of
from projections.tables import array_literal, canonical_text, create_texts, delete_text, statements, upsert_text

KINDS = {"postgres": Table, "redis": Strings | Members | Fields | Rings}
PAIRS = Table(
    "pairs",
    columns=(Column("near", "bigint"), Column("far", "bigint"), Column("words", "text[]")),
    key=("far", "near"),
    row=lambda *values: values,
    shard=lambda row, shards: row[0] % shards,
    gone=lambda row: row[2] is None,
)


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: projection.name)
def test_every_projection_has_a_module_of_its_name_and_a_structure_for_its_store(projection):
    structure = structure_of(projection.name)
    assert structure.name == projection.name
    assert isinstance(structure, KINDS[projection.store])


def test_no_two_projections_share_a_family_of_keys():
    families = [one.family for one in all_structures().values() if isinstance(one, Strings | Members | Rings)]
    assert len(families) == len(set(families))


def test_an_unknown_projection_is_named_with_those_there_are():
    with pytest.raises(KeyError, match="no projection 'posts'; there are: accounts, "):
        structure_of("posts")


def test_a_key_column_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match=r"key columns \['id'\] are not among its columns \['near'\]"):
        Table("wrong", (Column("near", "bigint"),), ("id",), row=tuple, shard=lambda _row, _shards: 0)


def test_a_column_name_that_needs_quoting_is_refused():
    with pytest.raises(ValueError, match="wanted a plain lower-case name"):
        Column('x"; DROP TABLE photos', "bigint")


def test_rows_become_one_array_a_column_and_a_removal_takes_the_keys():
    made = statements(PAIRS, [(2, 9, ("a", 'b"')), (4, 7, None), (2, 9, ("c\\",)), (3, 1, ())], 2)
    assert {place: [statement.text for statement in given] for place, given in made.items()} == {
        0: [delete_text(PAIRS), upsert_text(PAIRS)],
        1: [upsert_text(PAIRS)],
    }
    assert [statement.params for statement in made[0]] == [("{4}", "{7}"), ("{2}", "{9}", '{"{\\"c\\\\\\\\\\"}"}')]
    assert made[1][0].params == ("{3}", "{1}", '{"{}"}')


def test_a_removal_names_its_columns_in_the_order_of_its_arrays():
    assert "unnest(%s::bigint[], %s::bigint[]) AS r (near, far)" in delete_text(PAIRS)


def test_arrays_tell_nothing_from_the_word_null():
    assert array_literal("text", ["NULL", None, ""]) == '{"NULL",NULL,""}'
    assert array_literal("bigint", [1, None]) == "{1,NULL}"
    assert array_literal("boolean", [True, False, None]) == "{t,f,NULL}"


def test_statements_leave_the_table_to_be_filled_in():
    for text in (*create_texts(PAIRS), upsert_text(PAIRS), delete_text(PAIRS)):
        assert "{table}" in text
    assert "pairs" not in canonical_text(PAIRS)


def test_no_command_has_more_words_than_lua_can_pass():
    structure = Strings("x", "x", lambda _row, _shards: 1, suffix=str, value=lambda row: b"v" if row % 3 else None)
    made = {}
    add_commands(made, structure, 1, range(10_000), 8)
    assert list(made) == ["{s0001}"]
    assert max(len(command) for command in made["{s0001}"]) <= WORDS + 2
    words = [word for command in made["{s0001}"] for word in command]
    assert len({word for word in words if str(word).startswith("{s0001}x.1:")}) == 10_000


def test_times_are_said_to_the_millisecond():
    assert time_text(1_314_220_021_007) == "2011-08-24T21:07:01.007Z"
