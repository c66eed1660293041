"""What every change of a post goes through: who acts, the post as it is, its text, and the activity that it is recorded as."""

from collections.abc import Awaitable, Callable, Sequence

from community.acting import acting, kept_name
from community.posts.access import may_read
from community.posts.model import NOTHING_WRITTEN, Post, PostState, Revision, TakenDown, Written, revision_id
from community.posts.repository import PostRepository
from community.posts.watching import PostWatcher
from community.recording import Acts
from community.screening.model import Text
from community.screening.service import ScreeningService, Stage
from community.spaces.service import SpaceService, Viewer
from community.writing.limits import check_body, check_tags, check_title
from community.writing.markup import Markup, read_of
from gamification.kit.actors import Actor, Role
from gamification.kit.errors import Forbidden, NotFound
from gamification.kit.records import evolve
from gamification.members.model import Member, Standing
from gamification.members.profile import check_text
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import ScreenedKind
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit

_REASON_MAX = 500
ACT = "post"

Change = Callable[[Unit, Viewer, Post], Awaitable[Post]]


class PostWork:
    """The mechanics that use cases of posts share."""

    def __init__(
        self,
        settlement: SettlementService,
        repository: PostRepository,
        spaces: SpaceService,
        acts: Acts,
        screening: ScreeningService,
        member_of: Callable[[str], bytes | None],
        watchers: Sequence[PostWatcher] = (),
    ) -> None:
        self._settlement = settlement
        self._repository = repository
        self._spaces = spaces
        self._acts = acts
        self._screening = screening
        self._member_of = member_of
        self._watchers = watchers

    async def change(self, actor: Actor, member_id: bytes | None, post_id: bytes, change: Change) -> Post:
        """Run a change of a post that the caller may read, and keep what becomes of it."""

        async def body(work: Unit) -> Post:
            viewer = await self.viewer(work, actor, member_id)
            post = (await self._repository.by_ids(actor.programme_id, [post_id], work.tx)).get(post_id)
            if post is None or not may_read(viewer, post):
                raise NotFound("There is no such post.", path=["postId"])
            changed = await change(work, viewer, post)
            if changed != post:
                await self.keep(work, actor, post, changed)
            return changed

        async with self._screening.noting():
            return await self._settlement.run(actor.programme_id, body)

    async def keep(self, work: Unit, actor: Actor, before: Post | None, after: Post) -> None:
        """Store what became of a post, and tell who keeps something beside it. Every change goes through here."""
        await self._repository.save([after], work.tx)
        for watcher in self._watchers:
            await watcher.post_kept(work, actor, before, after)

    async def viewer(self, work: Unit, actor: Actor, member_id: bytes | None) -> Viewer:
        """Who acts: the caller as they are, a member not banned, or the member that a service names."""
        if member_id is not None or actor.role is Role.MEMBER:
            return (await self.acting(work, actor, member_id))[1]
        return await self._spaces.viewer_as(actor, None, work.tx)

    async def author(self, work: Unit, actor: Actor, member_id: bytes | None) -> tuple[Member, Viewer]:
        """The member who writes, and how they see the community. Raises: Forbidden, NotFound, Conflict (MUTED)."""
        member, viewer = await self.acting(work, actor, member_id)
        viewer.require_voice()
        return member, viewer

    async def acting(self, work: Unit, actor: Actor, member_id: bytes | None) -> tuple[Member, Viewer]:
        """The member who acts, who may be muted. Raises: Forbidden, NotFound."""
        member = await acting(self._settlement, work, actor, member_id)
        return member, await self._spaces.viewer_of(member, work.tx)

    async def require_rank(self, work: Unit, viewer: Viewer, space: str, author_id: bytes) -> None:
        """Raises: Forbidden where who looks after a space would act on what somebody wrote who has no lower role there."""
        if not await self._spaces.outranks(viewer, space, author_id, work.tx):
            raise Forbidden("This takes a higher role in the space than theirs.")

    async def member(self, work: Unit, programme_id: str, member_id: bytes) -> Member:
        """Raises: NotFound where they are gone."""
        found = (await work.stores.members.by_ids(programme_id, [member_id], work.tx)).get(member_id)
        if found is None or found.is_gone:
            raise NotFound("There is no such member.", path=["postId"])
        return found

    async def publish_screened(
        self, work: Unit, viewer: Viewer, author: Member, post: Post, *, shadowed: bool = False
    ) -> Post:
        """Publish a post for the first time, unless it is held for a moderator. Raises: Screened."""
        judged = await self._screening.judge(work, viewer, post.id, text_of(post), Stage.NEW)
        if judged.is_held:
            return await self.hold(work, viewer.actor, post)
        return await self.publish_now(work, author, post, shadowed=shadowed)

    async def hold(self, work: Unit, actor: Actor, post: Post) -> Post:
        """Let a post wait for a moderator; what it earned is taken back until then."""
        if post.activity_id is not None:
            await self._acts.take_back(work, actor, post.activity_id, "the post waits for a moderator")
        return evolve(post, state=PostState.PENDING, publish_at=None, activity_id=None, pinned_at=None)

    async def publish_now(self, work: Unit, author: Member, post: Post, *, shadowed: bool = False) -> Post:
        """Publish a post, and record it as its author's activity; `shadowed`: for its author alone."""
        now, publications = work.space.now, post.publications + 1
        first = publications == 1
        published = evolve(
            post,
            state=PostState.PUBLISHED,
            published_at=now if first else post.published_at,
            publish_at=None,
            publications=publications,
            version=post.version if first else post.version + 1,
            shadowed=shadowed,
        )
        facts = {"space": post.space, "kind": post.kind.value}
        activity = None
        # What a banned member had written may come back; they do nothing meanwhile.
        if author.standing is not Standing.BANNED and not shadowed:
            activity = await self._acts.record(work, author, ACT, post.id, publications, facts)
        if first:
            await self.keep_version(work, published, author.id, None)
        return evolve(published, activity_id=activity)

    async def take_down(
        self,
        work: Unit,
        actor: Actor,
        post: Post,
        state: PostState,
        reason: str | None,
        rule: str | None = None,
    ) -> Post:
        """Put it into a state that others don't see, and take back what it earned."""
        was_published = post.state is PostState.PUBLISHED
        if was_published and post.activity_id is not None:
            await self._acts.take_back(work, actor, post.activity_id, reason or f"the post was {state}")
        waited = post.state is PostState.PENDING and state is PostState.DELETED
        down = TakenDown(work.space.now, await kept_name(work, actor), reason, rule, waited)
        gone = evolve(
            post,
            state=state,
            taken_down=down,
            publish_at=None,
            activity_id=None,
            pinned_at=None,
            version=post.version + 1,
        )
        is_forgotten = state is PostState.DELETED and not was_published and not post.publications
        return evolve(gone, written=NOTHING_WRITTEN, options=()) if is_forgotten else gone

    async def keep_version(self, work: Unit, post: Post, by: bytes | None, reason: str | None) -> None:
        written = post.written
        found = revision_id(post.id, post.version)
        kept = Revision(
            found,
            post.programme_id,
            post.id,
            post.author_id,
            post.version,
            written.title,
            written.body,
            written.tags,
            work.space.now,
            by,
            reason,
        )
        await self._repository.add_revisions([kept], work.tx)

    async def written(self, work: Unit, title: str, body: str, tags: Sequence[str]) -> Written:
        """The text checked and rendered."""
        title, body, kept = check_title(title), check_body(body), check_tags(tags)
        return evolve(await self.rendered(work, body), title=title, tags=kept)

    async def rendered(self, work: Unit, body: str) -> Written:
        """A text rendered, without title and tags; mentions are of members that there are."""
        rendered = markup_of(work.space.catalogue, self._member_of).render(body)
        programme_id = work.space.catalogue.programme_id
        members = await work.stores.members.persons(programme_id, rendered.mentions, work.tx)
        there = [members[one].id for one in rendered.mentions if one in members and not members[one].is_gone]
        mentions = tuple(dict.fromkeys(there))
        return Written("", body, (), rendered.html, rendered.text, rendered.links, rendered.images, mentions)


def text_of(post: Post) -> Text:
    """What of a post is screened."""
    written = post.written
    return Text(
        ScreenedKind.POST,
        post.space,
        written.title,
        read_of(written.text, written.html),
        written.tags,
        tuple(link.url for link in written.links),
        len(written.mentions),
        post.options,
        len(written.images),
    )


def markup_of(catalogue: Catalogue, member_of: Callable[[str], bytes | None]) -> Markup:
    """How the texts of a programme are rendered."""
    return Markup(catalogue.settings.community.image_hosts, member_of)


def check_reason(reason: str) -> None:
    """Why something is done. Raises: InvalidInput."""
    check_text(reason, "reason", _REASON_MAX)
