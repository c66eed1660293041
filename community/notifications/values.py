"""What stands in for the placeholders of a notification's texts: names as they are now, in the reader's locale. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from community.comments.model import Comment
from community.gatherings.model import Gathering
from community.notifications.model import Notification
from community.notifications.texts import TEXTS, in_locale
from community.posts.model import Post
from gamification.kit.messages import MessageInvalid, parse
from gamification.kit.records import record
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Definition, localised
from gamification.programmes.definitions.notifications import Channel, NotificationKind

EXCERPT_MAX = 140
_PLAIN = ("until", "state", "direction", "rank", "size", "notice", "to")


@record(frozen=True, slots=True)
class Seen:
    """A notification as its member may see it now: without those whom they are not to see, and what they may not read.
    `actors` latest first, some of them; `count` of all."""

    notification: Notification
    count: int
    actors: tuple[Member, ...]
    post: Post | None = None
    comment: Comment | None = None
    gathering: Gathering | None = None


def values_of(seen: Seen, member: Member, catalogue: Catalogue, locale: str) -> dict[str, Any]:
    """By placeholder."""
    one = seen.notification
    facts = one.facts
    values: dict[str, Any] = {
        "member": member.display_name,
        "programme": programme_name(catalogue, locale),
        "at": one.at,
        "actor": seen.actors[0].display_name if seen.actors else None,
        "count": seen.count,
        "others": max(seen.count - 1, 0),
        **{name: facts[name] for name in _PLAIN if name in facts},
    }
    for name, definitions in _definitions(catalogue).items():
        if name in facts:
            values[name] = _label(definitions.get(facts[name]), facts[name], catalogue, locale)
    if "tier" in facts:
        tiers = _tiers(catalogue, facts.get("ladder"), locale)
        values["tier"] = tiers.get(facts["tier"], facts["tier"])
        values["after"] = tiers.get(facts.get("after", ""), facts.get("after"))
    if seen.post is not None:
        values["post"] = seen.post.written.title or excerpt(seen.post.written.text)
        space = catalogue.spaces.get(seen.post.space)
        values["space"] = _label(space, seen.post.space, catalogue, locale)
        values["excerpt"] = _excerpt(seen)
    if seen.gathering is not None:
        values["gathering"] = seen.gathering.written.title
        values["starts"] = seen.gathering.times.starts_at
    return values


def words_of(
    seen: Seen, member: Member, catalogue: Catalogue, locale: str, channel: Channel = Channel.IN_APP
) -> tuple[str, str]:
    """(title, body): the campaign's own, else the programme's, else those that come with Starguild."""
    values = values_of(seen, member, catalogue, locale)
    kind = seen.notification.kind
    title, body = TEXTS[kind][in_locale(TEXTS[kind], locale)]
    own = seen.notification.facts.get("content") or {}
    settings = catalogue.settings

    def said(part: str, built_in: str) -> str:
        stated = own.get(part) or settings.notifications.texts(kind, channel, part)
        text = localised(dict(stated), locale, settings.locale) if stated else built_in
        return shown(text or "", values, locale, member.time_zone)

    return said("title", title), said("body", body)


def shown(text: str, values: Mapping[str, Any], locale: str, time_zone: str) -> str:
    """A message in words; one that can't be read, as it stands."""
    try:
        return parse(text).format(values, locale, time_zone)
    except MessageInvalid:
        return text


def _excerpt(seen: Seen) -> str:
    """Of the comment that it is about, else of the post."""
    about = seen.comment if seen.notification.comment_id is not None else seen.post
    return excerpt(about.written.text) if about is not None else ""


def excerpt(text: str) -> str:
    """The beginning of a text, in one line."""
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT_MAX else line[: EXCERPT_MAX - 1].rstrip() + "…"


def programme_name(catalogue: Catalogue, locale: str) -> str:
    """What the programme is called."""
    settings = catalogue.settings
    return localised(settings.name, locale, settings.locale) or settings.key


def is_of_many(kind: NotificationKind) -> bool:
    """Whether it is told of others, all of whom may be hidden from the member."""
    return kind in _OF_MANY


_OF_MANY = frozenset(
    {
        NotificationKind.POST_COMMENTED,
        NotificationKind.QUESTION_ANSWERED,
        NotificationKind.COMMENT_REPLIED,
        NotificationKind.MENTIONED,
        NotificationKind.REACTED,
        NotificationKind.FOLLOWED,
    }
)


def _definitions(catalogue: Catalogue) -> dict[str, Mapping[str, Definition]]:
    return {
        "task": catalogue.tasks,
        "badge": catalogue.badges,
        "collection": catalogue.collections,
        "board": catalogue.leaderboards,
        "draw": catalogue.draws,
        "reward": catalogue.rewards,
        "ladder": catalogue.ladders,
        "goal": catalogue.goals,
        "contest": catalogue.contests,
    }


def _label(definition: Definition | None, key: str, catalogue: Catalogue, locale: str) -> str:
    return definition.label(locale, catalogue.settings.locale) if definition is not None else key


def _tiers(catalogue: Catalogue, ladder: str | None, locale: str) -> dict[str, str]:
    found = catalogue.ladders.get(ladder or "")
    tiers: Sequence[Any] = found.tiers if found is not None else ()
    return {one.key: localised(one.name, locale, catalogue.settings.locale) or one.key for one in tiers}
