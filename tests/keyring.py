"""Keys for tests: each programme gets its own when it is first asked for."""

from gamification.credentials.keys import Keys, read_keys, with_new_key

BASE_URL = "https://club.example"


class KeysInMemory:
    """A keyring; programmes in `without` have no key."""

    def __init__(self) -> None:
        self.texts: dict[str, bytes] = {}
        self.without: set[str] = set()

    def of(self, programme_id: str) -> Keys | None:
        if programme_id in self.without:
            return None
        if programme_id not in self.texts:
            self.texts[programme_id] = with_new_key(None)
        return read_keys(self.texts[programme_id])

    def rotate(self, programme_id: str) -> None:
        """A new key signs from now on."""
        self.texts[programme_id] = with_new_key(self.texts[programme_id])
