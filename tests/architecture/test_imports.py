"""Imports follow the arrows of docs/architecture.md; each driver is imported in one place."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("schemas", "streams", "projections", "agents", "api", "infra")

# Who may import a driver. One place each: what must be swapped, upgraded or mocked is then one module.
DRIVERS = {
    "faust": {"streams/transport.py", "streams/worker.py"},
    "mode": {"streams/worker.py", "streams/transport.py"},
    "aiokafka": {"streams/transport.py", "streams/assignor.py"},
    "confluent_kafka": {"streams/kafka.py"},
    "psycopg": {
        "projections/postgres.py",
        "projections/postgres_many.py",
        "projections/postgres_preparation.py",
        "projections/postgres_opening.py",
    },
    "psycopg_pool": {"projections/postgres.py", "projections/postgres_opening.py"},
    "redis": {"projections/redis_store.py"},
    "hiredis": {"projections/pipelined.py"},
    "minio": {"streams/objects.py"},
    "rocksdict": {"streams/state.py"},
    # The demo draws its own pictures; everything else that decodes pictures is agents/pictures.py.
    "pyvips": {"agents/pictures.py", "infra/demo/pictures.py"},
}

# Modules of `streams` that the API may import: the writer's side of the log.
API_MAY_IMPORT_FROM_STREAMS = {"streams.producer"}


def modules() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def imported_by(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_imports_follow_the_arrows():
    lint = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert lint.returncode == 0, lint.stdout + lint.stderr


@pytest.mark.parametrize("driver", sorted(DRIVERS))
def test_a_driver_is_imported_in_one_place(driver):
    found = {
        str(path.relative_to(ROOT)) for path in modules() if any(name.split(".")[0] == driver for name in imported_by(path))
    }
    assert found <= DRIVERS[driver], f"{driver} may be imported in {sorted(DRIVERS[driver])} only"


def test_the_api_imports_only_the_producer_of_streams():
    for path in (ROOT / "api").rglob("*.py"):
        foreign = {
            name
            for name in imported_by(path)
            if name.split(".")[0] == "streams" and not any(name.startswith(ok) for ok in API_MAY_IMPORT_FROM_STREAMS)
        } - {"streams"}
        assert not foreign, f"{path.relative_to(ROOT)} imports {sorted(foreign)}"


def test_settings_are_read_in_main_files_only():
    for path in modules():
        inside = path.relative_to(ROOT).parts[0]
        if inside == "infra" or path.name == "__main__.py":
            continue
        assert not any(name.split(".")[0] == "infra" for name in imported_by(path)), path.relative_to(ROOT)


def test_folds_read_no_clock_no_chance_and_no_socket():
    """A fold is deterministic (I2): its module imports nothing that could differ the second time."""
    from agents.catalog import FOLD_MODULES

    forbidden = {"time", "datetime", "random", "secrets", "uuid", "os", "socket", "asyncio", "threading", "infra"}
    for name in FOLD_MODULES:
        path = ROOT / "agents" / f"{name}.py"
        assert not {module.split(".")[0] for module in imported_by(path)} & forbidden, name


def test_one_agent_never_imports_another():
    from agents.catalog import FOLD_MODULES

    for name in FOLD_MODULES:
        others = {f"agents.{other}" for other in FOLD_MODULES if other != name}
        assert not imported_by(ROOT / "agents" / f"{name}.py") & others, name
