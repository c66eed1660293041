"""Values that never change, at the price of ones that could.

`record` is `dataclass` and `evolve` is `dataclasses.replace` to the type checker, which refuses to set a field of a
frozen class. At run time the class is not frozen: guarding each field of each new value took a tenth of intake's time
(`bench/README.md`), and what the checker has proved needs no guard.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from dataclasses import dataclass as record
    from dataclasses import replace as evolve
else:
    T = TypeVar("T")

    def record(*, frozen: bool, slots: bool) -> Callable[[type[T]], type[T]]:
        """A dataclass with slots that compares and hashes by its fields."""
        assert frozen  # noqa: S101 - what is not meant to be frozen is a plain dataclass
        return dataclass(slots=slots, unsafe_hash=True)

    def evolve(value: T, /, **changes: Any) -> T:
        """A copy with some fields changed."""
        kind = value.__class__
        copy = object.__new__(kind)
        for name in kind.__slots__:
            setattr(copy, name, changes[name] if name in changes else getattr(value, name))
        return copy


__all__ = ["evolve", "record"]
