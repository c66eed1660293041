"""Mutation: the fields of every noun."""

import strawberry

from resolvers.mutations.activity import ActivityMutations
from resolvers.mutations.badges import BadgeMutations
from resolvers.mutations.ledger import LedgerMutations
from resolvers.mutations.members import MemberMutations
from resolvers.mutations.programme import ProgrammeMutations
from resolvers.mutations.tasks import TaskMutations


@strawberry.type(description="Changes. Each is one transaction; its result says what changed, or why not.")
class Mutation(
    MemberMutations, ActivityMutations, LedgerMutations, TaskMutations, BadgeMutations, ProgrammeMutations
):
    """The fields of every noun, together."""
