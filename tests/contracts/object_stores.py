"""The object stores that keep the same contract: memory, and the one of the test stack."""

import os
import socket
from collections.abc import Callable
from unittest import mock

import pytest

from infra.settings import SettingsError, environment_for_tests, load_settings
from streams.memory_objects import MemoryObjects
from streams.objects import Objects, open_objects
from tests.absent import absent

STORES = ("memory", pytest.param("s3", marks=pytest.mark.stack))


def opener(kind: str) -> Callable[[], Objects]:
    """Return what opens a store of a kind; skips when the test stack is not up."""
    if kind == "memory":
        return MemoryObjects
    with mock.patch.dict(os.environ, environment_for_tests()):
        try:
            settings = load_settings()
            host, port = settings.object_endpoint.split(":")
            socket.create_connection((host, int(port)), timeout=1).close()
        except (SettingsError, OSError) as missing:
            absent(f"the object store of the test stack is not up: {str(missing).splitlines()[0]}")
    access, secret = settings.object_access_key.get_secret_value(), settings.object_secret_key.get_secret_value()
    return lambda: open_objects(settings.object_endpoint, access, secret)
