"""When two ways of writing a clinical name, value or order mean the same."""

import re

_SPELLING = (("ae", "e"), ("oe", "e"), ("isation", "ization"), ("ised", "ized"), ("-", " "))
_WRITTEN_OUT = {
    "a1c": "hba1c",
    "hemoglobin a1c": "hba1c",
    "glycated hemoglobin": "hba1c",
    "t2dm": "type 2 diabetes mellitus",
    "htn": "hypertension",
    "high blood pressure": "hypertension",
    "ckd": "chronic kidney disease",
    "aki": "acute kidney injury",
    "crp": "c reactive protein",
    "wbc": "white cell count",
    "white blood cell count": "white cell count",
    "hb": "hemoglobin",
    "ldl": "ldl cholesterol",
    "hdl": "hdl cholesterol",
    "estimated gfr": "egfr",
    "uacr": "urine albumin/creatinine ratio",
    "ecg": "12 lead electrocardiogram",
    "ekg": "12 lead electrocardiogram",
    "echo": "echocardiogram",
    "dob": "birth date",
    "date of birth": "birth date",
    "mrn": "identifier",
    "patient id": "identifier",
    "id": "identifier",
    "gender": "sex",
}
_ROUTES = {"oral": {"oral", "orally", "po", "p.o.", "by mouth", "mouth"}}
_FREQUENCIES = {
    "once daily": r"\bonce (daily|a day)\b|\b(od|qd|daily)\b|\b1 ?x\b|every 24 ?h",
    "twice daily": r"\btwice (daily|a day)\b|\b(bid|bd|b\.i\.d\.?)\b|\b2 ?x\b|every 12 ?h",
}


def plain(name: str) -> str:
    """Lower case, one spelling of ae, oe and -ise, single spaces, abbreviations written out."""
    text = name.casefold()
    for from_, to in _SPELLING:
        text = text.replace(from_, to)
    text = re.sub(r"[^\w/%+. ]", " ", text)
    text = " ".join(text.split()).strip(". ")
    return _WRITTEN_OUT.get(text, text)


def agree(one: str, other: str) -> bool:
    """Whether two names mean the same thing: every word of the shorter stands in the longer."""
    a, b = set(plain(one).split()), set(plain(other).split())
    return bool(a and b) and (a <= b or b <= a)


def same_value(one: str | None, other: str | None) -> bool:
    """Equal but for case and spaces: 5 mg is 5MG, but 7.0 is not 7: its precision is a claim."""
    if one is None or other is None:
        return one is other
    return "".join(one.casefold().split()) == "".join(other.casefold().split())


def same_route(one: str, other: str) -> bool:
    """Whether two routes are one, such as PO and oral."""
    return plain(one) == plain(other) or one.casefold() in _ROUTES.get(other, set())


def same_frequency(one: str, other: str) -> bool:
    """Whether `one`, however written, says `other` ("once daily", "twice daily")."""
    pattern = _FREQUENCIES.get(other, re.escape(other))
    text = one.casefold()
    if other == "once daily" and re.search(_FREQUENCIES["twice daily"], text):
        return False
    return re.search(pattern, text) is not None
