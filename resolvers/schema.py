"""The schema. `schema.graphql` in the repository is its printed form and the contract; a test compares them."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from resolvers.errors import HANDLERS
from resolvers.mutations.programme import InvalidDocumentHandler
from resolvers.mutations.referrals import ReferralRefusedHandler
from resolvers.mutations.root import Mutation
from resolvers.queries.root import Query
from resolvers.scalars import SCALARS
from resolvers.subscriptions.root import Subscription
from resolvers.types.merging import MergeBlockedHandler
from resolvers.types.task_evidence import EvidenceRefusedHandler, SubmissionMovedHandler

schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(scalar_map=SCALARS, relay_max_results=100),
    exception_handlers=[
        InvalidDocumentHandler(),
        ReferralRefusedHandler(),
        EvidenceRefusedHandler(),
        MergeBlockedHandler(),
        SubmissionMovedHandler(),
        *HANDLERS,
    ],
)
"""What `resolvers.operations.Operations` executes and `api/` serves."""
