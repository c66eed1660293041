"""What search finds, and where in it stands what was looked for."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from community.comments.access import sees_text
from community.search import highlights as marking
from community.search import model as domain
from community.search.highlights import Place
from community.search.query import Query
from resolvers.context import Info
from resolvers.fields import batched
from resolvers.types.comments import Comment
from resolvers.types.members import Member
from resolvers.types.posts import Post
from resolvers.types.spaces import Space, space_of

SearchKind = domain.SearchKind
strawberry.enum(SearchKind, name="SearchKind", description="What can be found.")
SearchPlace = Place
strawberry.enum(SearchPlace, name="SearchPlace", description="Where in what was found a match stands.")
Found = Annotated[
    Post | Comment | Member | Space, strawberry.union("SearchNode", description="What was found.")
]


@strawberry.type(description="A piece of a text.")
class SearchPart:
    text: str = strawberry.field(description="Plain text: escape it as any other.")
    is_match: bool = strawberry.field(description="Whether it is what was looked for.")


@strawberry.type(description="Where in what was found stands what was looked for.")
class SearchHighlight:
    place: SearchPlace = strawberry.field(description="The place.")
    parts: list[SearchPart] = strawberry.field(
        description="The place's text, or of a long one about 160 characters, part by part in order; an ellipsis where "
        "something is left out."
    )


async def _marked(hits: "list[SearchHit]", info: Info) -> list[list[SearchHighlight]]:
    return [
        [
            SearchHighlight(
                place=one.place,
                parts=[SearchPart(text=part.text, is_match=part.is_match) for part in one.parts],
            )
            for one in marking.highlights(hit.query, _texts(hit.node))
        ]
        for hit in hits
    ]


@strawberry.type(description="Something that was found.")
class SearchHit:
    query: strawberry.Private[Query]
    kind: SearchKind = strawberry.field(description="What it is.")
    node: Found = strawberry.field(description="It itself.")
    highlights: list[SearchHighlight] = batched(
        _marked, description="Where in it stands what was looked for; at most 3 places."
    )


async def build_hits(info: Info, query: Query, hits: Sequence[domain.Hit]) -> "dict[domain.Hit, SearchHit]":
    """The GraphQL objects of what was found; what is not there for the caller any more is absent."""
    loaders, viewer = info.context.loaders, await info.context.viewer()
    keys = {kind: [hit.key for hit in hits if hit.kind is kind] for kind in SearchKind}
    posts = await loaders.posts.load_many(keys[SearchKind.POST])
    comments = await loaders.comments.load_many(keys[SearchKind.COMMENT])
    answered = await loaders.posts.load_many({one.post_id for one in comments.values()})
    comments = {
        key: one
        for key, one in comments.items()
        if one.post_id in answered and sees_text(viewer, answered[one.post_id], one)
    }
    members = await loaders.members.load_many(keys[SearchKind.MEMBER])
    spaces = {key: await space_of(info, viewer, key.decode()) for key in keys[SearchKind.SPACE]}
    found: dict[tuple[SearchKind, bytes], Post | Comment | Member | Space] = {
        **{(SearchKind.POST, key): Post.of(one) for key, one in posts.items()},
        **{(SearchKind.COMMENT, key): Comment.of(one) for key, one in comments.items()},
        **{(SearchKind.MEMBER, key): Member.of(one) for key, one in members.items()},
        **{(SearchKind.SPACE, key): one for key, one in spaces.items() if one is not None},
    }
    return {
        hit: SearchHit(query=query, kind=hit.kind, node=found[hit.kind, hit.key])
        for hit in hits
        if (hit.kind, hit.key) in found
    }


def _texts(node: Post | Comment | Member | Space) -> list[tuple[Place, str]]:
    if isinstance(node, Post):
        written = node.model.written
        return [
            (Place.TITLE, written.title),
            (Place.TEXT, written.text),
            (Place.TAGS, " ".join(written.tags)),
            (Place.OPTIONS, "\n".join(node.model.options)),
        ]
    if isinstance(node, Comment):
        return [(Place.TEXT, node.model.written.text)]
    if isinstance(node, Member):
        return [(Place.NAME, node.model.display_name)]
    return [(Place.NAME, node.name), (Place.TEXT, node.description or "")]
