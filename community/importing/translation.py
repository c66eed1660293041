"""From a thread of a question-and-answer site to a post with what hangs on it: pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from community.bookmarks.model import Bookmark, bookmark_id
from community.comments.model import Comment, CommentState
from community.comments.threads import ancestors_of
from community.importing.markdown import as_text, from_html
from community.importing.model import ImportedContent, ImportedVote, imported_id, vote_id
from community.posts.model import Post, PostState, Revision, Written, revision_id
from community.questions.model import Acceptance, FirstAnswer, Question
from community.reactions.model import Target, TargetKind
from community.writing.limits import TAG_MAX, TAGS_MAX, TITLE_MAX, normal_tag
from community.writing.markup import Markup
from gamification.importers.threads import SourceComment, SourcePost, SourceThread
from gamification.kit.records import evolve
from gamification.members.model import Member
from gamification.programmes.definitions import PostKind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_TEXT = "…"
"""Of what had no text that could be kept."""


@dataclass(frozen=True, slots=True)
class Authors:
    """The members by their numbers; `nobody` stands for those who are none."""

    members: Mapping[int, Member]
    nobody: Member | None

    def of(self, number: int | None) -> Member:
        """Whose it is to be."""
        known = self.members.get(number) if number is not None else None
        found = known or self.nobody
        assert found is not None  # noqa: S101 - it is made where somebody is missing
        return found


@dataclass(slots=True)
class Translated:
    """A thread as it is stored."""

    post: Post
    revision: Revision
    question: Question
    comments: list[Comment] = field(default_factory=list)
    votes: list[ImportedVote] = field(default_factory=list)
    bookmarks: list[Bookmark] = field(default_factory=list)
    counts: ImportedContent = field(default_factory=ImportedContent)


@dataclass(frozen=True, slots=True)
class Translation:
    """How threads of a dump become content: where it stands, whose it is, and as which reaction a vote counts."""

    programme_id: str
    space: str
    authors: Authors
    markup: Markup
    vote_key: str
    depth: int

    def of(self, thread: SourceThread) -> Translated:
        """The whole thread."""
        post = self._post(thread.question)
        answers = {one.number: self._answer(post, one) for one in thread.answers}
        comments = [self._comment(post, answers, one) for one in thread.comments]
        everything = [*answers.values(), *comments]
        made = Translated(post, self._revision(thread.question, post), self._question(thread, post, answers))
        made.votes = [*self._votes(thread, post, answers), *self._scores(thread, post, comments)]
        made.bookmarks = self._bookmarks(thread, post, answers)
        below = Counter(above for one in everything for above in one.ancestors)
        ups = Counter(vote.target.id for vote in made.votes)
        made.comments = [
            evolve(one, below=below[one.id], reacted=ups[one.id], reactions=self._reactions(ups[one.id]))
            for one in everything
        ]
        made.post = evolve(post, comments=len(everything), reactions=self._reactions(ups[post.id]))
        nobodys = 0
        if self.authors.nobody is not None:
            written = [post.author_id, *(one.author_id for one in everything)]
            nobodys = written.count(self.authors.nobody.id)
        made.counts = ImportedContent(
            questions=1,
            answers=len(answers),
            comments=len(comments),
            accepted=int(made.question.accepted is not None),
            votes=len(made.votes),
            bookmarks=len(made.bookmarks),
            nobodys=nobodys,
        )
        return made

    def _post(self, source: SourcePost) -> Post:
        at = _moment(source.at)
        tags = dict.fromkeys(normal_tag(tag)[:TAG_MAX] for tag in source.tags)
        written = evolve(
            self._written(from_html(source.body)),
            title=" ".join(as_text(source.title).split())[:TITLE_MAX] or _NO_TEXT,
            tags=tuple(tags)[:TAGS_MAX],
        )
        return Post(
            id=imported_id(self.programme_id, f"post:{source.number}", source.at),
            programme_id=self.programme_id,
            space=self.space,
            author_id=self.authors.of(source.owner).id,
            kind=PostKind.QUESTION,
            state=PostState.PUBLISHED,
            version=1,
            written=written,
            created_at=at,
            published_at=at,
            edited_at=_moment(source.edited_at) if source.edited_at is not None else None,
            locked=source.closed,
            publications=1,
            heat_due=True,
        )

    def _revision(self, source: SourcePost, post: Post) -> Revision:
        """The one version that is known: as it was edited last."""
        by = post.author_id
        if source.edited_at is not None and source.editor in self.authors.members:
            by = self.authors.of(source.editor).id
        written = post.written
        found = revision_id(post.id, post.version)
        return Revision(
            found,
            post.programme_id,
            post.id,
            post.author_id,
            post.version,
            written.title,
            written.body,
            written.tags,
            post.edited_at or post.created_at,
            by,
            None,
        )

    def _answer(self, post: Post, source: SourcePost) -> Comment:
        edited_at = _moment(source.edited_at) if source.edited_at is not None else None
        body = from_html(source.body)
        return self._below(post, None, f"post:{source.number}", source.owner, source.at, body, edited_at)

    def _comment(self, post: Post, answers: Mapping[int, Comment], source: SourceComment) -> Comment:
        """Below the answer that it is on; on the question, beside the answers and none of them."""
        parent = answers.get(source.post)
        name, body = f"comment:{source.number}", as_text(source.text)
        comment = self._below(post, parent, name, source.owner, source.at, body, None)
        return evolve(comment, remark=not comment.ancestors)

    def _below(
        self,
        post: Post,
        parent: Comment | None,
        name: str,
        owner: int | None,
        at: int,
        body: str,
        edited_at: datetime | None,
    ) -> Comment:
        return Comment(
            id=imported_id(self.programme_id, name, at),
            programme_id=self.programme_id,
            post_id=post.id,
            author_id=self.authors.of(owner).id,
            ancestors=ancestors_of(parent, self.depth),
            state=CommentState.PUBLISHED,
            version=1,
            written=self._written(body),
            created_at=_moment(at),
            edited_at=edited_at,
        )

    def _question(self, thread: SourceThread, post: Post, answers: Mapping[int, Comment]) -> Question:
        others = [one for one in answers.values() if one.author_id != post.author_id]
        first = min((FirstAnswer(one.id, one.created_at) for one in others), key=_earlier, default=None)
        source = thread.question
        accepted = answers.get(source.accepted) if source.accepted is not None else None
        question = Question(
            post.id,
            post.programme_id,
            post.space,
            post.author_id,
            post.created_at,
            stands=True,
            answers=len(others),
            first=first,
        )
        if accepted is None:
            return question
        told = next(one.accepted_at for one in thread.answers if one.number == source.accepted)
        # A vote's date is a whole day: nothing is accepted before it was written.
        at = max(_moment(told), accepted.created_at) if told is not None else accepted.created_at
        by = f"member:{self.authors.of(source.owner).external_id}"
        acceptance = Acceptance(accepted.id, accepted.author_id, at, at, by, stands=True)
        return evolve(question, accepted=acceptance, acceptances=1)

    def _votes(self, thread: SourceThread, post: Post, answers: Mapping[int, Comment]) -> list[ImportedVote]:
        """The up-votes of questions and answers, each with its own number."""
        found = []
        for source in (thread.question, *thread.answers):
            target = _target(post, answers.get(source.number))
            for vote in source.votes:
                at = _moment(max(vote.at, source.at))
                found.append(self._vote(f"vote:{vote.number}", target, post, at))
        return found

    def _scores(self, thread: SourceThread, post: Post, comments: list[Comment]) -> list[ImportedVote]:
        """Those of comments, of which the site tells how many there are and nothing else."""
        return [
            self._vote(
                f"comment:{source.number}:{place}",
                Target(TargetKind.COMMENT, comment.id),
                post,
                comment.created_at,
            )
            for source, comment in zip(thread.comments, comments, strict=True)
            for place in range(source.score)
        ]

    def _bookmarks(self, thread: SourceThread, post: Post, answers: Mapping[int, Comment]) -> list[Bookmark]:
        """What members kept among their favourites."""
        found: dict[bytes, Bookmark] = {}
        for source in (thread.question, *thread.answers):
            target = _target(post, answers.get(source.number))
            for kept in source.favourites:
                member = self.authors.members.get(kept.user)
                if member is not None:
                    at = _moment(max(kept.at, source.at))
                    one = bookmark_id(member.id, target)
                    found[one] = Bookmark(one, self.programme_id, member.id, target, None, at)
        return list(found.values())

    def _vote(self, name: str, target: Target, post: Post, at: datetime) -> ImportedVote:
        found = vote_id(self.programme_id, name)
        return ImportedVote(found, self.programme_id, target, post.id, self.vote_key, at)

    def _reactions(self, ups: int) -> dict[str, int]:
        return {self.vote_key: ups} if ups else {}

    def _written(self, body: str) -> Written:
        body = body if body.strip() else _NO_TEXT
        shown = self.markup.render(body)
        return Written("", body, (), shown.html, shown.text, shown.links, shown.images, ())


def _target(post: Post, answer: Comment | None) -> Target:
    if answer is None:
        return Target(TargetKind.POST, post.id)
    return Target(TargetKind.COMMENT, answer.id)


def _earlier(one: FirstAnswer) -> tuple[datetime, bytes]:
    return one.at, one.comment_id


def _moment(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)
