"""What mutmut's own words come to; mutating itself takes too long for a test."""

import pytest

from core.errors import VerificationError
from scripts._mutation import Result, _argued, _judge, _result

SAID = """
    ipfs.cid.x__root__mutmut_1: killed
    ipfs.cid.x__root__mutmut_2: survived
    ipfs.envelope.xǁIdentityǁopen__mutmut_3: timeout
    ipfs.envelope.xǁIdentityǁopen__mutmut_4: no tests
"""


def test_result_counts_what_was_noticed_and_names_what_was_not() -> None:
    found = _result(SAID)
    assert (found.killed, found.score) == (2, 0.5)
    assert found.survivors == (
        "ipfs.cid.x__root__mutmut_2",
        "ipfs.envelope.xǁIdentityǁopen__mutmut_4",
    )


def test_judge_refuses_when_nothing_ran_or_too_much_survived() -> None:
    with pytest.raises(VerificationError, match="did not run"):
        _judge(_result(""))
    with pytest.raises(VerificationError, match=r"50\.0%"):
        _judge(_result(SAID))
    _judge(Result(killed=90, survivors=("one",) * 10))


def test_argued_survivors_are_read_from_the_document() -> None:
    assert "ipfs.cid.x_parse_cid__mutmut_13" in _argued()
