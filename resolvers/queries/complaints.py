"""`complaintCategories`, `complaints`, `myComplaints`, `complaintCounts`, `complaintStatistics`."""

from datetime import datetime
from typing import Annotated

import strawberry

from community.complaints import reading
from resolvers.context import Info
from resolvers.mutations.members import member_id
from resolvers.queries.definitions import list_definitions
from resolvers.relay import After, Before, Connection, First, Last, Listing, connect, window
from resolvers.scalars import Long
from resolvers.types.complaints import (
    Complaint,
    ComplaintCategory,
    ComplaintCounts,
    ComplaintOrder,
    ComplaintState,
    ComplaintStatistics,
    build_category,
)

CATEGORIES = Listing("complaint categories", (str,))
NEWEST = Listing("complaints", (bytes,))
DUE = Listing("complaints due", (datetime, bytes))
CATEGORY = strawberry.argument(description="Only of the category of this key.")


@strawberry.input(description="Which complaints to list.")
class ComplaintFilter:
    state: ComplaintState | None = strawberry.field(default=None, description="Only in this state.")
    category: str | None = strawberry.field(default=None, description="Only of the category of this key.")
    member_id: strawberry.ID | None = strawberry.field(default=None, description="Only this member's.")
    assignee: str | None = strawberry.field(
        default=None, description="Only those that this one of staff has, as `moderator:kim`."
    )
    overdue: bool = strawberry.field(default=False, description="Only those to which an answer is late.")


@strawberry.type
class ComplaintQueries:
    @strawberry.field(description="What members may complain about, in file order.")
    async def complaint_categories(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[ComplaintCategory]:
        found = await info.context.services.complaint_reading.categories(info.context.caller)
        return await list_definitions(info, found, build_category, CATEGORIES, first, after, last, before)

    @strawberry.field(description="The caller's own complaints, filed last first.")
    async def my_complaints(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Complaint]:
        page = await info.context.services.complaint_reading.own(
            info.context.caller, window(first, after, last, before, of=NEWEST)
        )
        return connect(page, lambda one: Complaint(model=one), NEWEST)

    @strawberry.field(description="Members' complaints. For staff and services.")
    async def complaints(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            ComplaintFilter | None, strawberry.argument(description="All of them when not given.")
        ] = None,
        order: Annotated[
            ComplaintOrder, strawberry.argument(description="Which first.")
        ] = ComplaintOrder.DUE,
    ) -> Connection[Complaint]:
        stated = filter or ComplaintFilter()
        wanted = reading.ComplaintFilter(
            stated.state,
            stated.category,
            member_id(stated.member_id) if stated.member_id is not None else None,
            stated.assignee,
            stated.overdue,
        )
        listing = DUE if order is ComplaintOrder.DUE else NEWEST
        page = await info.context.services.complaint_reading.page(
            info.context.caller, wanted, order, window(first, after, last, before, of=listing)
        )
        return connect(page, lambda one: Complaint(model=one), listing)

    @strawberry.field(description="How many complaints there are in each state. For staff and services.")
    async def complaint_counts(
        self, info: Info, category: Annotated[str | None, CATEGORY] = None
    ) -> ComplaintCounts:
        counts, overdue = await info.context.services.complaint_reading.counts(info.context.caller, category)
        return ComplaintCounts(
            **{state.value: Long(counts.get(state, 0)) for state in ComplaintState}, overdue=Long(overdue)
        )

    @strawberry.field(
        description="How those complaints were dealt with that were filed in a time, two years at most. For staff and "
        "services."
    )
    async def complaint_statistics(
        self,
        info: Info,
        filed_since: Annotated[datetime, strawberry.argument(description="Filed then or later.")],
        filed_before: Annotated[datetime, strawberry.argument(description="Filed before.")],
        category: Annotated[str | None, CATEGORY] = None,
    ) -> ComplaintStatistics:
        found = await info.context.services.complaint_reading.statistics(
            info.context.caller, filed_since, filed_before, category
        )
        return ComplaintStatistics(model=found)
