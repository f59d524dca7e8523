"""What the contract says when it refuses, in words for a person, and what to do about it.

The keys are exactly the strings in contracts/; a test holds both sets equal.
"""

from core.errors import ConsentRefusedError

REASONS: dict[str, tuple[str, str]] = {
    "Consent: wrong signature": (
        "The signature is not by the account that has to sign this.",
        "Sign again with the right account.",
    ),
    "Consent: message expired": (
        "The signed message was sent too late.",
        "Sign it again and send it within its deadline.",
    ),
    "Consent: not the controller": (
        "Only the patient can do this.",
        "Use the patient's own account.",
    ),
    "Consent: not an author": (
        "This account may not add to the patient's record.",
        "Ask the patient for access that includes adding to the record.",
    ),
    "Consent: wrong previous commitment": (
        "The record has another newest version than the one this would replace.",
        "Load the record again, then repeat the change.",
    ),
    "Consent: empty commitment": (
        "There is nothing to seal.",
        "Seal the history first, then commit to it.",
    ),
    "Consent: empty account": (
        "No account is named.",
        "Enter the account's address.",
    ),
    "Consent: self grant": (
        "Patients always have access to their own record; nobody needs to ask or allow that.",
        "Enter somebody else's address.",
    ),
    "Consent: no purpose": (
        "No purpose is named.",
        "Name at least one purpose, such as treatment.",
    ),
    "Consent: unknown purpose": (
        "A record is opened for exactly one purpose.",
        "Choose one of the purposes that the patient allowed.",
    ),
    "Consent: expiry in the past": (
        "The access would end before it begins.",
        "Choose a later end; if this answers a request, ask for a new one.",
    ),
    "Consent: expiry beyond ten years": (
        "Access cannot be given for longer than ten years.",
        "Choose an earlier end.",
    ),
    "Consent: no access": (
        "The patient has not given you access for this purpose, or it has ended.",
        "Ask the patient for access with a signed request.",
    ),
    "Consent: unknown record": (
        "Nothing is sealed under this record yet.",
        "The patient has to seal it first.",
    ),
    "Consent: malformed key": (
        "The reading key has a wrong length.",
        "Create it again in the vault.",
    ),
}

WRONG_SIGNATURE = "Consent: wrong signature"

_STALE = (
    "What was signed no longer fits the chain: it was sent before, or something changed since.",
    "Look at the present state, then sign again if it is still wanted.",
)
_UNKNOWN = (
    "The contract refused without saying why.",
    "Check that the contract address belongs to this version of the software.",
)


def refusal(reason: str) -> ConsentRefusedError:
    """The error for the contract's own string; an unknown one is named as such."""
    what, remedy = REASONS.get(reason, _UNKNOWN)
    return ConsentRefusedError(what, reason=reason, remedy=remedy)


def stale() -> ConsentRefusedError:
    """A genuine signature that the contract refuses: it covers a state that has passed."""
    what, remedy = _STALE
    return ConsentRefusedError(what, reason=WRONG_SIGNATURE, remedy=remedy)
