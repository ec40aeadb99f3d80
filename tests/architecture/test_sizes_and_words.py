"""Small is a feature, and one word is used for one thing."""

import ast
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("schemas", "streams", "projections", "agents", "api", "infra")
LONGEST_MODULE = 300
LONGEST_FUNCTION = 60
# Words that say nothing about what a thing is; design, section 9.
EMPTY_WORDS = ("manager", "handler", "processor", "service", "utils", "common", "base", "data")
# A path of one machine; what lands must work on any other.
MACHINE_PATH = re.compile(r"(?<![\w.~])/(?:root|home|work)/")
LOCKS = ("requirements.lock", "package-lock.json", "uv-requirements.lock", "go-requirements.lock")


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / line for line in listed.splitlines() if (ROOT / line).is_file()]


def source() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PACKAGES]


def test_no_module_is_longer_than_three_hundred_lines():
    long = {str(p.relative_to(ROOT)): n for p in source() if (n := len(p.read_text().splitlines())) > LONGEST_MODULE}
    assert not long


def test_no_function_is_longer_than_a_screen():
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in source()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno > LONGEST_FUNCTION
    ]
    assert not long, long


def test_names_of_modules_say_what_they_hold():
    empty = [
        str(p.relative_to(ROOT)) for p in source() if any(word == part for part in p.stem.split("_") for word in EMPTY_WORDS)
    ]
    assert not empty, empty


def test_every_module_opens_with_one_sentence():
    for path in source():
        text = path.read_text()
        if not text.strip():
            continue
        said = ast.get_docstring(ast.parse(text))
        assert said, f"{path.relative_to(ROOT)} has no docstring"
        assert not said.startswith("This module"), path.relative_to(ROOT)


def test_no_committed_file_names_a_path_of_one_machine():
    found = []
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match.group()}" for match in MACHINE_PATH.finditer(text)]
    assert not [line for line in found if not line.startswith("tests/architecture/test_sizes_and_words.py")], found[:10]


def test_no_lock_file_names_where_packages_come_from():
    for path in tracked():
        if path.name in LOCKS:
            assert "://" not in path.read_text(), f"{path.name} names a host; make it without index lines"
