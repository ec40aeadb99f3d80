"""The object store as a component: MinIO, or versitygw as the quick one; each has a directory of its own."""

from __future__ import annotations

from infra import ready
from infra.components import PrerequisiteMissing, Process
from infra.settings import Settings
from infra.setup import places


def object_process(settings: Settings) -> Process:
    command, environment, health = minio(settings) if settings.store == "minio" else versitygw(settings)
    url = f"http://127.0.0.1:{settings.object_port}{health}"
    return Process(
        name="objects",
        command=command,
        ports=(settings.object_port,),
        ready=lambda: ready.http_ok(url),
        environment=environment,
        health_url=url,
        url=f"127.0.0.1:{settings.object_port}",
    )


def minio(settings: Settings) -> tuple[tuple[str, ...], dict[str, str], str]:
    environment = {
        "MINIO_ROOT_USER": settings.object_access_key.get_secret_value(),
        "MINIO_ROOT_PASSWORD": settings.object_secret_key.get_secret_value(),
        "MINIO_BROWSER": "off",
        "MINIO_UPDATE": "off",
        "MINIO_CALLHOME_ENABLE": "off",
        "MINIO_SCANNER_SPEED": "fastest",
        "MINIO_SCANNER_CYCLE": "5s",
    }
    address = f"127.0.0.1:{settings.object_port}"
    server = ("server", "--quiet", "--address", address, str(settings.data / "objects" / "minio"))
    return (str(places.object_store_binary("minio")), *server), environment, "/minio/health/ready"


def versitygw(settings: Settings) -> tuple[tuple[str, ...], dict[str, str], str]:
    environment = {
        "ROOT_ACCESS_KEY": settings.object_access_key.get_secret_value(),
        "ROOT_SECRET_KEY": settings.object_secret_key.get_secret_value(),
    }
    directory = settings.data / "objects" / "versitygw"
    front = ("--port", f"127.0.0.1:{settings.object_port}", "--health", "/health", "--quiet", "--keep-alive")
    back = ("posix", "--versioning-dir", str(directory / "versions"), str(directory / "files"))
    return (str(places.object_store_binary("versitygw")), *front, *back), environment, "/health"


def prepare_objects(settings: Settings) -> None:
    binary = places.object_store_binary(settings.store)
    if not binary.exists():
        raise PrerequisiteMissing(f"{settings.store} is not built: no {binary}. Run: make setup STORE={settings.store}")
    for name in ("minio",) if settings.store == "minio" else ("versitygw/versions", "versitygw/files"):
        (settings.data / "objects" / name).mkdir(parents=True, exist_ok=True)
