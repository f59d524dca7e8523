"""The real stack and a real browser, for stories told from end to end."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Response,
    WebSocket,
    expect,
    sync_playwright,
)

from tests.e2e.wallet import TestWallet

ROOT = Path(__file__).resolve().parents[2]
STEP_SECONDS = 60
expect.set_options(timeout=STEP_SECONDS * 1_000)  # the default, 5 s, is too short on a busy machine
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


@dataclass(frozen=True)
class RunningStack:
    """`anamnesis up`, with a home and a temporary folder of its own."""

    home: Path
    temporary: Path
    dapp: str
    rpc_url: str
    pids: dict[str, int]

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another `anamnesis` command on the same home."""
        return subprocess.run(
            [sys.executable, "-m", "scripts", *arguments, "--home", str(self.home)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=STEP_SECONDS,
            check=False,
        )


@dataclass
class Screen:
    """One person's browser: the page, and everything that the dapp's server was sent and sent."""

    page: Page
    wallet: TestWallet | None
    frames: list[bytes] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("websocket", self._listen)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self._heed)
        self.page.on("response", self._check)

    def _heed(self, line: ConsoleMessage) -> None:
        # A failed load says no address here; `_check` sees it.
        if line.type == "error" and "Failed to load resource" not in line.text:
            self.problems.append(line.text)

    def _check(self, response: Response) -> None:
        # Streamlit looks for its server below the page's own path first, then at the root.
        probing = "/_stcore/" in response.url and response.status == 404
        if response.status >= 400 and not probing:
            self.problems.append(f"{response.status} {response.url}")

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framesent", self._keep)
        socket.on("framereceived", self._keep)

    def _keep(self, frame: str | bytes) -> None:
        self.frames.append(frame.encode() if isinstance(frame, str) else frame)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample paper, made anew."""
    from scripts._paper.generate import write_samples

    folder = tmp_path_factory.mktemp("paper")
    write_samples(folder)
    return folder


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    home = tmp_path_factory.mktemp("home")
    temporary = tmp_path_factory.mktemp("temporary")
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts", "up", "--home", str(home), "--port", "0", "--json"],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said = _first_json(process)
        yield RunningStack(
            home=home,
            temporary=temporary,
            dapp=said["dapp"],
            rpc_url=said["rpc_url"],
            pids=said["pids"],
        )
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _first_json(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        try:
            said: dict[str, Any] = json.loads(text)
        except ValueError:
            continue
        return said
    process.kill()
    raise AssertionError(f"the stack did not start: {process.communicate()[1]}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no chromium on PATH; `make test` installs it")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield started
        started.close()


def open_screen(browser: Browser, wallet: TestWallet | None = None, *, width: int = 1280) -> Screen:
    """A fresh profile with the wallet in it."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    context.set_default_timeout(STEP_SECONDS * 1_000)
    if wallet is not None:
        wallet.install(context)
    screen = Screen(page=context.new_page(), wallet=wallet)
    screen.watch()
    return screen
