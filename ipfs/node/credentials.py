"""Name and password of the node's TCP endpoint, in a file that only its user can read.

They travel by HTTP basic authentication (RFC 7617), on loopback. Never in arguments or logs.
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import InputError

FILE_NAME = "rpc.credentials"
"""In the node's folder, one line: name:password."""

_USER = "anamnesis"
_PASSWORD_BYTES = 32
_MIN_PASSWORD_CHARACTERS = 16
_MAX_FILE_BYTES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a client of the TCP endpoint must show."""

    user: str
    password: str = field(repr=False)

    @classmethod
    def of_file(cls, path: Path) -> "Credentials":
        """Read them. Raises InputError when others may read them too, or they are too weak."""
        try:
            with path.open() as file:
                mode = os.fstat(file.fileno()).st_mode
                line = file.read(_MAX_FILE_BYTES).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"The credentials in {path} cannot be read.") from error
        if stat.S_IMODE(mode) & 0o077:
            raise InputError(
                f"Others may read the credentials in {path}.", remedy=f"Run: chmod 600 {path}"
            )
        user, colon, password = line.partition(":")
        if not (user and colon and len(password) >= _MIN_PASSWORD_CHARACTERS) or "\n" in line:
            raise InputError(
                f"{path} does not hold usable credentials.",
                remedy=f"Write one line, name:password, the password of at least "
                f"{_MIN_PASSWORD_CHARACTERS} characters; or delete it for a random one.",
            )
        return cls(user=user, password=password)

    @classmethod
    def of_file_or_new(cls, path: Path) -> "Credentials":
        """Those in `path`, made at random with mode 0600 when there is no such file."""
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            return cls.of_file(path)
        except OSError as error:
            raise InputError(f"The credentials in {path} cannot be made.") from error
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{_USER}:{secrets.token_urlsafe(_PASSWORD_BYTES)}\n")
        return cls.of_file(path)

    def pair(self) -> tuple[str, str]:
        """As `ipfs.client.StoreSettings` takes them."""
        return self.user, self.password

    def admits(self, authorization: str) -> bool:
        """Whether an Authorization header shows them. Takes as long for any wrong one."""
        scheme, _, encoded = authorization.partition(" ")
        try:
            shown = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            shown = b""
        # Hashed first, so that not even the length shows in the time that comparing takes.
        wanted = f"{self.user}:{self.password}".encode()
        same = hmac.compare_digest(hashlib.sha256(shown).digest(), hashlib.sha256(wanted).digest())
        return same and scheme.lower() == "basic"
