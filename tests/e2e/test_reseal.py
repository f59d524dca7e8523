"""Taking access back and resealing in a real browser, over a real chain and a real IPFS node.

One doctor is taken out and one remains. Afterwards the one who is out has their old key and all
that the page's server gives to anybody; it must open nothing of the new version.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from core.eip712 import Domain
from core.errors import VerificationError
from core.hashing import Address, address, keccak256
from core.records import HISTORY_RECORD, SealContext
from ipfs.client import StoreClient, StoreSettings
from ipfs.envelope import Identity
from ipfs.index_rows import StoredSealing
from ipfs.opening import Claim, open_record
from ipfs.reading_key import RecoveryCode, derive_identity
from ipfs.vault import IpfsVault
from scripts._stack_record import read_record
from tests.e2e.conftest import RunningStack, Screen, open_screen
from tests.e2e.test_story import enrol, history_text, paper, settled
from tests.e2e.wallet import TestWallet


@dataclass
class Somebody:
    """A screen, and what only its person knows."""

    screen: Screen
    words: list[str]

    @property
    def account(self) -> Address:
        assert self.screen.wallet is not None
        return address(str(self.screen.wallet.account.address))

    @property
    def identity(self) -> Identity:
        """The reading key, made again from the wallet's signature and the words."""
        assert self.screen.wallet is not None
        signatures = [s for kind, s in self.screen.wallet.signatures if kind == "ReadingKey"]
        code = RecoveryCode.from_words(" ".join(self.words))
        return derive_identity(bytes.fromhex(signatures[0][2:]), code, self.account)


@dataclass
class Cast:
    patient: Somebody
    leaving: Somebody
    staying: Somebody
    kept: dict[str, bytes] = field(default_factory=dict)
    """What the leaving doctor keeps of the old version."""


@pytest.fixture(scope="module")
def cast(browser: Browser, stack: RunningStack, samples: Path) -> Iterator[Cast]:
    people = []
    for name, view in (("Pat", "patient"), ("Out", "doctor"), ("In", "doctor")):
        wallet = TestWallet(chain_id=31337, name=name, rdns=f"example.{name.lower()}")
        screen = open_screen(browser, wallet)
        screen.page.goto(f"{stack.dapp}/{view}")
        people.append(Somebody(screen=screen, words=enrol(screen, view)))
    cast = Cast(*people)
    seal_history(cast.patient, samples)
    for doctor in (cast.leaving, cast.staying):
        ask(doctor, cast.patient)
    grant_to((cast.leaving, cast.staying), cast.patient)
    yield cast
    for each in people:
        each.screen.page.context.close()


def seal_history(patient: Somebody, samples: Path) -> None:
    page = patient.screen.page
    page.get_by_test_id("paper").set_input_files(paper(samples)[:2])
    page.get_by_test_id("read-paper").click()
    page.get_by_test_id("seal").wait_for(timeout=180_000)
    page.get_by_test_id("seal").click()
    expect(page.get_by_text("is on the chain")).to_be_visible()


def ask(doctor: Somebody, patient: Somebody) -> None:
    page = doctor.screen.page
    field = page.get_by_role("textbox", name="The patient's address")
    field.fill(patient.account)
    field.press("Enter")
    settled(page)
    page.get_by_test_id("doctor.ask").click()
    expect(page.get_by_text("Your request is on the chain")).to_be_visible()


def grant_to(doctors: Sequence[Somebody], patient: Somebody) -> None:
    page = patient.screen.page
    page.get_by_text(f"Requests ({len(doctors)})").click()
    for left in range(len(doctors), 0, -1):
        expect(page.get_by_role("button", name="Grant access")).to_have_count(left)
        settled(page)
        page.get_by_role("button", name="Grant access").first.click()
        expect(page.get_by_role("button", name="Grant access")).to_have_count(left - 1)


def in_vault(stack: RunningStack) -> closing[IpfsVault]:
    record = read_record(stack.home)
    assert record is not None
    store = StoreClient(StoreSettings(address=record.ipfs))
    return closing(IpfsVault.open_at(stack.home / "vault", store))


def sealings(stack: RunningStack, patient: Somebody) -> list[StoredSealing]:
    with in_vault(stack) as vault:
        return list(vault.sealings(patient.account))


def from_server(stack: RunningStack, commitment: bytes) -> bytes:
    with urllib.request.urlopen(f"{stack.dapp}/sealed/0x{commitment.hex()}") as answer:
        found: bytes = answer.read()
        return found


def test_doctors_read_and_one_keeps_all_there_is(stack: RunningStack, cast: Cast) -> None:
    for doctor in (cast.leaving, cast.staying):
        page = doctor.screen.page
        page.get_by_role("button", name="Sign for the reading and open").click()
        assert history_text(page)
    [old] = sealings(stack, cast.patient)
    with in_vault(stack) as vault:
        digest = vault.envelope_for(old.sealing.commitment, cast.leaving.account)
        assert digest is not None
        cast.kept["envelope"] = vault.envelope(digest)
    cast.kept["commitment"] = old.sealing.commitment
    claim = Claim(
        context=old.sealing.context,
        reader=cast.leaving.account,
        commitment=old.sealing.commitment,
        envelope=digest,
    )
    sealed = from_server(stack, old.sealing.commitment)
    payload = open_record(cast.leaving.identity, claim, sealed, cast.kept["envelope"])
    assert json.loads(payload)["resourceType"] == "Bundle", "the kept key is a real one"


def test_declining_changes_nothing(stack: RunningStack, cast: Cast) -> None:
    page, wallet = cast.patient.screen.page, cast.patient.screen.wallet
    assert wallet is not None
    page.get_by_text("Who can read", exact=True).click()
    expect(page.get_by_text("Who can read now")).to_be_visible()
    settled(page)
    wallet.declines = {"eth_signTypedData_v4"}
    button(cast, "reseal").click()
    expect(page.get_by_text("You declined in the wallet")).to_be_visible()
    wallet.declines = set()
    settled(page)  # the browser says it at once, the server lets go a moment later
    [left] = sealings(stack, cast.patient)
    assert left.sealing.commitment == cast.kept["commitment"]


def button(cast: Cast, kind: str):  # type: ignore[no-untyped-def]
    slot = f"patient.{kind}.{cast.leaving.account}.{HISTORY_RECORD.hex()[:8]}"
    return cast.patient.screen.page.get_by_test_id(slot)


def test_patient_takes_access_back_and_reseals_with_one_signature(
    stack: RunningStack, cast: Cast
) -> None:
    page, wallet = cast.patient.screen.page, cast.patient.screen.wallet
    assert wallet is not None
    asked = len(wallet.signatures)
    settled(page)
    button(cast, "reseal").click()
    expect(page.get_by_text("sealed anew: version 2")).to_be_visible()
    expect(page.get_by_text("1 reader can open it as before")).to_be_visible()
    settled(page)
    page.set_viewport_size({"width": 390, "height": 844})
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1280, "height": 900})
    assert [kind for kind, _ in wallet.signatures[asked:]] == ["Batch"]


def test_the_old_version_is_gone_and_its_key_opens_nothing_of_the_new(
    stack: RunningStack, cast: Cast
) -> None:
    [new] = sealings(stack, cast.patient)
    assert new.sealing.context.version == 2
    with pytest.raises(urllib.error.HTTPError):
        from_server(stack, cast.kept["commitment"])
    sealed = from_server(stack, new.sealing.commitment)
    with in_vault(stack) as vault:
        entries = vault.envelopes(new.sealing.commitment)
        assert {entry.reader for entry in entries} == {cast.patient.account, cast.staying.account}
        theirs = [vault.envelope(entry.digest) for entry in entries]
    for envelope in (cast.kept["envelope"], *theirs):
        for context in (new.sealing.context, before(new.sealing.context)):
            claim = Claim(
                context=context,
                reader=cast.leaving.account,
                commitment=new.sealing.commitment,
                envelope=keccak256(envelope),
            )
            with pytest.raises(VerificationError):
                open_record(cast.leaving.identity, claim, sealed, envelope)


def before(context: SealContext) -> SealContext:
    domain = Domain(
        chain_id=context.domain.chain_id, verifying_contract=context.domain.verifying_contract
    )
    return SealContext(
        domain=domain, patient=context.patient, record=context.record, version=context.version - 1
    )


def test_who_was_taken_out_is_refused_and_who_remains_reads_on(cast: Cast) -> None:
    page = cast.leaving.screen.page
    page.reload()
    expect(page.get_by_text("The patient has taken the access back")).to_be_visible()
    expect(page.get_by_role("button", name="Sign for the reading and open")).to_have_count(0)
    page = cast.staying.screen.page
    page.reload()
    settled(page)
    page.get_by_role("button", name="Sign for the reading and open").click()
    words = page.get_by_test_id("unlock-words")
    words.fill(" ".join(cast.staying.words))
    page.get_by_test_id("unlock").click()
    assert history_text(page)


def test_auditor_replays_the_heads_and_finds_them_consistent(
    browser: Browser, stack: RunningStack, cast: Cast
) -> None:
    screen = open_screen(browser)
    screen.page.goto(f"{stack.dapp}/audit")
    expect(screen.page.get_by_text("Consistent.")).to_be_visible()
    screen.page.context.close()
    done = stack.command("audit", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["status"] == "consistent"
    assert {r["reader"] for r in found["readers"]} == {cast.staying.account}
    verified = stack.command("vault", "verify", "--json")
    assert verified.returncode == 0, verified.stdout


def test_nothing_of_the_history_or_its_keys_left_the_browser(
    stack: RunningStack, cast: Cast
) -> None:
    people = (cast.patient, cast.leaving, cast.staying)
    secrets = [b"penicillin", *(" ".join(each.words[:3]).encode() for each in people)]
    talk = b"\n".join(
        piece
        for each in people
        for piece in (*each.screen.frames, *map(str.encode, each.screen.requests))
    ).lower()
    cache = stack.home / "cache" / "reading"
    files = [p for p in stack.home.rglob("*") if p.is_file() and cache not in p.parents]
    for secret in secrets:
        assert secret not in talk
        assert [path.name for path in files if secret in path.read_bytes().lower()] == []
    for each in people:
        # A declined signature fails in nobody's console, and the pages had no other trouble.
        assert each.screen.problems == []
