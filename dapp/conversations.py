"""The conversations of patient and doctor: which steps the browser takes, and what follows each.

Each function makes a script; `dapp.tasks` runs it. The messages come from `core.flows`.
"""

from functools import partial

from core.eip712 import TypedStruct
from core.errors import AnamnesisError, ConsentRefusedError
from core.events import AccessRequested
from core.flows.open import hand_over, own_handover, prepare_receipt
from core.flows.publish import prepare_seal
from core.flows.reseal import (
    ResealPlan,
    commit_batch,
    plan_reseal,
    prepare_batch,
    retire_earlier,
)
from core.flows.share import (
    DAY_SECONDS,
    prepare_grant,
    prepare_reading_key,
    prepare_request,
    prepare_revoke,
    prepare_revoke_all,
    reader_key,
)
from core.hashing import Address, keccak256
from core.purposes import Purpose
from core.records import HISTORY_RECORD, SealContext, Sealing
from core.typed_data import Batch, Signed
from dapp.services import Services
from dapp.steps import (
    Done,
    Enrol,
    Open,
    Read,
    Reseal,
    Script,
    SealingAnswer,
    Sign,
    Unlocking,
    Wrap,
)
from dapp.words import count


def _sign(services: Services, message: TypedStruct) -> Script:
    answer = yield Sign(message=message, domain=services.ledger.domain, chain=services.chain)
    services.ledger.relay(Signed(message=message, signature=answer.signature_bytes))
    return Done("")


def _unlocking(services: Services, account: Address) -> Unlocking:
    key_hash = keccak256(reader_key(services.ledger, account))
    return Unlocking(key_hash=key_hash, wrapped_seed=services.seeds.find(account, key_hash))


def create_reading_key(services: Services, account: Address) -> Script:
    """Make the key in the browser, publish its public half.

    A wrapped seed is kept before the chain names its key, and not kept if it never does.
    """
    answer = yield Enrol()
    key, wrapped = answer.key_bytes, answer.wrapped_seed_bytes
    message = prepare_reading_key(services.ledger, account=account, key=key)
    signed = yield Sign(message=message, domain=services.ledger.domain, chain=services.chain)
    fresh = bool(wrapped) and services.seeds.keep(account, message.key_hash, wrapped)
    try:
        services.ledger.relay(
            Signed(message=message, signature=signed.signature_bytes, payload=key)
        )
    except ConsentRefusedError:
        if fresh:
            services.seeds.drop(account, message.key_hash)
        raise
    return Done("Your reading key is published. Records can be sealed to you now.")


def add_paper(services: Services, patient: Address) -> Script:
    """Read paper, seal the history, commit to it on the chain."""
    assert services.reader is not None
    answer = yield Read(
        url=services.reader.url,
        token=services.reader.token,
        present=services.ledger.commitment(patient, HISTORY_RECORD),
    )
    made = SealingAnswer.from_untrusted(answer)
    context = SealContext(
        domain=services.ledger.domain,
        patient=patient,
        record=made.raw(made.record),
        version=made.version,
    )
    sealing = Sealing(
        context=context,
        commitment=made.raw(made.commitment),
        previous=made.raw(made.previous),
        envelope_digest=made.raw(made.envelope),
    )
    message = prepare_seal(services.ledger, sealing)
    signature = yield Sign(message=message, domain=services.ledger.domain, chain=services.chain)
    services.publisher().commit(
        sealing, Signed(message=message, signature=signature.signature_bytes)
    )
    return Done(f"Sealed: version {made.version} of your history is on the chain.")


def request_access(
    services: Services, *, doctor: Address, patient: Address, purposes: int, days: int
) -> Script:
    """Ask a patient with one signature."""
    message = prepare_request(
        services.ledger, grantee=doctor, patient=patient, purposes=purposes, days=days
    )
    yield from _sign(services, message)
    return Done("Your request is on the chain. The patient sees it on their page.")


def grant(
    services: Services, request: AccessRequested, *, purposes: int, days: int | None
) -> Script:
    """Wrap the record's key for the doctor, then sign the grant that names the envelope.

    `days` from now end the access sooner than was asked; None keeps the end that was asked for.
    """
    ledger, vault = services.ledger, services.vault
    sooner = request.expiry if days is None else ledger.now() + days * DAY_SECONDS
    narrowed = partial(
        prepare_grant, ledger, request, purposes=purposes, expiry=min(sooner, request.expiry)
    )
    narrowed(bytes(32))  # refuse before the wallet is asked
    own = own_handover(ledger, vault, patient=request.patient)
    answer = yield Wrap(
        own=own,
        unlocking=_unlocking(services, request.patient),
        reader=request.grantee,
        reader_key=reader_key(ledger, request.grantee),
    )
    digest = vault.put_envelope(own.commitment, request.grantee, answer.envelope_bytes)
    yield from _sign(services, narrowed(digest))
    return Done(f"Access granted to {request.grantee}.")


def revoke(services: Services, *, patient: Address, grantee: Address, record: bytes) -> Script:
    """Take one reader's access back."""
    message = prepare_revoke(services.ledger, patient=patient, grantee=grantee, record=record)
    yield from _sign(services, message)
    return Done("Access taken back. What was read before can't be unread.")


def reseal(
    services: Services, *, patient: Address, leaving: Address | None, record: bytes
) -> Script:
    """Take a reader's access back, seal the record anew, grant again to who remains: one signature.

    With `leaving` None only the key is new. What the browser handed in goes again unless its
    message was sent.
    """
    ledger, vault = services.ledger, services.vault
    plan = plan_reseal(ledger, vault, patient=patient, leaving=leaving, record=record)
    unlocking = _unlocking(services, patient)
    size = len(vault.ciphertext(plan.own.commitment))
    with services.arrivals.expect(plan, present_bytes=size) as arrival:
        yield Reseal(own=plan.own, unlocking=unlocking, readers=plan.readers, ticket=arrival.ticket)
        received = arrival.require()
        message = prepare_batch(ledger, plan, received.sealing, received.envelopes)
        answer = yield Sign(
            message=message, domain=ledger.domain, chain=services.chain, told=_told(message)
        )
        signed = Signed(message=message, signature=answer.signature_bytes)
        arrival.kept = True
        try:
            commit_batch(services.publisher(), received.sealing, signed)
        except ConsentRefusedError:
            arrival.kept = False
            raise
    return Done(_resealed(services, plan, received.sealing))


def _told(batch: Batch) -> str:
    taken = [f"takes back the access of {each.grantee}" for each in batch.revocations[:1]]
    given = f"gives {count(len(batch.grants), 'reader')} the same access again"
    parts = ["puts your newly sealed history on the chain", *taken, *[given] * bool(batch.grants)]
    return f"One signature does all of it or nothing: it {', '.join(parts)}."


def _resealed(services: Services, plan: ResealPlan, sealing: Sealing) -> str:
    """What it came to, in sentences; the earlier versions go here."""
    said = [f"Your history is sealed anew: version {sealing.context.version}."]
    if plan.leaving is not None:
        said.insert(0, f"Access of {plan.leaving} taken back.")
    if plan.readers:
        said.append(f"{count(len(plan.readers), 'reader')} can open it as before.")
    said += [f"{who} has no reading key to seal it to." for who in plan.unreachable]
    try:
        retire_earlier(services.publisher(), services.reception, sealing)
        said.append("The earlier versions are deleted here.")
    except AnamnesisError as error:
        said.append(f"The earlier versions are still to be deleted: {error.user_message()}")
    return " ".join([*said, "What was read before can't be unread."])


def revoke_all(services: Services, *, patient: Address) -> Script:
    """Take everybody's access back."""
    yield from _sign(services, prepare_revoke_all(services.ledger, patient=patient))
    return Done("Nobody but you can open your history now. What was read before can't be unread.")


def open_own(services: Services, patient: Address) -> Script:
    """The patient opens the present version; no receipt, it is their own."""
    own = own_handover(services.ledger, services.vault, patient=patient)
    title = f"Your history, version {own.context.version}"
    yield Open(handover=own, unlocking=_unlocking(services, patient), title=title)
    return Done("", stay=True)


def open_granted(
    services: Services, *, reader: Address, patient: Address, purpose: Purpose
) -> Script:
    """A doctor signs for the reading, then the history opens in the browser."""
    ledger, unlocking = services.ledger, _unlocking(services, reader)
    receive = partial(
        hand_over, ledger, services.vault, reader=reader, patient=patient, purpose=purpose
    )
    receive()  # what cannot be handed over must not be receipted as read
    receipt = prepare_receipt(ledger, reader=reader, patient=patient, purpose=purpose)
    yield from _sign(services, receipt)
    handover = receive()
    yield Open(
        handover=handover,
        unlocking=unlocking,
        title=f"History of {patient}, version {handover.context.version}",
    )
    return Done("", stay=True)
