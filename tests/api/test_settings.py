import stat
from pathlib import Path

import pytest

from api.callers.signing import signing_secret
from api.outgoing import outbound_of, sealer_of
from api.settings import Settings, SettingsError, load_settings
from community.outbound.addresses import networks_of
from community.outbound.sealing import Sealer
from community.outbound.urls import OutboundRules

LONG = "x" * 32


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PORT", "MONGODB_URL", "REDIS_URL", "STARGUILD_JWT_SECRET", "STARGUILD_JWKS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("STARGUILD_DATA_DIR", str(tmp_path / "data"))


def test_without_urls_both_servers_are_embedded() -> None:
    settings = load_settings()
    assert settings.is_embedded
    assert settings.is_private
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)


def test_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9000")
    monkeypatch.setenv("MONGODB_URL", "mongodb://db:27017/?replicaSet=rs0")
    monkeypatch.setenv("STARGUILD_JWT_SECRET", LONG)
    monkeypatch.setenv("STARGUILD_CORS_ORIGINS", "https://a.example, https://b.example")
    settings = load_settings()
    assert settings.port == 9000
    assert settings.is_embedded
    assert not settings.is_private
    assert settings.cors_origins == ("https://a.example", "https://b.example")


def test_stated_settings_come_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9000")
    assert load_settings(port=9001).port == 9001
    assert load_settings(port=None).port == 9000


def test_an_empty_variable_is_as_if_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGODB_URL", "")
    assert load_settings().is_private


@pytest.mark.parametrize("variable", ["MONGODB_URL", "REDIS_URL"])
def test_own_servers_need_a_secret_or_keys(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    url = "mongodb://db/" if variable == "MONGODB_URL" else "redis://store/0"
    monkeypatch.setenv(variable, url)
    with pytest.raises(SettingsError, match=r"STARGUILD_JWT_SECRET.*STARGUILD_JWKS_URL") as caught:
        load_settings()
    assert "\n" not in str(caught.value)
    monkeypatch.setenv("STARGUILD_JWKS_URL", "https://id.example/jwks")
    assert load_settings().jwks_url


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("STARGUILD_JWT_SECRET", "far-too-short"),
        ("PORT", "http"),
        ("PORT", "70000"),
        ("MONGODB_URL", "postgres://db"),
        ("REDIS_URL", "store:6379"),
        ("STARGUILD_LOG_FORMAT", "xml"),
        ("STARGUILD_JWKS_URL", "file:///etc/passwd"),
        ("STARGUILD_OUTBOUND_NETWORKS", "10.1.0.0/16, ten"),
        ("STARGUILD_OUTBOUND_NETWORKS", "10.1.2.3/16"),
        ("STARGUILD_SECRET_KEYS", f"{LONG},far-too-short"),
    ],
)
def test_a_bad_value_is_one_line_that_names_its_variable_and_hides_it(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv("STARGUILD_JWT_SECRET", LONG)
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=variable) as caught:
        load_settings()
    assert "\n" not in str(caught.value)
    assert "far-too-short" not in str(caught.value)


def test_an_embedded_secret_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    settings = load_settings()
    first = signing_secret(settings)
    assert first is not None
    assert len(first) >= 32
    assert signing_secret(load_settings()) == first
    file = tmp_path / "data" / "jwt-secret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["jwt-secret"]


def test_a_stated_secret_is_used_and_nothing_is_kept(tmp_path: Path) -> None:
    assert signing_secret(load_settings(jwt_secret=LONG)) == LONG
    assert not (tmp_path / "data").exists()


def test_with_keys_of_another_party_there_is_no_secret(tmp_path: Path) -> None:
    assert signing_secret(load_settings(jwks_url="https://id.example/jwks")) is None
    assert not (tmp_path / "data").exists()


def test_a_secret_cut_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "jwt-secret").write_text("short\n")
    with pytest.raises(SettingsError, match="jwt-secret"):
        signing_secret(load_settings())


def test_a_data_directory_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(SettingsError, match="STARGUILD_DATA_DIR"):
        signing_secret(load_settings())


def test_what_may_be_called_and_what_seals_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    closed, plain = outbound_of(load_settings()).rules, sealer_of(load_settings())
    assert (closed, plain.has_key) == (OutboundRules(), False)
    monkeypatch.setenv("STARGUILD_OUTBOUND_NETWORKS", "10.1.0.0/16, fd12::/48")
    monkeypatch.setenv("STARGUILD_OUTBOUND_PLAIN_HTTP", "on")
    monkeypatch.setenv("STARGUILD_SECRET_KEYS", f"{'n' * 32},{LONG}")
    settings = load_settings()
    assert outbound_of(settings).rules == OutboundRules(
        networks_of(["10.1.0.0/16", "fd12::/48"]), is_plain_allowed=True
    )
    sealed = Sealer([LONG]).seal("secret", b"about")
    assert sealer_of(settings).open(sealed, b"about") == "secret"
    assert LONG not in repr(settings)


def test_secrets_are_not_shown_when_settings_are_printed() -> None:
    assert LONG not in repr(Settings(jwt_secret=LONG))
