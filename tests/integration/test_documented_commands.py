"""Every command in the documents runs: `make` targets exist, and everything else is run for real on the test stack.

A command is a line of a block of shell, or a line that is indented as one. What cannot run here is named, with the reason, in
`ELSEWHERE`; of such a command its options are compared with its own help.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.codec import open_codec
from streams.dead_letters import Place
from streams.dead_reading import DeadReader
from streams.kafka import build_consumer
from streams.placement import Placement
from streams.producer import SyncProducer
from tests.integration.conftest import eventually

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
# A block that is indented only, and not one that is fenced, must not hide from these tests.
INDENTED = re.compile(r"^ {4}((?:\S*python|make|psql|redis-cli|docker|curl) .*)$", re.MULTILINE)
PYTHON = ".venv/bin/python"
# How a command begins that is not run here, and why.
ELSEWHERE = {
    f"{PYTHON} -m tests.chaos": "kills a stack of its own for minutes; tests/specs/test_chaos_checks.py has its parts",
    f"{PYTHON} -m tests.bench.rebalance": "measures for minutes, on a stack of its own",
    f"{PYTHON} -m infra.demo.erasure": "needs a demo that was played; tests/specs/test_demo_erasure.py has its parts",
    f"{PYTHON} -m projections scan": "wants somebody's id; tests/integration/test_account_deletion.py scans for a person",
    f"{PYTHON} -m projections reprint": "tests/integration/test_reprints.py runs it, for projections and for a lost shard",
}
PROMOTED = re.compile(r"^(\w+): .* build (\d+)\), equal: promoted$", re.MULTILINE)


def documented():
    """Each command line of each shell block, with the document it stands in."""
    for document in DOCUMENTS:
        for block in BLOCK.findall(document.read_text()):
            for line in block.splitlines():
                command = line.split("  #")[0].strip()
                if command and not command.startswith("#"):
                    yield str(document.relative_to(ROOT)), command
        for line in INDENTED.findall(BLOCK.sub("", document.read_text())):
            yield str(document.relative_to(ROOT)), line.split("  #")[0].strip()


def is_elsewhere(command: str) -> bool:
    return any(command == start or command.startswith(f"{start} ") for start in ELSEWHERE)


COMMANDS = list(documented())
# Each once, whatever number of documents it stands in.
PYTHONS = [(document, command) for command, document in {c: d for d, c in COMMANDS}.items() if command.startswith(PYTHON)]


def test_the_documents_hold_commands():
    assert len([command for _, command in PYTHONS if not is_elsewhere(command)]) >= 8


def test_what_is_run_elsewhere_stands_in_a_document():
    for start in ELSEWHERE:
        assert any(command.startswith(start) for _, command in PYTHONS), f"nothing begins with {start} any more"


@pytest.mark.parametrize(("document", "command"), [pair for pair in COMMANDS if pair[1].startswith("make ")])
def test_a_documented_target_exists(document, command):
    ran = subprocess.run(["make", "-n", *shlex.split(command)[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{document}: {command}\n{ran.stderr}"


def test_documents_show_nothing_that_no_test_runs():
    other = [pair for pair in COMMANDS if not pair[1].startswith(("make ", PYTHON))]
    assert not other, "write it so that a test can run it, or run it here"


@pytest.mark.parametrize(("document", "command"), [pair for pair in PYTHONS if is_elsewhere(pair[1])])
def test_a_command_that_is_run_elsewhere_has_the_options_that_are_documented(document, command):
    words = shlex.split(command)[1:]
    ran = subprocess.run([sys.executable, *words, "--help"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, f"{document}: {command}\n{ran.stderr}"
    for option in (word.partition("=")[0] for word in words if word.startswith("--")):
        assert option in ran.stdout, f"{document}: {command} has no {option}"


@pytest.mark.stack
@pytest.mark.parametrize(("document", "command"), [pair for pair in PYTHONS if not is_elsewhere(pair[1])])
def test_a_documented_command_runs(document, command, http, settings, liked_photo, tmp_path):
    letter = dead_letter(settings) if "LETTER" in command else ""
    words = [word.replace("PHOTO", liked_photo).replace("LETTER", letter) for word in shlex.split(command)[1:]]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DARKROOM_DATA": str(settings.data)}
    ran = subprocess.run(
        [sys.executable, *words], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 0, f"{document}: {command}\n{ran.stdout}\n{ran.stderr}"
    promoted = dict(PROMOTED.findall(ran.stdout))
    eventually(lambda: http.get("/v1/status").json()["projections"], lambda seen: at_work(seen, promoted), seconds=60)


def at_work(projections, promoted):
    """A rebuild restarts the workers of what it promoted; the next test finds them at work again, in the new builds."""
    current = {one["name"]: str(one["version"]) for one in projections}
    live = all(one["state"] == "live" and not one["lag_events"] for one in projections)
    return live and all(current[name] == build for name, build in promoted.items())


@pytest.fixture
def liked_photo(person):
    """The id of a photo with one like in the log."""
    somebody = person()
    photo_id = somebody.upload("Documented")
    somebody.ask("PUT", f"/v1/photos/{photo_id}/like", 204)
    return photo_id


def dead_letter(settings):
    """The id of an open dead letter, of a record that was made for it."""
    with SyncProducer(settings.kafka_bootstrap, settings.shards, settings.partitions) as producer:
        place = producer.append_raw(Placement("likes", 0, b"documented"), b"documented garbage")
    consumer = build_consumer(settings.kafka_bootstrap)
    try:
        reader = DeadReader(consumer, open_codec().decoder)
        record = Place("likes", 0, place.offset)
        letters = eventually(lambda: reader.letters().about(record), bool, seconds=60)
        return letters[0].id
    finally:
        consumer.close()
