"""Settings, read once at the entry point: flags, then ANAMNESIS_* variables, then config.toml."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import InputError

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: contracts, node_modules and the built browser bundle live here."""


class Settings(BaseModel):
    """Everything a command may need to know of its surroundings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path
    rpc_url: str | None = Field(default=None, pattern=r"^https?://")
    """None: the local chain that `anamnesis up` supervises."""
    chain_id: int = Field(default=31337, ge=1)
    consent: str | None = None
    """Address of the Consent contract; None: the deployment recorded under home."""
    ipfs: str | None = Field(default=None, pattern=r"^/")
    """Multiaddr of the RPC of a Kubo or an IPFS Cluster proxy; None: our own node."""
    ipfs_credentials: Path | None = None
    """File (0600) with name:password for that RPC; None: it asks for none."""
    dapp_port: int = Field(default=8501, ge=0, le=65535)
    """0: any free port."""
    workers: int | None = Field(default=None, ge=1)
    """Reading processes; None: one per core."""
    scheduler: str | None = None
    """Address of a dask.distributed scheduler that reading goes to; None: this machine reads."""

    @property
    def cache(self) -> Path:
        return self.home / "cache"

    @property
    def deployments(self) -> Path:
        return self.home / "deployments"

    @classmethod
    def load(
        cls, home: Path | None = None, environ: Mapping[str, str] | None = None, **flags: Any
    ) -> Self:
        """Read the settings and make sure of the home folder. Raises InputError as `read` does."""
        settings = cls.read(home, environ, **flags)
        private_folder(settings.home)
        return settings

    @classmethod
    def read(
        cls, home: Path | None = None, environ: Mapping[str, str] | None = None, **flags: Any
    ) -> Self:
        """Touch nothing. Raises InputError naming the field when a value is wrong."""
        environ = os.environ if environ is None else environ
        chosen = home or Path(
            environ.get("ANAMNESIS_HOME") or platformdirs.user_data_path("anamnesis")
        )
        values = _merged(
            _file(chosen / "config.toml"),
            _environment(environ, set(cls.model_fields)),
            {name: value for name, value in flags.items() if value is not None},
        )
        try:
            return cls.model_validate(values | {"home": chosen.absolute()})
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"])
            raise InputError(
                f"The setting {field} is wrong: {first['msg']}.",
                remedy=f"Correct the flag, ANAMNESIS_{field.upper()} or {chosen / 'config.toml'}.",
            ) from error


def private_folder(path: Path) -> Path:
    """Make `path` with mode 0700, or close it to others when it exists."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def _merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Later layers win; credentials for one IPFS node are not carried to another."""
    values: dict[str, Any] = {}
    for layer in layers:
        if layer.get("ipfs", values.get("ipfs")) != values.get("ipfs") and "ipfs" in values:
            values.pop("ipfs_credentials", None)
        values |= layer
    return values


def _file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"The settings file {path} is not valid TOML: {error}.", remedy="Correct it."
        ) from error


def _environment(environ: Mapping[str, str], names: set[str]) -> dict[str, Any]:
    found = {name: environ.get(f"ANAMNESIS_{name.upper()}") for name in names - {"home"}}
    return {name: value for name, value in found.items() if value}
