"""Settings: flags before environment before file; wrong values named."""

from pathlib import Path

import pytest

from core.errors import InputError
from scripts._local import store_settings
from scripts._settings import Settings


def test_load_takes_flag_before_environment_before_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("chain_id = 1\ndapp_port = 1111\nworkers = 3\n")
    environ = {"ANAMNESIS_CHAIN_ID": "2", "ANAMNESIS_DAPP_PORT": "2222"}
    settings = Settings.load(tmp_path, environ, dapp_port=3333)
    assert (settings.workers, settings.chain_id, settings.dapp_port) == (3, 2, 3333)


def test_load_takes_home_from_environment_and_closes_it_to_others(tmp_path: Path) -> None:
    home = tmp_path / "home"
    settings = Settings.load(environ={"ANAMNESIS_HOME": str(home)})
    assert settings.home == home
    assert home.stat().st_mode & 0o777 == 0o700


def test_load_names_a_wrong_field_and_its_variable(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="dapp_port") as caught:
        Settings.load(tmp_path, {"ANAMNESIS_DAPP_PORT": "99999"})
    assert "ANAMNESIS_DAPP_PORT" in caught.value.remedy


def test_load_names_an_unknown_setting(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("colour = 'red'\n")
    with pytest.raises(InputError, match="colour"):
        Settings.load(tmp_path, {})


def test_load_refuses_a_broken_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("chain_id = \n")
    with pytest.raises(InputError, match=r"config\.toml"):
        Settings.load(tmp_path, {})


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = Settings.load(tmp_path, {})
    with pytest.raises(ValueError, match="frozen"):
        settings.chain_id = 5


def test_credentials_go_to_the_node_of_the_settings_and_to_no_other(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    file.write_text("clinic:correct horse battery staple\n")
    file.chmod(0o600)
    environ = {
        "ANAMNESIS_IPFS": "/ip4/127.0.0.1/tcp/5001",
        "ANAMNESIS_IPFS_CREDENTIALS": str(file),
    }
    settings = Settings.load(tmp_path / "home", environ)
    named = store_settings(settings, "/ip4/127.0.0.1/tcp/5001")
    assert named.credentials == ("clinic", "correct horse battery staple")
    assert "battery" not in repr(named) + repr(settings)
    assert store_settings(settings, "/unix/tmp/rpc.sock").credentials is None


def test_credentials_are_not_carried_to_another_node_that_a_later_setting_names(
    tmp_path: Path,
) -> None:
    here, there = "/ip4/127.0.0.1/tcp/5001", "/ip4/127.0.0.1/tcp/6001"
    (tmp_path / "config.toml").write_text(f'ipfs = "{here}"\nipfs_credentials = "clinic"\n')
    assert Settings.load(tmp_path, {}).ipfs_credentials == Path("clinic")
    assert Settings.load(tmp_path, {}, ipfs=here).ipfs_credentials == Path("clinic")
    assert Settings.load(tmp_path, {}, ipfs=there).ipfs_credentials is None
    assert Settings.load(tmp_path, {"ANAMNESIS_IPFS": there}).ipfs_credentials is None
    own = {"ANAMNESIS_IPFS": there, "ANAMNESIS_IPFS_CREDENTIALS": "other"}
    assert Settings.load(tmp_path, own).ipfs_credentials == Path("other")
    (tmp_path / "config.toml").write_text('ipfs_credentials = "clinic"\n')
    assert Settings.load(tmp_path, {}, ipfs=there).ipfs_credentials == Path("clinic")


def test_load_refuses_an_address_that_is_no_multiaddr(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="ipfs"):
        Settings.load(tmp_path, {"ANAMNESIS_IPFS": "http://127.0.0.1:5001"})
