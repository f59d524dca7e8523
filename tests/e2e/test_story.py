"""The whole path in a real browser: paper, history, seal, ask, grant, read, revoke, refuse, audit.

And then the search: nothing that anybody said or signed may lie where it does not belong.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import RunningStack, Screen, open_screen
from tests.e2e.wallet import TestWallet

PAGES = Path(__file__).resolve().parents[2] / ".screens"


@dataclass
class Cast:
    """Patient and doctor, each in a browser of their own, and what they were shown."""

    patient: Screen
    doctor: Screen
    patient_words: list[str]
    doctor_words: list[str]

    @property
    def patient_account(self) -> str:
        assert self.patient.wallet is not None
        return str(self.patient.wallet.account.address)


def enrol(screen: Screen, view: str) -> list[str]:
    """Connect, make a reading key, prove that the words were written down."""
    assert screen.wallet is not None
    page = screen.page
    page.get_by_test_id(f"connect-{screen.wallet.rdns}").click()
    page.get_by_test_id("account").wait_for()
    page.get_by_test_id(f"{view}.key").click()  # a press counts while the page is still drawn
    page.get_by_test_id("recovery-words").wait_for()
    words = page.locator("[data-testid=recovery-words] li").all_inner_texts()
    assert len(words) == 12
    page.get_by_test_id("words-written").click()
    for field in page.get_by_test_id("confirm-word").all():
        field.fill(words[int(field.get_attribute("data-place") or 0) - 1])
    page.get_by_test_id("confirm-words").click()
    expect(page.get_by_text("Your reading key is published")).to_be_visible()
    return words


def settled(page: Page) -> None:
    """The server has drawn the page for the account that the wallet has now."""
    page.wait_for_timeout(1_000)  # the wallet bar tells the server after its own mount
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def history_text(page: Page) -> str:
    """What the opened history shows, in its frame."""
    frame = page.frame_locator("[data-testid=history]")
    frame.locator("h1, h2").first.wait_for()
    return str(frame.locator("body").inner_text())


@pytest.fixture(scope="module")
def cast(browser: Browser, stack: RunningStack) -> Iterator[Cast]:
    patient = open_screen(
        browser, TestWallet(chain_id=1, known_chains=set(), name="Pat Wallet", rdns="example.pat")
    )
    doctor = open_screen(browser, TestWallet(chain_id=31337, name="Doc Wallet", rdns="example.doc"))
    patient.page.goto(f"{stack.dapp}/patient")
    doctor.page.goto(f"{stack.dapp}/doctor")
    patient.page.get_by_test_id("connect-example.pat").click()
    patient.page.get_by_test_id("switch").click()
    patient.page.get_by_test_id("switch").wait_for(state="hidden")
    patient.page.get_by_test_id("disconnect").click()
    yield Cast(
        patient=patient,
        doctor=doctor,
        patient_words=enrol(patient, "patient"),
        doctor_words=enrol(doctor, "doctor"),
    )
    patient.page.context.close()
    doctor.page.context.close()


@pytest.fixture(scope="module")
def truth(samples: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((samples / "truth.json").read_text())
    return found


def paper(samples: Path) -> list[Path]:
    return sorted(path for path in samples.iterdir() if path.name != "truth.json")


def test_patient_turns_paper_into_a_sealed_history(cast: Cast, samples: Path) -> None:
    page = cast.patient.page
    page.get_by_test_id("paper").set_input_files(paper(samples))
    page.get_by_test_id("read-paper").click()
    page.get_by_test_id("seal").wait_for(timeout=180_000)
    shown = history_text(page)
    assert "Penicillin" in shown
    assert "metformin" in shown
    page.get_by_test_id("seal").click()
    expect(page.get_by_text("is on the chain")).to_be_visible()


def test_doctor_may_decline_and_ask_again(cast: Cast) -> None:
    page, wallet = cast.doctor.page, cast.doctor.wallet
    assert wallet is not None
    address = page.get_by_role("textbox", name="The patient's address")
    address.fill(cast.patient_account)
    address.press("Enter")
    wallet.declines = {"eth_signTypedData_v4"}
    page.get_by_test_id("doctor.ask").click()
    expect(page.get_by_text("You declined in the wallet")).to_be_visible()
    wallet.declines = set()
    page.get_by_test_id("doctor.ask").click()
    expect(page.get_by_text("Your request is on the chain")).to_be_visible()


def test_patient_sees_the_request_and_grants(cast: Cast) -> None:
    page = cast.patient.page
    page.get_by_text("Requests (1)").click()
    page.get_by_role("button", name="Grant access").click()
    expect(page.get_by_text("Access granted")).to_be_visible()


def test_doctor_reads_in_the_browser_and_finds_the_source(cast: Cast) -> None:
    page = cast.doctor.page
    page.get_by_role("button", name="Sign for the reading and open").click()
    shown = history_text(page)
    assert "Penicillin" in shown
    frame = page.frame_locator("[data-testid=history]")
    link = frame.locator("a[href^='#']").first
    target = link.get_attribute("href")
    link.click()
    expect(frame.locator(str(target))).to_be_in_viewport()
    picture = frame.locator("img").first
    picture.scroll_into_view_if_needed()
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 500


def test_patient_sees_the_reading_and_takes_access_back(cast: Cast) -> None:
    page = cast.patient.page
    page.get_by_text("Log", exact=True).click()
    expect(page.get_by_text("Who opened it")).to_be_visible()
    wallet = cast.doctor.wallet
    assert wallet is not None
    expect(page.get_by_text(wallet.account.address).first).to_be_visible()
    page.get_by_text("Who can read", exact=True).click()
    page.get_by_role("button", name="Take access back only").click()
    expect(page.get_by_text("Access taken back")).to_be_visible()


def test_doctor_is_refused_after_revocation(cast: Cast) -> None:
    page = cast.doctor.page
    expect(page.get_by_text("The patient has taken the access back")).to_be_visible()
    expect(page.get_by_test_id("history")).to_have_count(0)
    page.reload()
    expect(page.get_by_text("The patient has taken the access back")).to_be_visible()
    expect(page.get_by_role("button", name="Sign for the reading and open")).to_have_count(0)


def test_patient_opens_the_history_in_a_new_session_with_the_words(
    cast: Cast, browser: Browser, stack: RunningStack
) -> None:
    screen = open_screen(browser, cast.patient.wallet)
    page = screen.page
    page.goto(f"{stack.dapp}/patient")
    page.get_by_test_id("connect-example.pat").click()
    page.get_by_test_id("patient.open").click()
    field = page.get_by_test_id("unlock-words")
    field.fill(" ".join(cast.doctor_words))
    page.get_by_test_id("unlock").click()
    expect(page.get_by_text("do not give the reading key")).to_be_visible()
    field.fill(" ".join(cast.patient_words))
    page.get_by_test_id("unlock").click()
    assert "Penicillin" in history_text(page)
    page.context.close()


def test_a_wallet_that_never_signs_the_same_twice_gets_its_key_back(
    browser: Browser, stack: RunningStack, samples: Path
) -> None:
    wallet = TestWallet(chain_id=31337, name="Restless", rdns="example.restless", repeats=False)
    first = open_screen(browser, wallet)
    first.page.goto(f"{stack.dapp}/patient")
    words = enrol(first, "patient")
    first.page.get_by_test_id("paper").set_input_files(paper(samples)[:1])
    first.page.get_by_test_id("read-paper").click()
    first.page.get_by_test_id("seal").wait_for(timeout=180_000)
    first.page.get_by_test_id("seal").click()
    expect(first.page.get_by_text("is on the chain")).to_be_visible()
    first.page.context.close()
    [kept] = (stack.home / "vault" / "seeds").iterdir()
    assert wallet.account.address.lower() in kept.name
    second = open_screen(browser, wallet)
    page = second.page
    page.goto(f"{stack.dapp}/patient")
    page.get_by_test_id("connect-example.restless").click()
    asked = len(wallet.signatures)
    page.get_by_test_id("patient.open").click()
    page.get_by_test_id("unlock-words").fill(" ".join(words))
    page.get_by_test_id("unlock").click()
    assert history_text(page)
    assert len(wallet.signatures) == asked, "such a wallet has nothing to add, so it is not asked"
    page.context.close()


def test_auditor_sees_it_all_without_a_wallet(
    browser: Browser, stack: RunningStack, cast: Cast
) -> None:
    screen = open_screen(browser)
    screen.page.goto(f"{stack.dapp}/audit")
    expect(screen.page.get_by_text("Consistent.")).to_be_visible()
    expect(screen.page.get_by_text("1 grant, 1 reading")).to_be_visible()
    screen.page.context.close()
    done = stack.command("audit", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["status"] == "consistent"
    assert [grant["ended"] for grant in found["grants"]] == ["revoked"]
    assert [reading["with_access"] for reading in found["readings"]] == [True]
    assert found["readers"] == []
    assert found["grants"][0]["patient"] == cast.patient_account


def secrets_of(cast: Cast, truth: dict[str, object]) -> dict[str, bytes]:
    """What may lie nowhere: words of the paper, recovery words, what derives the keys."""
    patient = truth["patient"]
    assert isinstance(patient, dict)
    found = {
        "name": str(patient["name"]).encode(),
        "identifier": str(patient["identifier"]).encode(),
        "allergy": b"urticaria",
        "medicine": b"empagliflozin",
        "patient's recovery words": " ".join(cast.patient_words[:3]).encode(),
        "doctor's recovery words": " ".join(cast.doctor_words[:3]).encode(),
    }
    for screen in (cast.patient, cast.doctor):
        assert screen.wallet is not None
        derivations = [s for kind, s in screen.wallet.signatures if kind == "ReadingKey"]
        assert derivations
        found[f"{screen.wallet.name}'s key signature"] = derivations[0][2:66].encode()
        found[f"{screen.wallet.name}'s private key"] = bytes(screen.wallet.account.key)
    return found


def test_no_frame_or_address_carried_a_secret(cast: Cast, truth: dict[str, object]) -> None:
    for screen in (cast.patient, cast.doctor):
        assert len(screen.frames) > 20, "the watch saw the conversation"
        talk = b"\n".join([*screen.frames, *map(str.encode, screen.requests)]).lower()
        for name, secret in secrets_of(cast, truth).items():
            assert secret.lower() not in talk, f"a frame or an address holds the {name}"


def test_no_file_holds_a_secret(cast: Cast, truth: dict[str, object], stack: RunningStack) -> None:
    cache = stack.home / "cache" / "reading"
    assert cache.stat().st_mode & 0o777 == 0o700
    files = [
        path
        for folder in (stack.home, stack.temporary)
        for path in folder.rglob("*")
        if path.is_file() and cache not in path.parents
    ]
    assert any("log" in path.suffix for path in files), "the logs are among them"
    for path in files:
        content = path.read_bytes().lower()
        for name, secret in secrets_of(cast, truth).items():
            assert secret.lower() not in content, f"{path.name} holds the {name}"
    assert not list((stack.home / "inbox").iterdir()), "no upload is left"


def test_pages_ran_nothing_foreign_and_without_an_error(cast: Cast) -> None:
    for screen in (cast.patient, cast.doctor):
        foreign = [
            url
            for url in screen.requests
            if not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))
        ]
        assert foreign == []
        assert screen.problems == []


def test_no_screen_is_wider_than_a_phone(browser: Browser, stack: RunningStack) -> None:
    screen = open_screen(browser, width=390)
    for path in ("", "/patient", "/doctor", "/audit"):
        screen.page.goto(stack.dapp + path)
        screen.page.get_by_role("heading").first.wait_for()
        assert screen.page.evaluate("document.documentElement.scrollWidth") <= 390
    screen.page.context.close()
