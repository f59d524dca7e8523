"""Devices in or on the body: what stands in the way of a magnet, a scan or a needle."""

import re
from collections.abc import Iterator
from functools import cache

from core.facts import Kind
from ocr.summary.mentions import Mention
from ocr.summary.sheets import Sheet
from ocr.summary.vocabulary import data, inverted, normal, phrases

_NEAR = 45
"""Characters around a name within which a word says that the device is not there."""


def device_mentions(sheet: Sheet) -> Iterator[Mention]:
    """Known devices that the patient has; planned and removed ones are left out."""
    for unit in sheet.units:
        if unit.section.kind not in data("devices")["sections"]["kinds"]:
            continue
        for match in _pattern().finditer(sheet.text, *unit.span):
            around = sheet.text[
                max(unit.span[0], match.start() - _NEAR) : min(unit.span[1], match.end() + _NEAR)
            ]
            if not _absent().search(around):
                yield Mention(
                    kind=Kind.DEVICE,
                    name=_names()[normal(match.group())],
                    span=match.span(),
                    extent=(match.span(),),
                    method="device",
                    unit=unit,
                    details={"date": sheet.date},
                    confidence=0.9,
                )


def is_device(name: str) -> bool:
    """Whether the name is a device and nothing more."""
    return normal(re.sub(r"\s(?:in|on|since|from)$", "", name)) in _names()


@cache
def _names() -> dict[str, str]:
    return inverted(data("devices")["devices"])


@cache
def _pattern() -> re.Pattern[str]:
    return phrases(_names())


@cache
def _absent() -> re.Pattern[str]:
    return phrases(data("devices")["words"]["absent"])
