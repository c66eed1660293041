"""Rows of a Stack Exchange data dump: one XML file an entity, one `<row>` with attributes a record.

Source: the dump's own readme; dates are UTC without a suffix, to the millisecond, those of votes to the day.
"""

from collections.abc import Iterator, Mapping
from datetime import MAXYEAR, UTC, datetime, timedelta
from pathlib import Path
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from gamification.importers.model import SourceUnreadable

Row = Mapping[str, str]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_WHOLE_MAX = 2**53 - 1
"""Ids and counts are kept in 64 bits, and no site has numbers of that size."""


class MalformedRowError(ValueError):
    """An attribute that the translation needs is missing or isn't of its kind."""


def rows(path: Path) -> Iterator[Row]:
    """The attributes of each row, one row in memory at a time.

    Raises: SourceUnreadable where the file is missing, isn't well-formed, or declares a document type
    (entities can expand without bound; a dump has none).
    """
    try:
        with path.open("rb") as stream:
            root = None
            for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
                if root is None:
                    root = element
                elif event == "end" and element.tag == "row":
                    yield dict(element.attrib)
                    # The root keeps every finished child; without this the whole file stays in memory.
                    root.clear()
    except OSError as error:
        raise SourceUnreadable(f"Can't read {path}: {error.strerror}.") from error
    except ParseError as error:
        raise SourceUnreadable(f"{path} is not well-formed XML: {error}.") from error
    except DefusedXmlException as error:
        raise SourceUnreadable(
            f"{path} declares a document type or entities, which a data dump never does; refused."
        ) from error


def text(row: Row, name: str) -> str:
    """Raises: MalformedRowError where the attribute is missing."""
    try:
        return row[name]
    except KeyError:
        raise MalformedRowError(f"no {name}") from None


def whole(row: Row, name: str) -> int:
    """Raises: MalformedRowError where the attribute is missing or not a whole number, or is beyond what can be kept."""
    value = text(row, name)
    try:
        number = int(value)
    except ValueError:
        raise MalformedRowError(f"{name} is {value!r}, not a whole number") from None
    if abs(number) > _WHOLE_MAX:
        raise MalformedRowError(f"{name} is {number}, which is too large")
    return number


def optional_whole(row: Row, name: str) -> int | None:
    """None where the attribute is missing. Raises: MalformedRowError where it isn't a whole number."""
    return whole(row, name) if name in row else None


def milliseconds(row: Row, name: str) -> int:
    """A date as whole milliseconds since 1970, UTC. Raises: MalformedRowError, also for a date before that."""
    value = text(row, name)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise MalformedRowError(f"{name} is {value!r}, not a date") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    # Where the calendar ends, dates that state an offset can't be told in UTC.
    if not _EPOCH.year - 1 <= moment.year < MAXYEAR or moment < _EPOCH:
        raise MalformedRowError(f"{name} is {value!r}, when there were no sites")
    return (moment - _EPOCH) // _MILLISECOND


def moment(milliseconds_since_1970: int) -> datetime:
    """The UTC time of whole milliseconds since 1970."""
    return _EPOCH + milliseconds_since_1970 * _MILLISECOND
