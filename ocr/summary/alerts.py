"""Safety alerts of a history, from its facts alone, the most urgent first.

Rules and figures are data files with their sources: `drug_classes.toml`, `interactions.json`,
`dosing.toml`, `lab_dangers.toml`. Only medicines that the paper lists as current are weighed; no
alert means that none of these rules applies, not that nothing is dangerous.
"""

from collections.abc import Iterable
from dataclasses import replace

from core.alerts import Alert
from core.history import History
from ocr.summary.dose_alerts import dose_alerts, kidney_alerts
from ocr.summary.drug_alerts import allergy_alerts, duplicate_alerts, interaction_alerts
from ocr.summary.lab_alerts import lab_alerts


def alerts_of(history: History) -> tuple[Alert, ...]:
    """What a person should look at first."""
    found = [
        *allergy_alerts(history),
        *interaction_alerts(history.medications_current),
        *duplicate_alerts(history.medications_current),
        *dose_alerts(history.medications_current),
        *kidney_alerts(history),
        *lab_alerts(history),
    ]
    return tuple(sorted(_joined(found), key=lambda alert: alert.urgency))


def _joined(alerts: Iterable[Alert]) -> list[Alert]:
    """Once what is said twice, as of a medicine that stands there with two doses."""
    found: dict[tuple[str, ...], Alert] = {}
    for alert in alerts:
        key = (alert.subject, alert.title, alert.reason, alert.source)
        known = found.get(key)
        facts = dict.fromkeys((*known.facts, *alert.facts) if known else alert.facts)
        found[key] = replace(alert, facts=tuple(facts))
    return list(found.values())
