"""Programmes' keys in files: `<programme>.jwks.json` in one directory, read anew when one changes.

Only the operator's command writes them; who can read them can sign as the programme.
"""

import os
import tempfile
from pathlib import Path

import structlog

from api.settings import Settings
from gamification.credentials.keys import Keys, KeysUnreadable, read_keys, with_new_key
from gamification.credentials.service import Issuing

log = structlog.get_logger()


class KeyFiles:
    """Keys by programme. A file that can't be read signs nothing, and the log says why, once for each state of it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._read: dict[str, tuple[tuple[int, int], Keys | None]] = {}

    def of(self, programme_id: str) -> Keys | None:
        """The programme's keys; None where it has none that can be used."""
        file = self.file(programme_id)
        try:
            found = file.stat()
        except OSError:
            return None
        state = (found.st_mtime_ns, found.st_ino)
        held = self._read.get(programme_id)
        if held is None or held[0] != state:
            held = self._read[programme_id] = (state, _read(file))
        return held[1]

    def file(self, programme_id: str) -> Path:
        """Where a programme's keys are. A key of a programme has no slash, so it is always in the directory."""
        return self._directory / f"{programme_id}.jwks.json"

    def make(self, programme_id: str) -> Keys:
        """Make a new key that signs from now on; those there were go on being published. Raises: KeysUnreadable,
        OSError."""
        file = self.file(programme_id)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        before = file.read_bytes() if file.exists() else None
        text = with_new_key(before)
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=".jwks-")  # mode 0600
        try:
            with os.fdopen(descriptor, "wb") as new:
                new.write(text)
                new.flush()
                os.fsync(new.fileno())
            Path(name).replace(file)
        finally:
            Path(name).unlink(missing_ok=True)
        return read_keys(text)


def key_files(settings: Settings) -> KeyFiles:
    """Where the settings say that keys are."""
    return KeyFiles(settings.credential_keys or settings.data_dir / "credential-keys")


def issuing(settings: Settings) -> Issuing | None:
    """What it takes to sign; None where the installation has no public address."""
    url = settings.public_url
    if url is None and settings.is_private:
        url = f"http://{settings.host}:{settings.port}"
    return Issuing(url, key_files(settings)) if url else None


def _read(file: Path) -> Keys | None:
    try:
        return read_keys(file.read_bytes())
    except (KeysUnreadable, OSError) as error:
        log.warning("credentials.keys_unreadable", file=str(file), error=str(error))
        return None
