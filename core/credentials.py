"""What the Credentials contract does, said a second time, in Python: see `core.consent`."""

from core.consent_state import Refused, require
from core.hashing import ZERO_ADDRESS, ZERO_HASH, Address, abi_word, keccak256
from core.limits import LONGEST_GRANT_SECONDS

Log = tuple[str, tuple[Address, ...], int | None]
"""Signature, indexed accounts, and the number in the data, if there is one."""


class CredentialsModel:
    """One Credentials contract. A call that is refused raises Refused and changes nothing."""

    def __init__(self, regulator: Address) -> None:
        self.now = 0
        self.sender: Address = ZERO_ADDRESS
        self.logged: list[Log] = []
        self.head = ZERO_HASH
        self.regulator = regulator
        self.proposed: Address = ZERO_ADDRESS
        self.issuers: set[Address] = set()
        self.licenses: dict[Address, tuple[Address, int]] = {}
        self._log("RegulatorChanged(address)", regulator)

    def call(self, name: str, sender: Address, **arguments: Address | int) -> tuple[Log, ...]:
        """Make a call; its logs."""
        self.sender, self.logged = sender, []
        getattr(self, f"_{name}")(**arguments)
        return tuple(self.logged)

    def is_licensed(self, clinician: Address) -> bool:
        """Whether `clinician` may practise now."""
        issuer, until = self.licenses.get(clinician, (ZERO_ADDRESS, 0))
        return self.now < until and issuer in self.issuers

    def _propose_regulator(self, regulator: Address) -> None:
        require(self.sender == self.regulator, "not the regulator")
        self.proposed = regulator
        self._log("RegulatorProposed(address)", regulator)

    def _accept_regulator(self) -> None:
        require(self.sender == self.proposed, "not the proposed regulator")
        self.proposed, self.regulator = ZERO_ADDRESS, self.sender
        self._log("RegulatorChanged(address)", self.sender)

    def _add_issuer(self, issuer: Address) -> None:
        require(self.sender == self.regulator, "not the regulator")
        require(issuer != ZERO_ADDRESS, "empty account")
        require(issuer not in self.issuers, "already an issuer")
        self.issuers.add(issuer)
        self._log("IssuerAdded(address)", issuer)

    def _remove_issuer(self, issuer: Address) -> None:
        require(self.sender == self.regulator, "not the regulator")
        require(issuer in self.issuers, "not an issuer")
        self.issuers.remove(issuer)
        self._log("IssuerRemoved(address)", issuer)

    def _license(self, clinician: Address, until: int) -> None:
        require(self.sender in self.issuers, "not an issuer")
        require(clinician != ZERO_ADDRESS, "empty account")
        require(until > self.now, "date in the past")
        require(until <= self.now + LONGEST_GRANT_SECONDS, "date beyond ten years")
        issuer, _ = self.licenses.get(clinician, (ZERO_ADDRESS, 0))
        free = issuer == self.sender or not self.is_licensed(clinician)
        require(free, "licensed by another issuer")
        self.licenses[clinician] = self.sender, until
        self._log("ClinicianLicensed(address,address,uint256)", clinician, self.sender, until=until)

    def _revoke_license(self, clinician: Address) -> None:
        require(clinician in self.licenses, "not licensed")
        issuer, _ = self.licenses[clinician]
        if self.sender != self.regulator:
            require(self.sender in self.issuers, "not an issuer")
            require(self.sender == issuer, "licensed by another issuer")
        del self.licenses[clinician]
        self._log("LicenseRevoked(address,address)", clinician, self.sender)

    def _log(self, signature: str, *accounts: Address, until: int | None = None) -> None:
        self.logged.append((signature, accounts, until))
        words = [abi_word("address", each) for each in accounts]
        if until is not None:
            words.append(abi_word("uint256", until))
        leaf = keccak256(keccak256(signature.encode()) + b"".join(words))
        self.head = keccak256(self.head + leaf)


__all__ = ["CredentialsModel", "Log", "Refused"]
