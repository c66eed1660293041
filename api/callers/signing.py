"""The secret of an installation that brings none: made once and kept in its data directory."""

import os
import secrets
import tempfile
from pathlib import Path

from api.settings import SECRET_BYTES_MIN, Settings, SettingsError

_FILE = "jwt-secret"


def signing_secret(settings: Settings) -> str | None:
    """The secret that tokens are signed and checked with; None where another party signs them (JWKS).

    Raises: SettingsError when the data directory can't be used.
    """
    if settings.jwt_secret is not None:
        return settings.jwt_secret.get_secret_value()
    if settings.jwks_url is not None:
        return None
    return _kept_secret(settings.data_dir)


def _kept_secret(data_dir: Path) -> str:
    file = data_dir / _FILE
    try:
        if not file.exists():
            _make(file)
        kept = file.read_text().strip()
    except OSError as error:
        raise SettingsError(
            f"The signing secret {file} can't be read or written ({error.strerror}): "
            "allow it, set STARGUILD_DATA_DIR to another directory, or set STARGUILD_JWT_SECRET"
        ) from error
    if len(kept.encode()) < SECRET_BYTES_MIN:
        raise SettingsError(f"{file} holds no secret of {SECRET_BYTES_MIN} bytes: remove it to get a new one")
    return kept


def _make(file: Path) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{_FILE}-")  # mode 0600
    try:
        with os.fdopen(descriptor, "w") as new:
            new.write(secrets.token_urlsafe(48) + "\n")
        # A link is made or refused in one step: of two processes that start at once, both keep the first's.
        os.link(name, file)
    except FileExistsError:
        return
    finally:
        Path(name).unlink(missing_ok=True)
