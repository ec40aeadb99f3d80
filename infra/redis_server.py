"""Redis as a component: an append-only file flushed every second, and nothing ever evicted."""

from __future__ import annotations

import shutil

from infra import ready
from infra.components import PrerequisiteMissing, Process
from infra.settings import Settings

CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{directory}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
daemonize no
set-proc-title no
logfile ""
loglevel notice
"""


def redis_process(settings: Settings) -> Process:
    port, password = settings.redis_port, settings.redis_password.get_secret_value()
    return Process(
        name="redis",
        command=(shutil.which("redis-server") or "redis-server", str(settings.data / "redis" / "redis.conf")),
        ports=(port,),
        ready=lambda: ready.redis_pings(port, password),
        url=f"127.0.0.1:{port}",
    )


def prepare_redis(settings: Settings) -> None:
    if not shutil.which("redis-server"):
        raise PrerequisiteMissing("Redis is not installed. Run: make setup")
    directory = settings.data / "redis"
    directory.mkdir(parents=True, exist_ok=True)
    configuration = directory / "redis.conf"
    configuration.touch(mode=0o600)
    password = settings.redis_password.get_secret_value()
    configuration.write_text(CONFIGURATION.format(port=settings.redis_port, password=password, directory=directory))
