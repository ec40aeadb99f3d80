"""Captions, tags, places and pictures: what else is easily forgotten."""

import time

import pytest
import pyvips

from schemas.ids import compose_id, shard_of
from streams.edge import Picture
from tests.behaviours import clause
from tests.integration.behaviours.exif import with_exif
from tests.integration.conftest import png

pytestmark = pytest.mark.stack

HOUR_MS = 3_600_000


@clause("16.1")
async def test_an_edited_caption_takes_back_the_old_tags_and_asserts_the_new(story):
    ann, bob = await story.people(2)
    old, kept, new = (f"{kind}{story.word}" for kind in ("old", "kept", "new"))
    photo = await ann.upload(f"#{old} and #{kept}", f"Here {story.word}")
    changed = await ann.patch(f"/v1/photos/{photo}", caption=f"#{kept} and #{new}", place=f"There {story.word}")
    assert (changed["tags"], changed["place"]) == ([kept, new], f"There {story.word}")
    for reader in (ann, bob):
        pages = [await reader.ids(f"/v1/tags/{tag}/photos") for tag in (old, kept, new)]
        assert pages == [[], [photo], [photo]]
        assert await reader.ids(f"/v1/places/Here {story.word}/photos") == []
        assert await reader.ids(f"/v1/places/There {story.word}/photos") == [photo]
        seen = await reader.photo(photo)
        assert (seen["tags"], seen["caption"]) == ([kept, new], f"#{kept} and #{new}")
    await ann.patch(f"/v1/photos/{photo}", caption=None)
    assert await bob.ids(f"/v1/tags/{new}/photos") == []
    assert ((await bob.photo(photo))["caption"], (await bob.photo(photo))["place"]) == (None, f"There {story.word}")


@clause("16.2")
async def test_tags_and_places_compare_without_case_width_and_accents_and_are_shown_as_typed(story):
    ann, bob, paul = await story.person(), await story.person(), await story.person(private=True)
    typed = f"Größe{story.word}É"
    photo = await ann.upload(f"#{typed} seen", f"Rue de l'Été / {story.word}")
    wide = await bob.upload(f"#ｇｒｏｓｓｅ{story.word}e")
    await paul.upload(f"#{typed}")
    for word in (typed, typed.upper(), f"grosse{story.word}e"):
        assert await story.anyone.ids(f"/v1/tags/{word}/photos") == [wide, photo]
    assert await bob.ids(f"/v1/places/rue%20de%20l'ete%20%2F%20{story.word}/photos") == [photo]
    assert (await bob.photo(photo))["tags"] == [typed]
    assert (await bob.photo(wide))["tags"] == [f"ｇｒｏｓｓｅ{story.word}e"]
    assert (await bob.photo(photo))["place"] == f"Rue de l'Été / {story.word}"


@clause("16.3")
async def test_a_photo_from_the_future_neither_pins_itself_nor_ranks(story):
    ann, bob = await story.people(2)
    await bob.follow(ann)
    tag = f"future{story.word}"
    ahead = compose_id(time.time_ns() // 1_000_000 + HOUR_MS, shard_of(int(ann.id)), 0)
    await story.write(lambda edge: edge.upload_photo(ahead, int(ann.id), Picture(png(), "image/png"), f"#{tag}", None))
    now = await ann.upload(f"#{tag}")
    assert await bob.feed() == [now]
    for path in (f"/v1/users/{ann.id}/photos", f"/v1/tags/{tag}/photos"):
        assert await bob.ids(path) == [now]
    assert (await ann.counts(ann))["photos"] == 1
    trends = (await bob.look("/v1/trends/hashtags", limit=100)).json()["items"]
    assert [item["photos"] for item in trends if item["tag"] == tag] in ([[now]], [])
    await story.anyone.missing(f"/v1/photos/{ahead}")


@clause("16.4")
async def test_served_files_carry_no_gps_and_are_upright(story):
    [ann] = await story.people(1)
    picture = with_exif(pyvips.Image.black(60, 30).copy(interpretation="b-w").write_to_buffer(".jpg"))
    assert b"GPS-SECRET" in picture
    photo = await ann.upload(picture=picture)
    seen = await ann.photo(photo)
    assert (seen["width"], seen["height"]) == (30, 60)
    for pixels in ("150", "1080"):
        served = await story.anyone.until(f"/photos/{photo}/{pixels}.jpg", lambda answer: answer.status_code == 200)
        shown = pyvips.Image.new_from_buffer(served.content, "")
        assert (shown.width, shown.height) == (30, 60)
        assert b"GPS-SECRET" not in served.content
        assert not [name for name in shown.get_fields() if name.startswith("exif-ifd3")]
        assert "orientation" not in shown.get_fields() or shown.get("orientation") == 1
    await story.anyone.ask("GET", f"/photos/{photo}/150.jpg", 200)


@clause("16.5")
async def test_a_photo_that_cannot_be_decoded_is_its_owners_alone_in_no_list_and_no_count(story):
    ann, bob = await story.people(2)
    await bob.follow(ann)
    whole = png(60, 60)
    at = whole.index(b"IDAT") + 8
    photo = await ann.send(f"#broken{story.word}", picture=whole[:at] + b"\xff" * 20 + whole[at + 20 :])
    await bob.missing(f"/v1/photos/{photo}")
    assert await ann.feed() == await bob.feed() == []
    rejected = await ann.until(f"/v1/photos/{photo}", lambda answer: answer.json()["state"] != "processing")
    story.happened(rejected.headers["Darkroom-Position"])
    seen = await ann.photo(photo)
    assert (seen["state"], bool(seen["reason"])) == ("rejected", True)
    for reader in (ann, bob):
        assert await reader.ids(f"/v1/users/{ann.id}/photos") == await reader.feed() == []
        assert await reader.ids(f"/v1/tags/broken{story.word}/photos") == []
        assert (await reader.counts(ann))["photos"] == 0
    await bob.missing(f"/v1/photos/{photo}", f"/photos/{photo}/150.jpg")
    await bob.like(photo, 404)
