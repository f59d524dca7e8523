"""The auditor's whole round: every log, the replay, and the contract's own heads at one block."""

from core.audit import compare, replay
from core.errors import ChainUnavailableError
from core.events import Event, ReadingKeyPublished, RecordOpened, RecordSealed
from core.findings import Audit, ChainState
from core.hashing import Address
from ledger.client import EvmLedger

_ATTEMPTS = 3


def audit(ledger: EvmLedger) -> Audit:
    """Replay every event and hold the result against the state at the same block.

    A log that is missing, altered, invented or moved ends up as a finding. Raises
    VerificationError for a log that the contract cannot have written, ChainUnavailableError.
    """
    for _ in range(_ATTEMPTS):
        block, block_hash = ledger.latest()
        events = ledger.read_events(block)
        replayed = replay(events)
        state = chain_state(ledger, block, replayed, accounts(events))
        if ledger.block_hash(block) == block_hash:
            return compare(replayed, state)
    raise ChainUnavailableError("The chain was reorganised during the audit, time and again.")


def chain_state(
    ledger: EvmLedger, block: int, replayed: Audit, readers: frozenset[Address]
) -> ChainState:
    """What the contract says at `block` about every account that the events name."""
    at = hex(block)
    patients = frozenset(replayed.timelines) | frozenset(replayed.heads)
    everybody = sorted(patients | readers)
    read = ledger.consent.read
    return ChainState(
        block=block,
        roster_head=read("roster_head", block=at),
        heads={each: read("heads", each, block=at) for each in everybody},
        reading_keys={each: read("reading_keys", each, block=at) for each in everybody},
    )


def accounts(events: tuple[Event, ...]) -> frozenset[Address]:
    """Everybody named beside the patients: authors, grantees, readers."""
    found: set[Address] = set()
    for event in events:
        match event:
            case RecordSealed():
                found.add(event.author)
            case RecordOpened():
                found.add(event.reader)
            case ReadingKeyPublished():
                found.add(event.account)
            case _:
                found.add(getattr(event, "grantee", event.patient))
    return frozenset(found)
