"""One error tree. Every error knows its exit code, what happened and the way out.

Messages name the file, page, address or field concerned. They never hold record text, keys,
signatures or CIDs, because they end up in terminals and logs.
"""

from typing import ClassVar


class AnamnesisError(Exception):
    """Base of everything this project raises on purpose.

    `exit_code` is what a command returns; `remedy` says what the person can do about it.
    """

    exit_code: ClassVar[int] = 1
    remedy: str = ""

    def __init__(self, what: str, *, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy or type(self).remedy

    def user_message(self) -> str:
        """One or two sentences for a person: what happened, then what to do."""
        return f"{self.what} {self.remedy}".strip()


class InputError(AnamnesisError):
    """Something the caller gave is missing or malformed."""

    exit_code = 2


class PaperError(AnamnesisError):
    """A file or page could not be read."""

    exit_code = 3


class UnreadablePaperError(PaperError):
    """The file is damaged or not what its name says."""

    remedy = "Open it in a viewer; if it shows nothing there, scan the paper again."


class EncryptedPaperError(PaperError):
    """The file asks for a password."""

    remedy = "Save a copy without a password and give that instead."


class PaperLimitError(PaperError):
    """The file is larger or slower to decode than the limits allow."""

    remedy = "Split it or save it with fewer or smaller pages."


class NoPaperError(PaperError):
    """Nothing readable was found in the places given."""

    remedy = "Give PNG, JPEG, WebP, HEIC, TIFF, DICOM or PDF files, or a folder that holds some."


class MixedPatientsError(PaperError):
    """The paper names more than one patient."""

    exit_code = 9
    remedy = "Sort the paper by patient and read each patient's paper on its own."


class SetupError(AnamnesisError):
    """A tool, port or package of the installation is missing."""

    exit_code = 4
    remedy = "Run `anamnesis doctor` to see what is missing and how to get it."


class PortInUseError(SetupError):
    """Another program listens on the port that a server of ours needs."""

    remedy = "Stop that program, or choose another port."


class AlreadyRunningError(SetupError):
    """Another process serves the same data folder; two would overwrite each other."""

    remedy = "Use the one that runs, or stop it first."


class ClusterUnavailableError(SetupError):
    """The scheduler of a reading cluster does not answer, or has no workers."""

    remedy = "Start scheduler and workers, then repeat the command."


class ClusterMismatchError(SetupError):
    """A worker of a reading cluster would read differently, or cannot see the pages."""

    remedy = "Install the same Anamnesis and engines on every worker, then start it again."


class ChainError(AnamnesisError):
    """The chain could not be reached, or answered something unexpected."""

    exit_code = 5


class ChainUnavailableError(ChainError):
    """No answer from the chain's node."""

    remedy = "Start it with `anamnesis up`, then repeat the command: it resumes where it stopped."


class WrongChainError(ChainError):
    """The node serves another chain than the one that was configured."""

    remedy = "Check the RPC address and the chain id in the settings."


class WrongContractError(ChainError):
    """There is no Consent contract, or another one, at the configured address."""

    remedy = "Run `anamnesis deploy`, or correct the contract address in the settings."


class ConsentRefusedError(ChainError):
    """The contract refused a message; `reason` is the contract's own string."""

    def __init__(self, what: str, *, reason: str = "", remedy: str = "") -> None:
        super().__init__(what, remedy=remedy)
        self.reason = reason


class PublicationError(ChainError):
    """A publication ended without being acknowledged; `stage` names how (`core.outbox.Stage`)."""

    def __init__(self, what: str, *, stage: str, remedy: str = "") -> None:
        super().__init__(what, remedy=remedy)
        self.stage = stage


class StoreError(AnamnesisError):
    """The IPFS node or the local index failed."""

    exit_code = 6


class OutboxDamagedError(StoreError):
    """The file of publications on their way does not say what was written into it."""

    remedy = (
        "Move it away: what was acknowledged is on the chain and in the store, and needs it no "
        "longer. Publish again what was still on its way."
    )


class StoreUnavailableError(StoreError):
    """No answer from the IPFS node."""

    remedy = "Start it with `anamnesis up`, then repeat the command: it resumes where it stopped."


class StoreBusyError(StoreError):
    """Another process holds the vault and did not let go in time."""

    remedy = "Wait until it is done, or end it; then repeat the command."


class VerificationError(AnamnesisError):
    """A check of a CID, commitment, key, signature or proof failed; `check` names which."""

    exit_code = 7

    def __init__(self, what: str, *, check: str = "", remedy: str = "") -> None:
        super().__init__(what, remedy=remedy)
        self.check = check


class AccessDeniedError(AnamnesisError):
    """The chain does not show a live grant for this reader and record."""

    exit_code = 8
    remedy = "Ask the patient for access with a signed request."
