"""Facts in words, for people."""

from core.facts import Experiencer, Fact, Kind, Polarity


def fact_title(fact: Fact) -> str:
    """The fact's name as a person reads it, "No known allergies" included."""
    if fact.polarity is Polarity.NEGATED:
        return f"No {fact.name}" if fact.name.startswith("known ") else f"Denied: {fact.name}"
    if fact.experiencer is Experiencer.FAMILY and fact.value:
        return f"{fact.name} ({fact.value})"
    return f"{fact.name} ({fact.brand})" if fact.brand else fact.name


def fact_line(fact: Fact) -> str:
    """One line with everything the fact says."""
    words, apart = fact_words(fact), fact.kind in (Kind.SOCIAL, Kind.CONTACT)
    if not fact.when:
        return words
    if apart:
        return f"{words} ({fact.when})"
    return f"{words}{', ' if words != fact_title(fact) else ': '}{fact.when}"


def fact_words(fact: Fact) -> str:
    """What the fact says, without its date."""
    told = {
        Kind.PATIENT: (fact.value, fact.unit),
        Kind.VITAL: (_measured(fact),),
        Kind.SOCIAL: (_measured(fact).rstrip("."),),
        Kind.CONTACT: (fact.value,),
        Kind.ALLERGY: (fact.reaction, fact.severity),
        Kind.MEDICATION: (fact.dose, fact.route, fact.frequency, _status(fact)),
        Kind.LAB: (_measured(fact), fact.range and f"reference {fact.range}"),
    }.get(fact.kind, (fact.status,))
    parts = [part for part in told if part]
    return f"{fact_title(fact)}: {', '.join(parts)}" if parts else fact_title(fact)


def _status(fact: Fact) -> str | None:
    said = fact.cue and fact.cue != fact.status
    return f"{fact.status} ({fact.cue})" if said else fact.status


def stop_words(fact: Fact) -> str:
    """How a medicine that is no longer taken, or only on older paper, is told to be so."""
    if fact.status != "stopped":
        return "last seen"
    if not fact.cue or fact.cue == fact.status:
        return "stopped"
    quoted = f"“{fact.cue}”"
    return quoted if fact.cue.lower().startswith("stop") else f"stopped: {quoted}"


def _measured(fact: Fact) -> str:
    return " ".join(part for part in (fact.value, fact.unit, fact.flag) if part)
