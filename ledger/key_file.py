"""A private key in a file of its own: hexadecimal, readable by its owner alone."""

import os
import secrets
import stat
import tempfile
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from core.errors import SetupError


def load(path: Path) -> LocalAccount:
    """The account of the key in `path`.

    Raises SetupError when it is missing, damaged, or open to others.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(
            f"The key file {path} cannot be read.", remedy="Check the path."
        ) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SetupError(
            f"The key file {path} is open to other users.", remedy=f"Run `chmod 600 {path}`."
        )
    try:
        account: LocalAccount = Account.from_key(text)
    except Exception:  # noqa: BLE001  # of several packages; none may carry the text on
        raise SetupError(
            f"The key file {path} does not hold a private key.",
            remedy="It must hold 64 hexadecimal digits; restore it, or remove it for a new one.",
        ) from None
    return account


def load_or_create(path: Path) -> LocalAccount:
    """The account of the key in `path`, which is made on first use. Raises as `load` does."""
    if not path.exists():
        _create(path)
    return load(path)


def _create(path: Path) -> None:
    """Write a fresh key so that it appears whole, and never over another."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=path.parent)  # 0600 from the start
    try:
        with os.fdopen(handle, "w") as file:
            file.write("0x" + secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError:
        pass  # another process was first; its key counts
    except OSError as error:
        raise SetupError(f"The key file {path} cannot be written.") from error
    finally:
        Path(temporary).unlink(missing_ok=True)
