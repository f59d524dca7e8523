"""What the dapp needs to know, read once from a JSON file that `anamnesis up` writes."""

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import InputError, SetupError
from core.hashing import Address, address


@dataclass(frozen=True, slots=True, kw_only=True)
class DappSettings:
    """One page at one origin, over one contract and one store."""

    origin: str
    """Where people open the page, such as http://127.0.0.1:8501. Reading keys are bound to it, so
    it must stay the same for as long as people keep theirs."""
    bind: str
    port: int
    rpc_url: str
    """How this server reaches the chain's node."""
    wallet_rpc_url: str
    """How a wallet reaches it, told when a wallet does not know the chain."""
    chain_id: int
    chain_name: str
    consent: Address
    deployed_block: int
    project: Path
    """The source tree: contracts, node_modules, the built bundle."""
    artifacts: Path
    """Where the compiled contract is kept."""
    relayer_key: Path | None
    snapshots: Path | None
    ipfs: str
    """Multiaddr of the IPFS node's RPC."""
    ipfs_credentials: Path | None
    """File with name:password for it; None: it asks for none."""
    vault: Path
    """The index of sealed records and envelopes."""
    reading_url: str | None
    reading_token: str | None

    @classmethod
    def load(cls, path: Path) -> "DappSettings":
        """Raises SetupError when there is no file, InputError when a field of it is wrong."""
        try:
            raw = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise SetupError(
                f"The settings file {path} cannot be read.", remedy="Start with `anamnesis up`."
            ) from error
        try:
            return _File.model_validate(raw).settings()
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"])
            raise InputError(f"In {path} the field {field} is wrong: {first['msg']}.") from error

    @property
    def host(self) -> str:
        """Host and port of the origin, as a browser sends them."""
        return urlsplit(self.origin).netloc


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    origin: str = Field(pattern=r"^https?://[^/\s]+$")
    bind: str = "127.0.0.1"
    port: int = Field(ge=1, le=65535)
    rpc_url: str = Field(pattern=r"^https?://")
    wallet_rpc_url: str | None = Field(default=None, pattern=r"^https?://")
    chain_id: int = Field(ge=1)
    chain_name: str = "Anamnesis local"
    consent: str
    deployed_block: int = Field(default=0, ge=0)
    project: Path
    artifacts: Path
    relayer_key: Path | None = None
    snapshots: Path | None = None
    ipfs: str
    ipfs_credentials: Path | None = None
    vault: Path
    reading_url: str | None = Field(default=None, pattern=r"^https?://[^/\s]+$")
    reading_token: str | None = None

    def settings(self) -> DappSettings:
        values = self.model_dump()
        values["consent"] = address(self.consent)
        values["wallet_rpc_url"] = self.wallet_rpc_url or self.rpc_url
        return DappSettings(**values)
