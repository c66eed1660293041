"""Writing threads that were read elsewhere: questions as posts, answers and comments below them, votes as counts.

A part is some whole threads in one transaction, and each thing's id follows from what it was there: a part that is done
again, after a crash or by a second import at the same time, finds its threads and leaves them as they are. Nothing of it is
recorded as activity: the import of activity does that.
"""

from collections.abc import Iterable, Sequence

from community.bookmarks.repository import BookmarkRepository
from community.comments.repository import CommentRepository
from community.importing.model import ImportedContent, imported_id
from community.importing.repository import ImportedVoteRepository
from community.importing.translation import Authors, Translated, Translation
from community.posts.repository import PostRepository
from community.posts.work import markup_of
from community.questions.repository import QuestionRepository
from gamification.importers.threads import SourceThread
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import InvalidInput
from gamification.members.model import NewMember
from gamification.members.repository import MemberRepository
from gamification.members.service import MemberService
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import PostKind, Space
from gamification.programmes.service import ProgrammeService
from storage.mongo import Mongo, Tx

NOBODY = "import:deleted-user"
"""The external id of the member who stands for those who were gone there."""
_NOBODYS_NAME = "Deleted user"


class ContentImport:
    """For the command line."""

    def __init__(
        self,
        mongo: Mongo,
        programmes: ProgrammeService,
        members: MemberService,
        profiles: MemberRepository,
        posts: PostRepository,
        comments: CommentRepository,
        questions: QuestionRepository,
        bookmarks: BookmarkRepository,
        votes: ImportedVoteRepository,
    ) -> None:
        self._mongo = mongo
        self._programmes = programmes
        self._members = members
        self._profiles = profiles
        self._posts = posts
        self._comments = comments
        self._questions = questions
        self._bookmarks = bookmarks
        self._votes = votes

    async def require_space(self, programme_id: str, space: str) -> Space:
        """The space where it is to stand. Raises: InvalidInput where there is none that takes questions."""
        catalogue = await self._programmes.catalogue(programme_id)
        found = catalogue.spaces.get(space)
        if found is None or PostKind.QUESTION not in found.kinds:
            raise InvalidInput(
                f"The programme has no space {space!r} that takes questions; add one to its file, or name another."
            )
        return found

    async def write(self, actor: Actor, space: str, threads: Sequence[SourceThread]) -> ImportedContent:
        """Write what of these threads is not there yet: all of them or none. Raises: InvalidInput."""
        actor.require(Permission.COMMUNITY_ACT_AS)
        programme_id = actor.programme_id
        await self.require_space(programme_id, space)
        catalogue = await self._programmes.catalogue(programme_id)
        ids = {imported_id(programme_id, _name(one), one.question.at): one for one in threads}
        known = await self._posts.by_ids(programme_id, list(ids))
        fresh = [thread for found, thread in ids.items() if found not in known]
        authors = await self._authors(actor, fresh)
        translated = [self._translated(catalogue, space, authors, one) for one in fresh]

        async def body(tx: Tx) -> ImportedContent:
            there = await self._posts.by_ids(programme_id, [one.post.id for one in translated], tx)
            new = [one for one in translated if one.post.id not in there]
            await self._store(new, tx)
            done = ImportedContent(threads=len(threads), known=len(threads) - len(new))
            for one in new:
                done.add(one.counts)
            return done

        return await self._mongo.transaction(body)

    async def _store(self, translated: Sequence[Translated], tx: Tx) -> None:
        await self._posts.save([one.post for one in translated], tx)
        await self._posts.add_revisions([one.revision for one in translated], tx)
        await self._comments.save([comment for one in translated for comment in one.comments], tx)
        for one in translated:
            await self._questions.save(one.question, tx)
        for bookmark in (kept for one in translated for kept in one.bookmarks):
            await self._bookmarks.save(bookmark, tx)
        await self._votes.add([vote for one in translated for vote in one.votes], tx)

    def _translated(
        self, catalogue: Catalogue, space: str, authors: Authors, thread: SourceThread
    ) -> Translated:
        community = catalogue.settings.community
        return Translation(
            programme_id=catalogue.programme_id,
            space=space,
            authors=authors,
            markup=markup_of(catalogue, _nobody),
            vote_key=community.reactions[0],
            depth=community.comment_depth,
        ).of(thread)

    async def _authors(self, actor: Actor, threads: Sequence[SourceThread]) -> Authors:
        """The members behind the numbers; one stands for all who are none."""
        wanted = {str(one) for thread in threads for one in _people(thread) if one is not None and one >= 0}
        found = await self._profiles.by_external_ids(actor.programme_id, sorted(wanted))
        found = {one: member for one, member in found.items() if not member.is_gone}
        missing = {one for thread in threads for one in _owners(thread)} - {int(one) for one in found}
        nobody = None
        if missing:
            await self._members.ensure(actor, [NewMember(NOBODY, display_name=_NOBODYS_NAME)])
            nobody = (await self._profiles.by_external_ids(actor.programme_id, [NOBODY]))[NOBODY]
        return Authors({int(one): member for one, member in found.items()}, nobody)


def _name(thread: SourceThread) -> str:
    return f"post:{thread.question.number}"


def _owners(thread: SourceThread) -> Iterable[int | None]:
    """Who wrote anything of a thread."""
    for post in (thread.question, *thread.answers):
        yield post.owner
    for comment in thread.comments:
        yield comment.owner


def _people(thread: SourceThread) -> Iterable[int | None]:
    yield from _owners(thread)
    for post in (thread.question, *thread.answers):
        yield post.editor
        yield from (kept.user for kept in post.favourites)


def _nobody(_: str) -> None:
    """What is imported mentions nobody by id."""
