"""Mutation: the fields of every noun."""

import strawberry

from resolvers.mutations.activity import ActivityMutations
from resolvers.mutations.badges import BadgeMutations
from resolvers.mutations.ledger import LedgerMutations
from resolvers.mutations.members import MemberMutations
from resolvers.mutations.programme import ProgrammeMutations
from resolvers.mutations.tasks import TaskMutations


@strawberry.type
class Mutation(
    MemberMutations, ActivityMutations, LedgerMutations, TaskMutations, BadgeMutations, ProgrammeMutations
):
    """Changes. Each is one transaction; its result says what changed, or why not."""
