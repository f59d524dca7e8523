"""What the contract says when it refuses, in words for a person, and what to do about it.

The keys are exactly the strings in contracts/; a test holds both sets equal.
"""

from core.errors import ConsentRefusedError

REASONS: dict[str, tuple[str, str]] = {
    "Consent: wrong signature": (
        "The signature is not by the account that has to sign this.",
        "Sign again with the right account.",
    ),
    "Consent: wrong sender": (
        "Somebody else sent this than whom it concerns.",
        "Send it from that account, or have it signed there.",
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
    "Consent: unknown purpose": (
        "This names no purpose that the contract knows, or more than the one it asks for.",
        "Choose from the purposes that are offered; a reading has exactly one.",
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
    "Consent: recovery pending": (
        "Guardians asked to move control of this record; until that is decided, nothing is given.",
        "Refuse the recovery, or wait until it is completed.",
    ),
    "Consent: no recovery pending": (
        "No recovery is under way for this patient.",
        "Look at the present state; it may have been refused or completed.",
    ),
    "Consent: recovery not due": (
        "The week in which the patient can refuse the recovery is not over.",
        "Complete it when it is due.",
    ),
    "Consent: same controller": (
        "This account controls the record already.",
        "Name the patient's new account.",
    ),
    "Consent: not a guardian": (
        "This account is not one of the patient's guardians.",
        "Use a guardian's account.",
    ),
    "Consent: not a custodian": (
        "This account keeps no share for this patient.",
        "Use a custodian's account.",
    ),
    "Consent: duplicate account": (
        "An account is named twice, or has done this before.",
        "Name each account once.",
    ),
    "Consent: own circle": (
        "Patients cannot be their own guardian or custodian.",
        "Name somebody else.",
    ),
    "Consent: unknown circle": (
        "There are guardians and custodians, and no other circle.",
        "Choose one of the two.",
    ),
    "Consent: wrong threshold": (
        "So many people cannot act together: there are fewer, or none is asked for.",
        "Choose a number from one to the number of people.",
    ),
    "Consent: unknown mode": (
        "There is no such way to open an emergency.",
        "Choose one of those that are offered.",
    ),
    "Consent: delay too long": (
        "An emergency can wait for a week at most.",
        "Choose a shorter delay.",
    ),
    "Consent: wrong window": (
        "An emergency stays open for one to 72 hours.",
        "Choose a number of hours in between.",
    ),
    "Consent: emergencies are off": (
        "This patient has not allowed emergency access.",
        "Ask the patient, or a guardian who can help.",
    ),
    "Consent: emergency running": (
        "This clinician has a case with this patient that is open, or was refused for its time.",
        "Use the open case, or wait for its end.",
    ),
    "Consent: no emergency": (
        "No emergency case of this clinician is open.",
        "Open one first, if the patient allows it.",
    ),
    "Consent: no reading key": (
        "This clinician has published no reading key, so nothing could be read.",
        "Publish a reading key first.",
    ),
    "Consent: not licensed": (
        "This account is not that of a licensed clinician now.",
        "Ask the issuer of the licence.",
    ),
    "Consent: wrong cosigner": (
        "The second signature is not by somebody whom the patient's policy asks for.",
        "Ask another clinician or a guardian, as the policy says.",
    ),
    "Consent: empty reason": (
        "No reason is named for the emergency.",
        "Name the reason; only its salted hash is published.",
    ),
    "Consent: share released": (
        "This custodian has handed its share over in this case already.",
        "Nothing needs to be done.",
    ),
    "Credentials: empty account": (
        "No account is named.",
        "Enter the account's address.",
    ),
    "Credentials: not the regulator": (
        "Only the regulator can do this.",
        "Use the regulator's account.",
    ),
    "Credentials: not the proposed regulator": (
        "This account was not named as the next regulator.",
        "Ask the present regulator to name it.",
    ),
    "Credentials: not an issuer": (
        "This account may not license clinicians.",
        "Use an issuer's account, or ask the regulator.",
    ),
    "Credentials: already an issuer": (
        "This account is an issuer already.",
        "Nothing needs to be done.",
    ),
    "Credentials: date in the past": (
        "The licence would end before it begins.",
        "Choose a later date.",
    ),
    "Credentials: date beyond ten years": (
        "A licence cannot be given for longer than ten years.",
        "Choose an earlier date.",
    ),
    "Credentials: licensed by another issuer": (
        "Another issuer licensed this clinician.",
        "Ask that issuer, or the regulator.",
    ),
    "Credentials: not licensed": (
        "This clinician has no licence.",
        "Nothing needs to be taken back.",
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
