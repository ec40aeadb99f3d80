"""What a manifest says, which snapshot may be used and what may be pruned, as plain values."""

import pytest

from schemas.object_keys import snapshots_prefix
from streams.snapshots import (
    FORMAT,
    KEPT,
    ORPHAN_MS,
    Manifest,
    SnapshotFile,
    There,
    Unusable,
    absent_files,
    behind,
    check_usable,
    decoded,
    encoded,
    first_due,
    manifests_newest_first,
    plan_pruning,
)

NOW_MS = 1_700_000_000_000


def manifest(number: int = 1, *contents: str, **changed) -> Manifest:
    files = tuple(SnapshotFile(f"{content}.sst", len(content), f"{content:0>64}") for content in contents)
    said = {"format": FORMAT, "cluster": "c", "agent": "likes", "partition": 3, "state_version": 1, "files": files}
    return Manifest(**said | {"taken_at_ms": NOW_MS + number, "positions": {"likes": 123_456}} | changed)


def stored(*manifests: Manifest) -> dict[str, Manifest]:
    return {encoded(one)[0]: one for one in manifests}


def pruned(manifests: dict, **files_ms: int):
    """Plan with files named by content, stored so many ms ago."""
    files = {f"{snapshots_prefix('c', 'likes', 3)}files/{content:0>64}": NOW_MS - ago for content, ago in files_ms.items()}
    plan = plan_pruning(There(files, manifests, NOW_MS))
    return plan.manifests, [key.rpartition("/")[2].lstrip("0") for key in plan.files]


def test_a_manifest_is_read_back_from_its_own_key():
    key, body = encoded(manifest(1, "a", "bb"))
    assert decoded(key, body) == manifest(1, "a", "bb")
    assert key.startswith("c/likes/3/manifests/001700000000001-")


def test_a_manifest_says_for_people_where_it_stands():
    one = manifest(0, "a", "bb", positions={"likes": 123_456, "comments": 7})
    assert (one.stands_at, one.size_bytes) == ("comments[3]@7, likes[3]@123,456", 3)
    assert one.taken_at == "2023-11-14 22:13:20Z"
    assert behind(one, {"likes": 123_460, "comments": 8}) == 5


def test_a_manifest_whose_bytes_are_not_those_of_its_key_is_refused():
    key, body = encoded(manifest(1, "a"))
    with pytest.raises(Unusable, match="the checksum of its manifest is wrong"):
        decoded(key, body.replace(b"123456", b"123457"))
    with pytest.raises(Unusable, match="checksum"):
        decoded(key, body[:-1])


def test_a_manifest_of_another_format_or_from_another_place_is_refused():
    with pytest.raises(Unusable, match="has format 2, wanted 1"):
        decoded(*encoded(manifest(format=2)))
    key, body = encoded(manifest())
    with pytest.raises(Unusable, match="speaks of c/likes/3/, and lies in c/likers/3/"):
        decoded(key.replace("likes", "likers"), body)
    with pytest.raises(Unusable, match="is not the key of a manifest"):
        decoded("c/likes/3/files/00", body)


@pytest.mark.parametrize("name", ["../../state", "/etc/passwd", "", ".hidden", "a/b"])
def test_a_manifest_cannot_name_a_file_outside_of_its_directory(name):
    with pytest.raises(Unusable, match="names the file"):
        decoded(*encoded(manifest(files=(SnapshotFile(name, 1, "0" * 64),))))


def test_the_newest_snapshot_is_tried_first():
    keys = [encoded(manifest(number))[0] for number in (5, 30, 4)]
    assert manifests_newest_first([*keys, "c/likes/3/files/00"]) == [keys[1], keys[0], keys[2]]


def test_a_state_of_another_version_or_beyond_the_end_of_the_log_is_not_used():
    check_usable(manifest(), 1, {"likes": 123_456})
    with pytest.raises(Unusable, match="its state has version 1, wanted 2"):
        check_usable(manifest(), 2, {"likes": 123_456})
    with pytest.raises(Unusable, match=r"likes\[3\]@123,456, beyond the end of the log at 123,455"):
        check_usable(manifest(), 1, {"likes": 123_455})
    with pytest.raises(Unusable, match="beyond the end of the log at 0"):
        check_usable(manifest(), 1, {})


def test_a_file_is_sent_unless_it_is_there_whole_and_the_same_content_once():
    one = manifest(1, "a", "bb", "ccc", "a")
    there = {one.file_key(one.files[0]): 1, one.file_key(one.files[1]): 1}
    assert [file.name for file in absent_files(one, there)] == ["bb.sst", "ccc.sst"]
    assert [file.name for file in absent_files(one, {})] == ["a.sst", "bb.sst", "ccc.sst"]


def test_the_newest_snapshots_stay_with_all_their_files():
    """Kills: the newest pruned for the oldest, a file pruned that a newer snapshot still names."""
    snapshots = stored(manifest(1, "a", "b"), manifest(2, "b", "c"), manifest(3, "c", "d"), manifest(4, "b", "e"))
    oldest = encoded(manifest(1, "a", "b"))[0]
    assert pruned(snapshots, a=9, b=9, c=9, d=9, e=9) == ([oldest], ["a"])


def test_as_long_as_there_are_few_nothing_goes():
    assert KEPT == 3
    assert pruned(stored(manifest(1, "a"), manifest(2, "b"), manifest(3, "c")), a=9, b=9, c=9) == ([], [])
    assert pruned({}, a=9) == ([], [])


def test_a_file_that_no_manifest_ever_named_goes_only_when_it_is_old():
    """Kills: pruning what another worker is sending at this moment."""
    snapshots = stored(*(manifest(number, "a") for number in range(5)))
    assert pruned(snapshots, a=2 * ORPHAN_MS, young=ORPHAN_MS - 1, dead=ORPHAN_MS + 1)[1] == ["dead"]


def test_a_manifest_that_cannot_be_read_is_not_counted_among_those_that_are_kept():
    """Kills: three damaged snapshots that push out the last good one."""
    good = stored(manifest(1, "a"), manifest(2, "b"))
    damaged = {encoded(manifest(number))[0]: None for number in (3, 4, 5)}
    assert pruned(good | damaged, a=9, b=9) == ([], [])
    more = good | damaged | stored(manifest(6, "c"), manifest(7, "d"))
    assert pruned(more, a=9, b=9, c=9, d=9) == ([encoded(manifest(1, "a"))[0]], ["a"])


def test_states_take_turns_over_the_interval_always_at_the_same_moment():
    dues = [first_due("likes", partition, 60.0) for partition in range(8)]
    assert dues == [first_due("likes", partition, 60.0) for partition in range(8)]
    assert all(0 <= due < 60 for due in dues)
    assert len({round(due) for due in dues}) > 4
