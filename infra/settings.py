"""Every setting of Darkroom in one frozen object: the environment, then `.env`, then the default.

Read once, in `__main__` files, by `load_settings()`; everything inward receives values. Secrets are generated per data
directory (`<data>/secrets.env`, mode 0600) by `make up`; in production they come from the environment.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from infra.rates import RateSettings
from infra.setup.places import CHECKOUT

PREFIX = "DARKROOM_"
SECRETS = ("jwt_secret", "postgres_password", "redis_password", "object_access_key", "object_secret_key")
TEST_PORT_OFFSET = 500


class SettingsError(ValueError):
    """One or more settings are wrong; the message names each with its value and what is wanted."""


class Settings(RateSettings):
    """Where everything is and how large it is. Frozen; cannot be built wrong."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    env: Literal["development", "production", "test"] = Field(
        "development", description="Profile: production switches off tokens for the asking, test uses its own stack."
    )
    port_base: int = Field(
        28000, ge=1024, le=64000, description="First port of the block that this checkout uses; the API answers there."
    )
    data: Path = Field(Path(".darkroom"), description="Directory for everything that runs and lasts; relative to the checkout.")
    workers: int = Field(1, ge=1, le=64, description="Worker processes for each role.")
    brokers: Literal[1, 3] = Field(
        1, description="Kafka nodes: 3 lose nothing when one dies; set when a data directory is first used."
    )
    store: Literal["minio", "versitygw"] = Field("minio", description="Object store that the local stack runs.")
    shards: int = Field(64, ge=1, le=8192, description="Logical shards in use: a power of two, set when a cluster is created.")
    servers: int = Field(2, ge=1, le=5, description="PostgreSQL servers that the shards are spread over.")
    partitions: int = Field(8, ge=1, le=1024, description="Partitions of every topic; divides the number of shards.")
    celebrity_up: int = Field(10_000, ge=1, description="From so many followers on, an author is pulled, not pushed.")
    celebrity_down: int = Field(
        9_000, ge=0, description="Below so many followers an author is pushed again; unless set, 9/10 of celebrity_up."
    )
    feed_depth: int = Field(500, ge=1, le=10_000, description="Photo ids kept in a person's precomputed feed.")
    flush_seconds: float = Field(10, gt=0, le=30, description="How late counts may be in PostgreSQL.")
    snapshot_seconds: float = Field(
        60, ge=1, description="How often the state of an agent that folds is copied to the object store."
    )
    dead_letters_in_a_row: int = Field(
        1_000, ge=1, description="A worker stops rather than dead-letter more of one partition in a row."
    )
    trend_window_seconds: int = Field(300, ge=1, description="Length of a trend window, in event time.")
    api_requests: int = Field(1_000, ge=1, le=100_000, description="Requests under way in one API process; more: 503.")
    api_upload_mib: int = Field(128, ge=16, le=65_536, description="Uploads in memory of one API process, in MiB; more: 503.")

    jwt_secret: SecretStr = Field(min_length=16, description="Key that signs and checks access tokens (HS256).")
    postgres_password: SecretStr = Field(min_length=8, description="Password of the PostgreSQL user `darkroom`.")
    redis_password: SecretStr = Field(min_length=8, description="Password of Redis.")
    object_access_key: SecretStr = Field(min_length=3, description="Access key of the object store.")
    object_secret_key: SecretStr = Field(min_length=8, description="Secret key of the object store.")

    kafka_bootstrap_override: str | None = Field(
        None, alias=f"{PREFIX}KAFKA_BOOTSTRAP", description="Brokers elsewhere, `host:port,...`, not the local ones."
    )
    redis_url_override: SecretStr | None = Field(
        None, alias=f"{PREFIX}REDIS_URL", description="Redis elsewhere, `redis://:password@host:port/0`."
    )
    postgres_dsns_override: SecretStr | None = Field(
        None, alias=f"{PREFIX}POSTGRES_DSNS", description="PostgreSQL servers elsewhere: DSNs separated by `;`."
    )
    object_endpoint_override: str | None = Field(
        None, alias=f"{PREFIX}OBJECT_ENDPOINT", description="Object store elsewhere, `host:port`."
    )
    registry_url_override: str | None = Field(
        None, alias=f"{PREFIX}REGISTRY_URL", description="Schema registry elsewhere, `http://host:port`."
    )

    @model_validator(mode="before")
    @classmethod
    def _tests_have_their_own_place(cls, given: dict[str, Any]) -> dict[str, Any]:
        if given.get("env") == "test":
            # Six followers make a celebrity: tests make every one of them through HTTP.
            threshold = {} if "celebrity_up" in given else {"celebrity_up": 6, "celebrity_down": 5}
            own = {"port_base": 28000 + TEST_PORT_OFFSET, "data": ".darkroom-test", "snapshot_seconds": 10, "feed_depth": 20}
            return own | threshold | given
        return given

    @model_validator(mode="before")
    @classmethod
    def _down_follows_up(cls, given: dict[str, Any]) -> dict[str, Any]:
        up = str(given.get("celebrity_up", ""))
        return {"celebrity_down": int(up) * 9 // 10} | given if up.isdigit() else given

    @field_validator("data")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return Path(os.path.abspath(CHECKOUT / path.expanduser()))  # noqa: PTH100  # a symbolic link stays one

    @field_validator("brokers", mode="before")
    @classmethod
    def _number(cls, brokers: Any) -> Any:
        return int(brokers) if str(brokers).isdigit() else brokers

    @field_validator("shards")
    @classmethod
    def _power_of_two(cls, shards: int) -> int:
        if shards & (shards - 1):
            raise ValueError("wanted a power of two from 1 to 8192")
        return shards

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.shards % self.partitions:
            raise ValueError(f"DARKROOM_PARTITIONS={self.partitions}: wanted a divisor of {self.shards} shards")
        if self.celebrity_down >= self.celebrity_up:
            raise ValueError(
                f"DARKROOM_CELEBRITY_DOWN={self.celebrity_down}: wanted less than celebrity_up, {self.celebrity_up}"
            )
        return self

    @property
    def api_port(self) -> int:
        return self.port_base

    @property
    def registry_port(self) -> int:
        return self.port_base + 1

    @property
    def redis_port(self) -> int:
        return self.port_base + 2

    @property
    def object_port(self) -> int:
        return self.port_base + 3

    @property
    def postgres_ports(self) -> list[int]:
        return [self.port_base + 4 + number for number in range(self.servers)]

    @property
    def kafka_ports(self) -> list[tuple[int, int]]:
        """For each node its broker port and its controller port."""
        return [(self.port_base + 10 + 10 * n, self.port_base + 11 + 10 * n) for n in range(self.brokers)]

    @property
    def replicas(self) -> int:
        """How many brokers keep each record."""
        return min(3, self.brokers)

    def worker_port(self, index: int) -> int:
        """Where worker number `index` of all workers serves `/metrics` and `/ready`."""
        return self.port_base + 50 + index

    @property
    def kafka_bootstrap(self) -> str:
        return self.kafka_bootstrap_override or ",".join(f"127.0.0.1:{port}" for port, _ in self.kafka_ports)

    @property
    def redis_url(self) -> str:
        if self.redis_url_override:
            return self.redis_url_override.get_secret_value()
        return f"redis://:{self.redis_password.get_secret_value()}@127.0.0.1:{self.redis_port}/0"

    @property
    def postgres_dsns(self) -> list[str]:
        if self.postgres_dsns_override:
            return [dsn.strip() for dsn in self.postgres_dsns_override.get_secret_value().split(";") if dsn.strip()]
        password = self.postgres_password.get_secret_value()
        return [f"host=127.0.0.1 port={port} dbname=darkroom user=darkroom password={password}" for port in self.postgres_ports]

    @property
    def object_endpoint(self) -> str:
        return self.object_endpoint_override or f"127.0.0.1:{self.object_port}"

    @property
    def registry_url(self) -> str:
        return self.registry_url_override or f"http://127.0.0.1:{self.registry_port}"

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def state_dir(self) -> Path:
        return self.data / "state"

    @property
    def log_dir(self) -> Path:
        return self.data / "logs"

    def as_environment(self) -> dict[str, str]:
        """The `DARKROOM_*` variables that give another process exactly these settings, secrets included."""
        variables = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value is not None:
                plain = value.get_secret_value() if isinstance(value, SecretStr) else value
                variables[variable_name(name, field.alias)] = str(plain)
        return variables


def variable_name(field: str, alias: str | None = None) -> str:
    return alias or PREFIX + field.upper()


def load_settings() -> Settings:
    """Read the settings once; secrets that are not in the environment come from the data directory."""
    secrets_file = data_directory() / "secrets.env"
    files = (cluster_file(secrets_file.parent), secrets_file, dotenv())
    try:
        return Settings(_env_file=tuple(path for path in files if path))  # type: ignore[call-arg]
    except ValidationError as error:
        raise SettingsError(explain(error, secrets_file)) from None


def dotenv() -> Path | None:
    """The checkout's `.env`; tests do not read it, so that they act the same for everybody."""
    return None if os.environ.get("DARKROOM_ENV") == "test" else CHECKOUT / ".env"


def data_directory() -> Path:
    """The data directory alone, which must be known before the secrets in it can be read."""
    stand_ins = {name: SecretStr("x" * 16) for name in SECRETS}
    try:
        return Settings(_env_file=dotenv(), **stand_ins).data  # type: ignore[call-arg]
    except ValidationError as error:
        raise SettingsError(explain(error, None)) from None


def explain(error: ValidationError, secrets_file: Path | None) -> str:
    """One line for each wrong setting: its variable, its value unless it is a secret, what is wanted, what to do."""
    lines = []
    for problem in error.errors():
        field = str(problem["loc"][0]) if problem["loc"] else ""
        variable = variable_name(field.removeprefix(PREFIX).lower())
        if not field:
            lines.append(problem["msg"].removeprefix("Value error, "))
        elif problem["type"] == "missing":
            lines.append(f"{variable} is not set: `make up` writes a random one to {secrets_file}, or set it yourself.")
        else:
            is_secret = field in SECRETS or field.endswith(("REDIS_URL", "POSTGRES_DSNS"))
            value = "(hidden)" if is_secret else problem.get("input", os.environ.get(variable))
            lines.append(f"{variable}={value}: {problem['msg'].removeprefix('Value error, ')}.")
    return "\n".join(lines) + "\nValues come from the environment, then .env; see infra/settings.py for every field."


def cluster_file(data: Path) -> Path:
    """Where `make up` notes what a data directory was begun with, so that every later command finds all brokers."""
    return data / "cluster.env"


def generate_secrets(data: Path) -> Path:
    """Write random secrets for a data directory once; a second call changes nothing."""
    path = data / "secrets.env"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        lines = [f"{variable_name(name)}={secrets.token_hex(24)}\n" for name in SECRETS]
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text("".join(lines))
        draft.rename(path)
    return path


def load_or_create_settings() -> Settings:
    """The settings for `make up`: what is missing of the secrets is generated first."""
    generate_secrets(data_directory())
    return load_settings()


def environment_for_tests() -> dict[str, str]:
    """Variables that turn the surroundings of a process into those of the test stack; none if they already are."""
    if os.environ.get("DARKROOM_ENV") == "test":
        return {}
    usual = data_directory()
    port_base = int(os.environ.get("DARKROOM_PORT_BASE") or 28000) + TEST_PORT_OFFSET
    return {
        "DARKROOM_ENV": "test",
        "DARKROOM_PORT_BASE": str(port_base),
        "DARKROOM_DATA": str(usual.with_name(usual.name + "-test")),
    }
