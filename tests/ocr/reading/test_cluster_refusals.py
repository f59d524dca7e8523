"""Clusters that pages are not given to, and the encrypted one that they are."""

import datetime
import ipaddress
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bench._cluster import LocalCluster, local_cluster
from core.errors import ClusterMismatchError, ClusterUnavailableError, InputError
from ocr.reading import NullEngine, TesseractEngine
from ocr.reading import cluster as cluster_module
from ocr.reading.cluster import (
    check_address,
    check_encrypted,
    check_introduction,
    cluster_workers,
)
from ocr.reading.errand import Introduction, Reader, introduce

MakePdf = Callable[..., bytes]
Fake = Callable[[str], str]
READER = Reader(engine=NullEngine(), engine_version="1")


@pytest.mark.parametrize(
    "address",
    ["tcp://127.0.0.1:8786", "tcp://localhost:1", "tcp://[::1]:8786", "tls://host.example:8786"],
)
def test_check_address_allows_loopback_and_tls(address: str) -> None:
    check_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "tcp://10.0.0.7:8786",
        "tcp://0.0.0.0:8786",
        "tcp://clinic.example:8786",
        "tcp://localhost.example:8786",
        "tcp://127.0.0.1.example:8786",
        "tcp://127.0.0.1@10.0.0.7:8786",
    ],
)
def test_check_address_refuses_to_speak_in_the_clear(address: str) -> None:
    with pytest.raises(InputError, match="in the clear") as refusal:
        check_address(address)
    assert "tls://" in refusal.value.user_message()


@pytest.mark.parametrize(
    "address",
    [
        *("", "8786", "127.0.0.1:8786", "tcp://127.0.0.1", "tls://:8786", "tcp://127.0.0.1:99999"),
        *("http://127.0.0.1:8786", "inproc://x:1", "ws://127.0.0.1:1", "tcp://[::1:8786"),
    ],
)
def test_check_address_refuses_what_is_no_address(address: str) -> None:
    with pytest.raises(InputError, match="not the address of a scheduler"):
        check_address(address)


@pytest.mark.parametrize("place", ["tcp://192.168.1.5:40001", "tcp://[fe80::1]:1", "tcp://h:1"])
def test_check_encrypted_raises_when_a_worker_listens_for_others(place: str) -> None:
    check_encrypted(["tcp://127.0.0.1:1", "tls://192.168.1.5:1"])
    with pytest.raises(ClusterMismatchError, match=re.escape(place)):
        check_encrypted(["tcp://127.0.0.1:1", place])


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Of something that takes connections and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_cluster_workers_raises_when_nobody_answers(tmp_path: Path, silent_port: int) -> None:
    for port in (1, silent_port):
        with pytest.raises(ClusterUnavailableError, match=f"tcp://127.0.0.1:{port}"):
            cluster_workers(f"tcp://127.0.0.1:{port}", NullEngine(), tmp_path)


def test_cluster_workers_raises_when_there_are_no_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "_WORKERS_SECONDS", 1.0)
    with (
        local_cluster(tmp_path / "cluster", workers=0) as idle,
        pytest.raises(ClusterUnavailableError, match="has no workers"),
    ):
        cluster_workers(idle.address, NullEngine(), tmp_path)


def test_cluster_workers_raises_when_engines_differ(
    cluster: LocalCluster, tmp_path: Path, fake_tesseract: Fake
) -> None:
    engine = TesseractEngine(command=fake_tesseract("exit 1"))
    program = Path(engine.command)
    updated = f'mkdir "{tmp_path}/asked" 2>/dev/null || exec echo "tesseract 6.0.0"\n'
    program.write_text(program.read_text().replace("--version) ", f"--version) {updated}"))
    with pytest.raises(ClusterMismatchError, match=r"with tesseract 6.0.0 .*here it is .* 5.0.0"):
        cluster_workers(cluster.address, engine, tmp_path)


def test_cluster_workers_raises_when_a_worker_has_no_engine(
    cluster: LocalCluster, tmp_path: Path, fake_tesseract: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Path(fake_tesseract("exit 1")).rename(tmp_path / "bin" / "only-here")
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    with pytest.raises(ClusterMismatchError, match="no engine"):
        cluster_workers(cluster.address, TesseractEngine(command="only-here"), tmp_path)


def test_check_introduction_raises_when_the_worker_is_another_one(tmp_path: Path) -> None:
    def said(**fields: object) -> object:
        same = {"pipeline_version": READER.pipeline_version, "engine_version": "1"}
        return Introduction(**(same | {"shares_folder": True} | fields))  # type: ignore[arg-type]

    check_introduction("tls://w:1", said(), READER, tmp_path)
    for answer, message in (
        (said(pipeline_version=READER.pipeline_version + 1), "another version of Anamnesis"),
        (ModuleNotFoundError("No module named 'ocr'"), "has no Anamnesis"),
        (said(shares_folder=False), "does not see the folder"),
    ):
        with pytest.raises(ClusterMismatchError, match=f"tls://w:1 .*{message}"):
            check_introduction("tls://w:1", answer, READER, tmp_path)


def test_introduce_says_whether_it_sees_what_the_caller_wrote(tmp_path: Path) -> None:
    (tmp_path / "mark").write_bytes(b"x")
    assert introduce(NullEngine(), tmp_path / "mark", b"x").shares_folder
    assert not introduce(NullEngine(), tmp_path / "mark", b"another machine's").shares_folder
    assert not introduce(NullEngine(), tmp_path / "elsewhere" / "mark", b"x").shares_folder
    assert introduce(TesseractEngine(command="/nowhere/t"), tmp_path, b"").engine_version == ""


def test_read_speaks_tls_when_it_has_certificates(
    tmp_path: Path, make_pdf: MakePdf, certificates: tuple[Path, Path]
) -> None:
    certificate, key = certificates
    (tmp_path / "note.pdf").write_bytes(make_pdf())
    options = ("--tls-ca-file", str(certificate), "--tls-cert", str(certificate))
    names = {"CA_FILE": certificate, "CLIENT__CERT": certificate, "CLIENT__KEY": key}
    known = {f"DASK_DISTRIBUTED__COMM__TLS__{name}": str(path) for name, path in names.items()}
    with local_cluster(tmp_path / "tls", tls=(*options, "--tls-key", str(key))) as encrypted:
        assert encrypted.address.startswith("tls://")
        command = [
            *(sys.executable, "-m", "scripts", "read", str(tmp_path / "note.pdf")),
            *("--out", str(tmp_path / "out"), "--home", str(tmp_path / "home")),
            *("--scheduler", encrypted.address),
        ]
        stranger = subprocess.run(command, capture_output=True, text=True, check=False)
        member = subprocess.run(
            command, capture_output=True, text=True, check=False, env=os.environ | known
        )
        logs = encrypted.logs()
    assert stranger.returncode == 4
    assert "distributed.comm.tls" in stranger.stderr
    assert member.returncode == 0, member.stderr + logs
    (text,) = (tmp_path / "out").glob("*.txt")
    assert "Metformin 500 mg" in text.read_text()


@pytest.fixture
def certificates(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is its own CA, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    place = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([place]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (tmp_path / "cluster.pem").write_bytes(made.public_bytes(pem))
    (tmp_path / "cluster.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return tmp_path / "cluster.pem", tmp_path / "cluster.key"
