"""Conversations with the browser: late, repeated, foreign and malformed answers."""

from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from core.errors import AccessDeniedError, InputError
from core.hashing import Address, address
from dapp.steps import Answer, Done, Enrol, Script, SealingAnswer
from dapp.tasks import DeclinedError, Task

SIGNER = address("0x" + "a1" * 20)


def make_task(**overrides: object) -> Task:
    return Task(**({"signer": SIGNER, "about": ()} | overrides))  # type: ignore[arg-type]


def make_answer(task: Task, /, **overrides: object) -> Answer:
    fields = {"task": task.id, "step": task.number, "ok": True, "account": SIGNER.lower()}
    return Answer.model_validate(fields | overrides)


def two_steps() -> Script:
    first = yield Enrol()
    second = yield Enrol()
    return Done(first.key + second.key)


def failing() -> Script:
    yield Enrol()
    raise AccessDeniedError("No.")


def test_take_goes_through_the_steps_to_the_end() -> None:
    task = make_task()
    assert task.take(make_answer(task), two_steps) is None
    assert task.take(make_answer(task, key="a"), two_steps) is None
    assert task.take(make_answer(task, key="b"), two_steps) == Done("ab")


@pytest.mark.parametrize(
    "late", [{"task": "another"}, {"step": 0}, {"step": 2}], ids=["task", "before", "ahead"]
)
def test_take_drops_an_answer_when_it_is_for_something_else(late: dict[str, object]) -> None:
    task = make_task()
    task.take(make_answer(task), two_steps)
    assert task.take(make_answer(task, key="late", **late), two_steps) is None
    assert (task.number, task.taken) == (1, 0)


def test_take_counts_a_repeated_answer_once() -> None:
    task = make_task()
    task.take(make_answer(task), two_steps)
    answer = make_answer(task, key="a")
    task.take(answer, two_steps)
    assert task.take(answer, two_steps) is None
    assert task.take(make_answer(task, key="b"), two_steps) == Done("ab")


def test_take_drops_everything_after_the_end_but_closing() -> None:
    task = make_task()
    for key in ("", "a", "b"):
        task.take(make_answer(task, key=key), two_steps)
    assert task.take(make_answer(task), two_steps) is None
    assert task.take(make_answer(task, closed=True), two_steps) == Done("")


@pytest.mark.parametrize("account", [None, "", "0x" + "b2" * 20])
def test_take_refuses_when_another_account_answers(account: str | None) -> None:
    task = make_task()
    with pytest.raises(InputError, match="changed its account"):
        task.take(make_answer(task, account=account), two_steps)


def test_take_raises_declined_with_the_browsers_words() -> None:
    task = make_task()
    with pytest.raises(DeclinedError, match="declined in the wallet"):
        task.take(make_answer(task, ok=False, message="You declined in the wallet."), two_steps)


def test_take_raises_what_the_script_raises() -> None:
    task = make_task()
    task.take(make_answer(task), failing)
    with pytest.raises(AccessDeniedError):
        task.take(make_answer(task), failing)


def test_begin_at_once_can_be_tried_again_when_the_first_step_fails() -> None:
    def broken() -> Iterator[Enrol]:
        raise AccessDeniedError("No.")
        yield Enrol()

    task = make_task()
    with pytest.raises(AccessDeniedError):
        task.begin_at_once(broken)  # type: ignore[arg-type]
    task.begin_at_once(two_steps)
    assert task.number == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"signature": "0xzz"},
        {"signature": "0x" + "00" * 1025},
        {"step": -1},
        {"key": "x" * 2001},
        {"message": "x" * 401},
    ],
)
def test_answer_is_refused_when_malformed(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        make_answer(make_task(), **wrong)


@pytest.mark.parametrize("field", ["key", "envelope"])
def test_answer_bytes_raise_when_not_base64(field: str) -> None:
    answer = make_answer(make_task(), **{field: "not base64!"})
    with pytest.raises(InputError):
        getattr(answer, f"{field}_bytes")


def test_signature_bytes_raise_when_a_digit_is_missing() -> None:
    with pytest.raises(InputError, match="malformed"):
        _ = make_answer(make_task(), signature="0x123").signature_bytes


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        {},
        {"version": 0},
        {"commitment": "0x12"},
        {"text": "penicillin"},
    ],
)
def test_sealing_answer_is_refused_when_it_is_not_the_five_facts(wrong: object) -> None:
    whole = dict.fromkeys(("record", "commitment", "previous", "envelope"), "0x" + "ab" * 32)
    sealing = {**whole, "version": 1, **wrong} if isinstance(wrong, dict) and wrong else wrong
    with pytest.raises(InputError, match="unexpected"):
        SealingAnswer.from_untrusted(make_answer(make_task(), sealing=sealing))


def test_tasks_never_share_an_id() -> None:
    assert len({make_task().id for _ in range(100)}) == 100


def test_account_is_compared_without_regard_to_case() -> None:
    task = make_task(signer=Address(SIGNER.upper().replace("0X", "0x")))
    assert task.take(make_answer(task), two_steps) is None
    assert task.number == 1
