"""Install what is missing: `/usr/bin/python3 -m infra.setup [--store minio|versitygw]` (what `make setup` runs)."""

from __future__ import annotations

import argparse
import os
import sys
import time

from infra.setup import kafka_jars, object_store, places, python_environment, system_packages
from infra.setup.steps import PrerequisiteMissing, SetupFailed, Step, only_one_at_a_time, run_steps, say


def steps_for(store: str) -> list[Step]:
    return [
        Step("system packages", system_packages.are_installed, system_packages.install),
        Step("uv", python_environment.uv_is_there, python_environment.install_uv),
        Step("Python environment", python_environment.is_synced, python_environment.sync),
        Step("Kafka", kafka_jars.jars_are_there, kafka_jars.fetch_jars),
        Step("Kafka's class archive", kafka_jars.archive_is_there, kafka_jars.archive_classes),
        Step(
            f"object store {store} (some minutes, once)",
            lambda: object_store.is_built(store),
            lambda: object_store.build(store),
        ),
    ]


def main() -> int:
    stores = sorted(places.OBJECT_STORES)
    parser = argparse.ArgumentParser(
        prog="python -m infra.setup",
        description="Install what is missing, step by step.",
        epilog="Example: /usr/bin/python3 -m infra.setup --store versitygw",
    )
    default = os.environ.get("DARKROOM_STORE") or "minio"
    parser.add_argument("--store", choices=stores, default=default, help="object store to build (default: %(default)s)")
    store = parser.parse_args().store
    if store not in stores:
        parser.error(f"DARKROOM_STORE={store}: wanted one of {', '.join(stores)}")
    started = time.monotonic()
    try:
        with only_one_at_a_time():
            run_steps(steps_for(store))
    except PrerequisiteMissing as missing:
        say(str(missing))
        return 3
    except SetupFailed as failure:
        say(str(failure))
        return 1
    say(f"Set up in {time.monotonic() - started:.1f} s; tools are in {places.cache_root()}. Next: make up")
    return 0


if __name__ == "__main__":
    sys.exit(main())
