"""Proposals of members: how many must support one before the club owes an answer, and how soon."""

from typing import Annotated

from pydantic import Field

from gamification.programmes.definitions.base import Model


class ProposalTerms(Model):
    """`support`: so many supporters make an answer owed, within `answer_days`."""

    support: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 20
    answer_days: Annotated[int, Field(strict=True, ge=1, le=365)] = 14
