"""Making members' candidates from what was learnt, and seeing what came of what they were shown. So many members in so many
reads."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from community.posts.access import may_read
from community.posts.model import Post
from community.posts.repository import LATEST, PostRepository
from community.questions.model import QuestionMark
from community.recommendations.learning import ALL, Groups, space_group
from community.recommendations.model import (
    CONVERTED_WITHIN,
    STORED_MAX,
    Basis,
    Candidate,
    Choices,
    Code,
    Interaction,
    Kind,
    Neighbour,
    Popular,
    Run,
    Shown,
    Stored,
)
from community.recommendations.popularity import FRESH_FOR, blended, counts_at
from community.recommendations.ranking import candidates_of, worth
from community.recommendations.reading import WEIGHTS, InteractionReading
from community.recommendations.repository import RecommendationRepository
from community.spaces.service import SpaceService, Viewer
from gamification.kit.records import record
from gamification.members.model import Member, Standing
from gamification.members.repository import MemberRepository
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import PostKind
from storage.mongo import Mongo
from storage.paging import Window

PAGE = 100
SEEDS_MAX = 50
"""Of what a member did so much of each kind, the latest, is gone out from."""
COLD = 3
"""Who did less is told what is popular with who is like them."""
QUESTIONS_MAX = 200
_TAGS_MAX = 5
_ANSWERABLE_MAX = 5
_STRONGEST = max(WEIGHTS.values())
Lists = Mapping[tuple[Kind, str], list[Popular]]


@record(frozen=True, slots=True)
class Common:
    """What goes for all members of a programme: which kinds go by what is chosen together, and the questions that nobody answered."""

    catalogue: Catalogue
    now: datetime
    personal: Mapping[Kind, bool]
    unanswered: tuple[Post, ...]


@record(frozen=True, slots=True)
class Behaviour:
    """What is known of one member."""

    member: Member
    viewer: Viewer
    did: Mapping[Kind, Sequence[Interaction]]
    groups: Sequence[str]
    tags: Sequence[str]


class Making:
    """The worker's."""

    def __init__(
        self,
        mongo: Mongo,
        repository: RecommendationRepository,
        reading: InteractionReading,
        members: MemberRepository,
        posts: PostRepository,
        spaces: SpaceService,
        groups: Groups,
        now: Callable[[], datetime],
    ) -> None:
        self._mongo = mongo
        self._repository = repository
        self._reading = reading
        self._members = members
        self._posts = posts
        self._spaces = spaces
        self._groups = groups
        self._now = now

    async def common(self, catalogue: Catalogue, run: Run) -> Common:
        """What is read once for all."""
        personal = {one.kind: one.is_personal for one in run.measured}
        query = {"marks": QuestionMark.UNANSWERED.value, "state": "published", "shadowed": None}
        page = await self._posts.page(catalogue.programme_id, query, LATEST, Window(QUESTIONS_MAX))
        return Common(catalogue, self._now(), personal, tuple(page.rows))

    async def make(self, common: Common, member_ids: Sequence[bytes]) -> int:
        """Make these members' candidates anew; of how many."""
        done = 0
        for start in range(0, len(member_ids), PAGE):
            done += await self._page(common, member_ids[start : start + PAGE])
        return done

    async def _page(self, common: Common, member_ids: Sequence[bytes]) -> int:
        programme_id, now = common.catalogue.programme_id, common.now
        found = await self._members.by_ids(programme_id, member_ids)
        members = [one for one in found.values() if not one.is_gone and one.standing is not Standing.BANNED]
        choices = await self._repository.choices([one.id for one in members])
        members = [one for one in members if choices.get(one.id, _UNDECIDED).personalised]
        ids = [one.id for one in members]
        did = await self._reading.of(programme_id, ids, now)
        await self._settle(programme_id, did, now)
        viewers = await asyncio.gather(*(self._spaces.viewer_of(one) for one in members))
        groups = await self._groups.of(common.catalogue, members, now)
        tags = await self._tags(programme_id, did)
        known = [
            Behaviour(member, viewer, did[member.id], groups[member.id], tags[member.id])
            for member, viewer in zip(members, viewers, strict=True)
        ]
        lists = await self._lists(programme_id, known)
        near = await self._near(common, known)
        # Of what is stored by id alone, who may see it is told here, so that what is kept is not wasted on what they may not.
        posts = await self._candidate_posts(programme_id, lists, near)
        await self._repository.save([_made(common, one, lists, near, posts) for one in known])
        # Of who is gone, banned, or wants nothing personal by now nothing is kept that was being made as they decided so.
        await self._repository.forget(sorted(set(member_ids) - set(ids)))
        return len(known)

    async def _settle(
        self, programme_id: str, did: Mapping[bytes, Mapping[Kind, Sequence[Interaction]]], now: datetime
    ) -> None:
        for member_id, waiting in (await self._repository.waiting(list(did))).items():
            done = [one for one in waiting if _is_done(one, did[member_id].get(one.kind, ()))]
            over = [one for one in waiting if one in done or one.at + CONVERTED_WITHIN < now]
            if over:
                await self._mongo.transaction(
                    lambda tx, whose=member_id, gone=over, seen=done: self._repository.settle(  # type: ignore[misc]
                        programme_id, whose, gone, seen, tx
                    )
                )

    async def _tags(
        self, programme_id: str, did: Mapping[bytes, Mapping[Kind, Sequence[Interaction]]]
    ) -> dict[bytes, list[str]]:
        """The tags of questions that these members answered, the most frequent first."""
        answered = {
            member_id: [
                bytes.fromhex(one.item)
                for one in by_kind.get(Kind.POST, ())[-SEEDS_MAX:]
                if one.weight >= WEIGHTS["commented"]
            ]
            for member_id, by_kind in did.items()
        }
        ids = {one for some in answered.values() for one in some}
        posts = await self._posts.by_ids(programme_id, sorted(ids))
        found: dict[bytes, list[str]] = {}
        for member_id, some in answered.items():
            counts = Counter(
                tag
                for one in some
                if one in posts and posts[one].kind is PostKind.QUESTION
                for tag in posts[one].written.tags
            )
            found[member_id] = [tag for tag, _ in counts.most_common(_TAGS_MAX)]
        return found

    async def _lists(self, programme_id: str, known: Sequence[Behaviour]) -> Lists:
        groups = {group for one in known for group in one.groups}
        spaces = {space_group(key) for one in known for key in one.viewer.readable}
        wanted = [(kind, group) for kind in Kind for group in sorted({ALL, *groups})]
        wanted += [(Kind.POST, group) for group in sorted(spaces)]
        return await self._repository.lists(programme_id, wanted)

    async def _near(
        self, common: Common, known: Sequence[Behaviour]
    ) -> dict[Kind, dict[str, list[Neighbour]]]:
        found: dict[Kind, dict[str, list[Neighbour]]] = {}
        for kind in Kind:
            items = {one.item for who in known for one in who.did.get(kind, ())[-SEEDS_MAX:]}
            personal = common.personal.get(kind, True)
            found[kind] = (
                await self._repository.neighbours(common.catalogue.programme_id, kind, sorted(items))
                if personal
                else {}
            )
        return found

    async def _candidate_posts(
        self, programme_id: str, lists: Lists, near: Mapping[Kind, Mapping[str, list[Neighbour]]]
    ) -> dict[str, Post]:
        items = {one.item for (kind, _), some in lists.items() if kind is Kind.POST for one in some}
        items |= {one.item for some in near[Kind.POST].values() for one in some}
        found = await self._posts.by_ids(programme_id, sorted(bytes.fromhex(one) for one in items))
        return {key.hex(): post for key, post in found.items()}


_UNDECIDED = Choices(b"", "")


def _made(
    common: Common,
    who: Behaviour,
    lists: Lists,
    near: Mapping[Kind, Mapping[str, list[Neighbour]]],
    posts: Mapping[str, Post],
) -> Stored:
    made: dict[Kind, tuple[Candidate, ...]] = {}
    for kind in Kind:
        did = who.did.get(kind, ())
        popular, like_them = popular_for(kind, lists, who.groups, who.viewer.readable, cold=len(did) < COLD)
        done = _done(kind, who)
        fresh: set[str] = set()
        if kind is Kind.POST:
            unseen = {item for item in posts if not _may_have(who, posts[item])}
            done |= unseen | {one.item for one in popular if one.item not in posts}
            fresh = {item for item, post in posts.items() if _is_fresh(post, common.now)}
        seeds = [
            (one.item, one.weight / _STRONGEST * counts_at(kind, one.at, common.now))
            for one in did[-SEEDS_MAX:]
        ]
        found = candidates_of(kind, popular, seeds, near[kind], done, like_them=like_them, fresh=fresh)
        made[kind] = tuple(_answerable(common, who) + found if kind is Kind.POST else found)[:STORED_MAX]
    return Stored(who.member.id, who.member.programme_id, common.now, made)


def popular_for(
    kind: Kind, lists: Lists, groups: Sequence[str], readable: Sequence[str], *, cold: bool
) -> tuple[list[Popular], bool]:
    """What is popular, for who is in these groups and reads these spaces; and whether that is with who is like them. Who did little
    is told that, where anybody like them did anything."""
    if cold:
        own = [lists[kind, group] for group in groups if lists.get((kind, group))]
        if own:
            return blended(own), True
    if kind is not Kind.POST:
        return list(lists.get((kind, ALL), ())), False
    found = [one for key in readable for one in lists.get((kind, space_group(key)), ())]
    return sorted(found, key=lambda one: (-one.score, one.item)), False


def _done(kind: Kind, who: Behaviour) -> set[str]:
    """What is not to be recommended again by what is stored: tasks and rewards come again, and are looked at when they are shown."""
    did = who.did.get(kind, ())
    if kind is Kind.MEMBER:
        return {one.item for one in did if one.weight >= WEIGHTS["followed"]} | {who.member.id.hex()}
    if kind in (Kind.POST, Kind.SPACE):
        return {one.item for one in did}
    return set()


def _may_have(who: Behaviour, post: Post) -> bool:
    return post.counts and post.author_id != who.member.id and may_read(who.viewer, post)


def _is_fresh(post: Post, now: datetime) -> bool:
    return post.published_at is not None and now - post.published_at < FRESH_FOR


def _answerable(common: Common, who: Behaviour) -> list[Candidate]:
    """Questions that nobody answered about what the member answered before, the newest first."""
    had = {one.item for one in who.did.get(Kind.POST, ())}
    found: list[Candidate] = []
    for post in common.unanswered:
        tag = next((tag for tag in who.tags if tag in post.written.tags), None)
        if tag is not None and post.id.hex() not in had and _may_have(who, post):
            basis = Basis(Code.UNANSWERED, tag=tag)
            found.append(Candidate(Kind.POST, post.id.hex(), worth(len(found)), basis))
    return found[:_ANSWERABLE_MAX]


def _is_done(shown: Shown, did: Sequence[Interaction]) -> bool:
    """Whether it was done in time: a task completed, else anything."""
    least = WEIGHTS["completed"] if shown.kind is Kind.TASK else 0
    return any(
        one.item == shown.item and shown.at < one.at <= shown.at + CONVERTED_WITHIN and one.weight >= least
        for one in did
    )
