"""Ways that no call can take, each with its reason.

A way named here that is taken all the same is an error, and so is a name that fits nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.errors import VerificationError
from scripts._coverage.seen import Branch


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable:
    file: str
    before: str
    """The line before the condition's."""
    line: str
    way: str
    reason: str

    def is_it(self, branch: Branch, lines: list[str]) -> bool:
        """Whether `branch` is meant; `lines` are its file's."""
        number = branch.condition.line - 1
        at = lines[max(0, number - 1) : number + 1]
        place = (branch.condition.file, [each.strip() for each in at], branch.way)
        return place == (self.file, [self.before, self.line], self.way)


UNREACHABLE = (
    Unreachable(
        file="Consent.vy",
        before="moved: uint256 = convert(head, uint256) & head_chain.MOVED",
        line="for each: IConsent.Grant in grants:",
        way="no turn",
        reason="the loop stands under `if len(grants) != 0`",
    ),
)


def unreachable(
    branches: Iterable[Branch],
    taken: Iterable[Branch],
    texts: Mapping[str, str],
    named: Iterable[Unreachable] = UNREACHABLE,
) -> dict[Branch, str]:
    """Branches that cannot be taken, with the reason. Raises VerificationError.

    `texts` are the sources that were compiled, by name; others' ways are passed over.
    """
    every, went = sorted(branches), set(taken)
    found = {}
    for each in named:
        if each.file in texts:
            found[_one(each, every, went, texts[each.file].splitlines())] = each.reason
    return found


def _one(each: Unreachable, every: list[Branch], went: set[Branch], lines: list[str]) -> Branch:
    meant = [branch for branch in every if each.is_it(branch, lines)]
    if len(meant) == 1 and meant[0] not in went:
        return meant[0]
    raise VerificationError(
        f"{each.file}: {each.way!r} of {each.line!r}, said to be unreachable, "
        f"{'was taken' if meant else 'is nowhere'}.",
        check="coverage",
        remedy="Correct scripts/_coverage/unreachable.py.",
    )
