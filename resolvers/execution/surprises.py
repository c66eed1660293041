"""Why the compiled way is left: known beforehand, or met on the way."""


class Unsupported(Exception):
    """The operation holds something that the compiler leaves to graphql-core; `reason` is a word for the metric."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Surprise(Exception):
    """Something that is not as the schema foresees: graphql-core completes the same value again, and says what is
    wrong. The argument is a word for the metric."""


def surprise(value: object) -> None:
    """Raises: Surprise."""
    raise Surprise("value")
