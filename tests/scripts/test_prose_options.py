"""`summarize --prose` as people call it: asked for expressly, keys unseen, failures survived."""

import json
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from core.errors import InputError
from scripts._prose import endpoint_from
from tests.fakes.wording_endpoint import a_model, send, wording_endpoint
from tests.scripts.conftest import Run

URL = "http://127.0.0.1:8080/v1"
KEY = "sk-very-secret"


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    canvas = Canvas(str(tmp_path / "letter.pdf"))
    lines = ("Patient: Ada Sample", "Date: 14 March 2024", "Current medications",
             "Metformin 500 mg orally twice daily")  # fmt: skip
    for number, line in enumerate(lines):
        canvas.drawString(72, 760 - 24 * number, line)
    canvas.save()
    return tmp_path / "letter.pdf"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n")
    path.chmod(0o600)
    return path


def test_summarize_shows_admitted_sentences_and_hides_the_key(
    paper: Path, tmp_path: Path, key_file: Path, run: Run
) -> None:
    out = tmp_path / "out"
    with wording_endpoint(a_model) as server:
        done = run(
            "summarize", paper, "--out", out, "--home", tmp_path / "home", "--prose", server.url,
            "--prose-model", "tiny", "--prose-key-file", key_file,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "1 sentences by tiny, 1 refused" in done.stderr
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    written = json.loads((out / "facts.json").read_text())["prose"]["sentences"]
    assert [one["text"] for one in written] == ["The patient takes metformin."]
    told = [
        done.stdout,
        done.stderr,
        *(path.read_bytes().decode("latin-1") for path in out.iterdir()),
    ]
    assert not any(KEY in text for text in told)


def test_summarize_stands_without_sentences_when_the_endpoint_fails(
    paper: Path, tmp_path: Path, run: Run
) -> None:
    out = tmp_path / "out"
    with wording_endpoint(lambda handler, _: send(handler, b"no", status=503)) as server:
        done = run(
            "summarize", paper, "--out", out, "--home", tmp_path / "home",
            "--prose", server.url, "--prose-model", "tiny", ANAMNESIS_PROSE_KEY=KEY,
        )  # fmt: skip
    assert done.returncode == 0
    assert "status 503" in done.stderr
    assert "metformin" not in done.stderr.lower()
    assert "metformin" in (out / "history.html").read_text().lower()


def test_endpoint_is_none_unless_asked_for() -> None:
    assert endpoint_from(None, None, None, False, {"ANAMNESIS_PROSE_KEY": KEY}) is None


def test_endpoint_takes_the_key_from_the_environment_or_a_file(key_file: Path) -> None:
    for file, environ in ((key_file, {}), (None, {"ANAMNESIS_PROSE_KEY": KEY})):
        endpoint = endpoint_from(URL, "tiny", file, False, environ)
        assert endpoint is not None
        assert endpoint.key == KEY


def test_endpoint_refuses_a_key_that_others_can_read(key_file: Path) -> None:
    key_file.chmod(0o644)
    with pytest.raises(InputError, match="read by others"):
        endpoint_from(URL, "tiny", key_file, False, {})


@pytest.mark.parametrize("key", ["two\nlines", "käse", "x" * 5000])
def test_endpoint_refuses_what_is_no_key(key: str) -> None:
    with pytest.raises(InputError) as caught:
        endpoint_from(URL, "tiny", None, False, {"ANAMNESIS_PROSE_KEY": key})
    assert key not in caught.value.user_message()


@pytest.mark.parametrize(
    ("url", "model", "may_leave"), [(URL, None, False), (None, "tiny", False), (None, None, True)]
)
def test_endpoint_refuses_options_that_do_not_belong_together(
    url: str | None, model: str | None, may_leave: bool
) -> None:
    with pytest.raises(InputError):
        endpoint_from(url, model, None, may_leave, {})


def test_endpoint_says_beforehand_that_statements_leave(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="leave this machine for models"):
        endpoint_from("https://models.example/v1", "tiny", None, False, {})
    assert endpoint_from("https://models.example/v1", "tiny", None, True, {})
    assert "will leave this machine for models.example" in capsys.readouterr().err
