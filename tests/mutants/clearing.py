"""Bugs in what Darkroom itself deletes, in what a repeat is answered, and in what image links still serve."""

from tests.mutants.mutant import Mutant

SPEC = "tests/specs/test_clearing.py"
COMMUTE = "tests/properties/test_clearing_commutes.py"
PHOTOS = "tests/specs/test_photos.py"
REPEATS = "tests/specs/test_api_repeats.py"
IMAGES = "tests/specs/test_api_images.py"
LIMITS = "tests/contracts/test_limits.py"

MUTANTS = (
    Mutant(
        "an upload that comes after its owner's deletion stays",
        "agents/clearing.py",
        "    if gone or is_second(upload.photo_id, first):\n",
        "    if is_second(upload.photo_id, first):\n",
        (f"{SPEC}::test_a_photo_whose_upload_is_read_after_its_owners_deletion_is_deleted_too", COMMUTE),
    ),
    Mutant(
        "the second photo of a submission stays",
        "agents/clearing.py",
        "    if gone or is_second(upload.photo_id, first):\n",
        "    if gone:\n",
        (SPEC, f"{REPEATS}::test_an_upload_that_reached_the_log_under_two_ids_is_one_photo"),
    ),
    Mutant(
        "of one submission the last one counts",
        "agents/submissions.py",
        "            return first\n",
        "            pass\n",
        (SPEC,),
    ),
    Mutant(
        "a submission counts for ever",
        "agents/submissions.py",
        "        if time_of(target_id) < time_of(first) + KEPT_MS:\n            return first\n",
        "        return first\n",
        (f"{SPEC}::test_after_a_day_a_key_stands_for_something_new",),
    ),
    Mutant(
        "an upload of long ago that is said again is the second of today's",
        "agents/submissions.py",
        " and time_of(first_id) < time_of(target_id) + KEPT_MS\n",
        "\n",
        (f"{SPEC}::test_an_upload_of_another_day_that_is_said_again_is_no_second_one",),
    ),
    Mutant(
        "submissions of who is gone are printed",
        "agents/submissions.py",
        "if not is_gone(row.person_id))",
        "if is_gone)",
        (SPEC,),
    ),
    Mutant(
        "submissions of a deleted person stay in the store",
        "agents/clearing.py",
        "SubmissionRow(upload.owner_id, upload.submission, first, not gone)",
        "SubmissionRow(upload.owner_id, upload.submission, first, True)",
        (f"{SPEC}::test_nothing_stays_of_what_a_deleted_person_submitted_whichever_is_read_first", COMMUTE),
    ),
    Mutant(
        "a photo that its owner deleted keeps its tombstone when the owner goes",
        "agents/clearing.py",
        "            case PhotoDeleted():\n                fold_deleted(turn, record)\n",
        "            case PhotoDeleted(owner_id=owner_id, photo_id=photo_id):\n"
        "                state.delete(key_of(PHOTO, owner_id, photo_id))\n",
        (f"{SPEC}::test_the_tombstone_of_a_photo_that_its_owner_deleted_goes_with_the_owner",),
    ),
    Mutant(
        "what Darkroom itself deleted leaves a row",
        "agents/photos.py",
        "state=PhotoState.DELETED if event.actor_id else PhotoState.CLEARED",
        "state=PhotoState.DELETED",
        (PHOTOS,),
    ),
    Mutant(
        "a cleared photo gets its tombstone back",
        "agents/photos.py",
        "    if before.state is PhotoState.CLEARED or not isinstance(event, e.PhotoDeleted):\n        return None\n",
        "    if not isinstance(event, e.PhotoDeleted):\n        return None\n"
        "    if event.actor_id:\n        return deleted(event)\n",
        (f"{PHOTOS}::test_what_darkroom_itself_deleted_stays_away_whatever_comes_later",),
    ),
    Mutant(
        "uploads carry no submission",
        "api/routes_photos.py",
        "edge.upload_photo(photo_id, call.me, picture, *words, call.submission)",
        "edge.upload_photo(photo_id, call.me, picture, *words)",
        (f"{REPEATS}::test_an_upload_whose_key_redis_lost_is_answered_with_the_photo_that_it_made",),
    ),
    Mutant(
        "a repeat takes from what somebody may do",
        "api/answering.py",
        "                answer = await _answer_again(call) or await _answer_limited(call, asker)\n",
        "                if call.route.limited:\n"
        "                    await call.context.limits.take(call.route.limited, asker)\n"
        "                answer = await _answer_again(call) or await _answer_limited(call, asker)\n",
        (REPEATS,),
    ),
    Mutant(
        "a key that Redis lost may be used for other words",
        "api/routes_comments.py",
        "    if (row.photo_id, row.text) != (photo_id, body.text):\n",
        "    if row.photo_id != photo_id:\n",
        (f"{REPEATS}::test_the_same_key_with_other_content_is_refused_also_when_redis_lost_it",),
    ),
    Mutant(
        "a key that Redis lost may be used for another picture",
        "api/images.py",
        "        return kept.digest() == hashlib.sha256(content).digest()\n",
        "        return True\n",
        (f"{REPEATS}::test_the_same_key_with_other_content_is_refused_also_when_redis_lost_it",),
    ),
    Mutant(
        "a key is looked for before what a lost Redis knew is folded",
        "api/repeats.py",
        "    await _let_pass_what_redis_may_have_lost(call, _partition(call, shard))\n",
        "",
        (f"{REPEATS}::test_a_repeat_waits_until_what_was_said_before_redis_was_lost_is_folded",),
    ),
    Mutant(
        "the position of a repeat covers nothing",
        "api/repeats.py",
        "    if seen is not None:\n",
        "    if seen is None:\n",
        (f"{REPEATS}::test_the_position_of_a_repeat_covers_what_was_made",),
    ),
    Mutant(
        "an old link is answered with: it has not changed",
        "api/images.py",
        "    photo = await known_photo(call, photo_id)\n",
        '    if call.header(b"if-none-match"):\n'
        '        return Answer(304, b"", JPEG)\n'
        "    photo = await known_photo(call, photo_id)\n",
        (f"{IMAGES}::test_an_old_link_is_not_there_however_it_is_asked_for",),
    ),
    Mutant(
        "who hid the account still serves images",
        "api/images.py",
        "    if owner is None or owner.gone or owner.deactivated:\n",
        "    if owner is None or owner.gone:\n",
        (f"{IMAGES}::test_an_old_link_is_not_there_however_it_is_asked_for",),
    ),
    Mutant(
        "a browser keeps a private image for ten minutes whatever is left of its link",
        "api/images.py",
        "PRIVATE.format(signer.seconds_left(signature, now_ms))",
        "PRIVATE.format(600)",
        (f"{IMAGES}::test_a_browser_may_keep_a_private_image_as_long_as_its_signature_lives",),
    ),
    Mutant(
        "of two rates only the first one holds",
        "api/limits.py",
        'await self._execute("EVAL", _TAKE, len(keys), *keys, *words)',
        'await self._execute("EVAL", _TAKE, 1, *keys[:1], *words[:2])',
        (LIMITS,),
    ),
    Mutant(
        "a refusal by one rate takes from the others",
        "api/limits.py",
        "if wait > 0 then return wait end\n",
        "",
        (LIMITS,),
    ),
    Mutant(
        "production has no limits unless it is told",
        "infra/rates.py",
        'return {"rate_limits": "on"} | given if given.get("env") == "production" else given',
        "return given",
        ("tests/specs/test_rates.py",),
    ),
)
