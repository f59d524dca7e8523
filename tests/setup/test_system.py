"""System packages: named before they are installed; named with their sources where apt is not."""

import pytest

from setup.errors import SetupFailure
from setup.system import FOR_TESTS, FOR_USE, browser_path, install, missing

COMPLETE = ("apt-get", "uv", "tesseract", "node", "npm")


def packages(needs):
    return [need.package for need in needs]


def test_missing_names_nothing_when_all_is_there(make_rig) -> None:
    rig = make_rig(COMPLETE)
    assert missing(FOR_USE, rig.machine) == []
    assert packages(missing(FOR_TESTS, rig.machine)) == ["chromium"]


def test_missing_names_english_when_tesseract_lacks_it(make_rig) -> None:
    rig = make_rig(COMPLETE)
    rig.write("tesseract", "echo osd")
    assert packages(missing(FOR_USE, rig.machine)) == ["tesseract-ocr-eng"]


def test_missing_accepts_a_browser_of_another_name(make_rig) -> None:
    rig = make_rig(COMPLETE)
    rig.write("google-chrome", "exit 0")
    assert missing(FOR_TESTS, rig.machine) == []
    assert browser_path(rig.machine) == rig.bin / "google-chrome"


def test_missing_names_the_library_that_drives_the_browser_only_for_tests(make_rig) -> None:
    rig = make_rig((*COMPLETE, "chromium")).with_machine(loads=lambda _: False)
    assert missing(FOR_USE, rig.machine) == []
    assert packages(missing(FOR_TESTS, rig.machine)) == ["libatomic1"]


def test_install_announces_before_installing(make_rig) -> None:
    rig = make_rig(("apt-get", "uv"))
    said: list[tuple[str, list[str]]] = []
    install(
        missing(FOR_TESTS, rig.machine),
        rig.machine,
        may_install=True,
        say=lambda line: said.append((line, rig.calls())),
    )
    assert {"tesseract-ocr", "tesseract-ocr-eng", "chromium"} <= {
        word for line, _ in said for word in line.split()
    }
    assert all(before == [] for _, before in said)
    update, installed = rig.calls()
    assert update.endswith(" update")
    assert installed.endswith(
        "install --yes --no-install-recommends tesseract-ocr tesseract-ocr-eng chromium"
    )


def test_install_goes_on_when_the_lists_cannot_be_refreshed(make_rig) -> None:
    rig = make_rig(("apt-get", "uv"))
    rig.write("apt-get", 'case "$*" in *update) exit 100;; esac; cp "$SHELF/tesseract" "$BIN/"')
    install(missing(FOR_USE, rig.machine), rig.machine, may_install=True, say=lambda _: None)
    assert missing(FOR_USE, rig.machine) == []


def test_install_fails_with_the_words_of_apt_when_it_fails(make_rig) -> None:
    rig = make_rig(("apt-get", "uv"))
    rig.write("apt-get", 'echo "E: no such package"; exit 100')
    with pytest.raises(SetupFailure) as caught:
        install(missing(FOR_USE, rig.machine), rig.machine, may_install=True, say=lambda _: None)
    assert "E: no such package" in caught.value.log
    assert "dpkg --configure -a" in caught.value.way_out


def test_install_fails_when_apt_brought_nothing(make_rig) -> None:
    rig = make_rig(("apt-get", "uv"))
    rig.write("apt-get", "exit 0")
    with pytest.raises(SetupFailure, match="still missing"):
        install(missing(FOR_USE, rig.machine), rig.machine, may_install=True, say=lambda _: None)


@pytest.mark.parametrize(
    ("programs", "changes", "may_install", "reason"),
    [
        (("uv",), {}, True, "apt-get is not available"),
        (("uv", "apt-get"), {"is_root": False}, True, "sudo is not installed"),
        (("uv", "apt-get"), {}, False, "apt is switched off"),
    ],
)
def test_install_says_how_to_get_them_when_it_may_not(
    make_rig, programs, changes, may_install, reason
) -> None:
    rig = make_rig(programs).with_machine(**changes)
    with pytest.raises(SetupFailure, match=reason) as caught:
        install(
            missing(FOR_USE, rig.machine), rig.machine, may_install=may_install, say=lambda _: None
        )
    way_out = caught.value.way_out
    assert "apt-get install --no-install-recommends tesseract-ocr tesseract-ocr-eng" in way_out
    assert "dnf install tesseract tesseract-langpack-eng" in way_out
    assert "brew install tesseract tesseract-lang" in way_out
    assert rig.calls() == []


def test_install_asks_sudo_without_a_prompt_and_keeps_the_proxy_when_not_root(make_rig) -> None:
    rig = make_rig(("apt-get", "uv")).with_machine(is_root=False)
    rig.write("sudo", 'while [ "$1" != env ]; do shift; done; exec "$@"')
    install(missing(FOR_USE, rig.machine), rig.machine, may_install=True, say=lambda _: None)
    asked = [call for call in rig.calls() if call.startswith("sudo")]
    assert len(asked) == 2
    assert all(call.startswith("sudo -n --preserve-env=https_proxy env ") for call in asked)
