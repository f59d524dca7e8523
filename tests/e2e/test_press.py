"""A press on a button while the page is drawn anew, in a real browser; the test is the server.

Streamlit hands the component new data, or mounts it again, at any moment. Here each such moment is
brought about on purpose, between one press of the mouse and its end or right after it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import open_screen
from tests.e2e.wallet import TestWallet

DIST = Path(__file__).resolve().parents[2] / "dapp" / "components" / "dist"
ORIGIN = "http://127.0.0.1:9"
_PAGE = """<!doctype html><html><body><div id="bar"></div><div id="task"></div>
<script type="module">
import mount from "/anamnesis.js";
window.answers = [];
const cleanups = {};
window.draw = (place, data, { anew = false } = {}) => {
  const host = document.getElementById(place);
  if (anew || !host.firstChild) {
    cleanups[place]?.();
    host.innerHTML = '<div><div class="anamnesis"></div></div>';
  }
  cleanups[place] = mount({
    data,
    parentElement: host.firstChild,
    setStateValue: () => {},
    setTriggerValue: (name, value) => window.answers.push(value),
  });
};
window.ready = true;
</script></body></html>"""


class Stage:
    """One task's place on a page, drawn by the test."""

    def __init__(self, page: Page, wallet: TestWallet) -> None:
        self.page, self.wallet = page, wallet

    def account(self, index: int) -> str:
        return str(self.wallet.accounts[index].address)

    def draw(self, task: str, *, anew: bool = False, **overrides: Any) -> None:
        data = {
            "panel": "task",
            "task": task,
            "offer": "an offer",
            "heard": "",
            "signer": self.account(0),
            "label": "Do it",
            "quiet": False,
            "testid": "slot",
            "taken": -1,
            "step": None,
        }
        self.page.evaluate(
            "([data, anew]) => window.draw('task', data, { anew })", [data | overrides, anew]
        )

    def answers(self) -> list[tuple[str, int, str]]:
        """Task, step and account of each answer; repeated ones once."""
        said = self.page.evaluate("window.answers")
        return list(dict.fromkeys((a["task"], a["step"], a["account"]) for a in said))

    def pressed(self, task: str, account: int = 0) -> tuple[str, int, str]:
        return task, 0, self.account(account).lower()

    def button(self) -> Any:
        return self.page.get_by_test_id("slot")

    def mouse_down(self) -> None:
        box = self.button().bounding_box()
        self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.page.mouse.down()


@pytest.fixture
def stage(browser: Browser) -> Iterator[Stage]:
    accounts = [Account.create(), Account.create()]
    wallet = TestWallet(chain_id=31337, rdns="example.press", accounts=accounts)
    page = open_screen(browser, wallet).page
    bundle = (DIST / "anamnesis.js").read_text()
    page.route(f"{ORIGIN}/", lambda r: r.fulfill(body=_PAGE, content_type="text/html"))
    page.route(
        f"{ORIGIN}/anamnesis.js",
        lambda r: r.fulfill(body=bundle, content_type="text/javascript"),
    )
    page.goto(f"{ORIGIN}/")
    page.wait_for_function("window.ready")
    chain = {"id": 31337, "name": "Local", "rpc": "http://127.0.0.1:9"}
    page.evaluate("data => window.draw('bar', data)", {"panel": "wallet", "chain": chain})
    page.get_by_test_id("connect-example.press").click()
    page.get_by_test_id("account").wait_for()
    page.evaluate("window.answers.length = 0")
    yield Stage(page, wallet)
    page.context.close()


def change_account(stage: Stage, index: int) -> None:
    stage.wallet.use_account(stage.page, index)
    shown = stage.page.locator(f"[data-account='{stage.account(index).lower()}']")
    shown.wait_for()


def test_press_counts_when_nothing_happens_meanwhile(stage: Stage) -> None:
    stage.draw("first")
    stage.button().click()
    assert stage.answers() == [stage.pressed("first")]


@pytest.mark.parametrize("anew", [False, True], ids=["same mount", "mounted anew"])
def test_press_counts_when_the_page_is_drawn_between_down_and_up(stage: Stage, anew: bool) -> None:
    stage.draw("first")
    stage.mouse_down()
    stage.draw("second", anew=anew)
    stage.page.mouse.up()
    assert stage.answers() == [stage.pressed("second")]


@pytest.mark.parametrize("anew", [False, True], ids=["same mount", "mounted anew"])
def test_press_counts_for_the_new_account_when_the_page_was_still_the_old_ones(
    stage: Stage, anew: bool
) -> None:
    stage.draw("first")
    change_account(stage, 1)
    stage.button().click()
    assert stage.answers() == []
    stage.draw("second", anew=anew, signer=stage.account(1))
    assert stage.answers() == [stage.pressed("second", 1)]


@pytest.mark.parametrize("anew", [False, True], ids=["same mount", "mounted anew"])
def test_press_counts_when_its_task_was_replaced_before_the_server_heard_it(
    stage: Stage, anew: bool
) -> None:
    stage.draw("first")
    stage.button().click()
    stage.draw("second", anew=anew)
    assert stage.answers() == [stage.pressed("first"), stage.pressed("second")]


@pytest.mark.parametrize(
    "change", [{"offer": "other terms"}, {"heard": "first"}], ids=["other terms", "heard"]
)
def test_press_is_not_carried_to_what_was_not_pressed(stage: Stage, change: dict[str, str]) -> None:
    stage.draw("first")
    stage.button().click()
    stage.draw("second", **change)
    assert stage.answers() == [stage.pressed("first")]
    expect(stage.button()).to_be_visible()


def test_press_is_not_carried_when_it_was_taken(stage: Stage) -> None:
    stage.draw("first")
    stage.button().click()
    stage.draw("first", taken=0)
    stage.draw("second")
    assert stage.answers() == [stage.pressed("first")]


def test_press_is_carried_once(stage: Stage) -> None:
    """Whatever the server does with it, a press never becomes a loop."""
    stage.draw("first")
    stage.button().click()
    for task in ("second", "third", "fourth"):
        stage.draw(task)
    assert stage.answers() == [stage.pressed("first"), stage.pressed("second")]


def test_press_on_another_accounts_page_is_not_carried_to_other_terms_and_says_so(
    stage: Stage,
) -> None:
    stage.draw("first")
    change_account(stage, 1)
    stage.button().click()
    stage.draw("second", signer=stage.account(1), offer="other terms")
    assert stage.answers() == []
    expect(stage.page.get_by_text("press again")).to_be_visible()


def test_press_that_slips_off_the_button_counts_for_nothing(stage: Stage) -> None:
    stage.draw("first")
    stage.mouse_down()
    stage.page.mouse.move(600, 600)
    stage.draw("second", anew=True)
    stage.page.mouse.up()
    assert stage.answers() == []
    stage.button().click()
    assert stage.answers() == [stage.pressed("second")]


def test_press_by_keyboard_counts(stage: Stage) -> None:
    stage.draw("first")
    stage.button().focus()
    stage.page.keyboard.press("Enter")
    assert stage.answers() == [stage.pressed("first")]


def test_step_of_a_replaced_task_writes_nothing_on_the_next_ones_button(stage: Stage) -> None:
    typed = {"domain": {}, "primaryType": "Note", "types": {"Note": []}, "message": {}}
    stage.wallet.declines = {"eth_signTypedData_v4"}
    stage.draw("first", step={"number": 1, "kind": "sign", "typed": typed, "waiting": "Look."})
    stage.draw("second", heard="first")
    stage.page.wait_for_timeout(300)
    expect(stage.page.locator("#task").get_by_role("status")).to_have_text("")
    expect(stage.button()).to_be_visible()
