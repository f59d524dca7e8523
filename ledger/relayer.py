"""Who pays: the relayer's account, and its ether on the local chain."""

from pathlib import Path

from eth_account.signers.local import LocalAccount

from core.hashing import Address, address
from ledger import key_file
from ledger.rpc import Rpc

LOCAL_ETHER_WEI = 1_000 * 10**18


def relayer_account(path: Path) -> LocalAccount:
    """The relayer's account; its key is made on first use, in a file for its owner alone.

    Raises SetupError when the file is damaged or open to others.
    """
    return key_file.load_or_create(path)


def balance(rpc: Rpc, account: Address) -> int:
    """In wei."""
    return rpc.quantity("eth_getBalance", [account, "latest"])


def fund_locally(rpc: Rpc, relayer: LocalAccount) -> None:
    """Give the relayer ether on the local chain, where it is worth nothing.

    Raises NodeRefusedError on any chain that is not a local anvil.
    """
    account = address(relayer.address)
    if balance(rpc, account) < LOCAL_ETHER_WEI // 10:
        rpc.call("anvil_setBalance", [account, hex(LOCAL_ETHER_WEI)])
