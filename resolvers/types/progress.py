"""Messages of a member's own progress."""

from datetime import date, datetime
from enum import Enum
from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.scalars import Long
from resolvers.types.badges import BadgeAward
from resolvers.types.check_ins import CheckIn, CheckInDayState, CheckInStanding, build_check_in
from resolvers.types.collections import Collection, build_collection
from resolvers.types.comments import Comment
from resolvers.types.complaints import Complaint, ComplaintState
from resolvers.types.draw_results import DrawParticipation, DrawPlay, DrawWin
from resolvers.types.gatherings import Gathering, GatheringNoticeKind
from resolvers.types.goals import Goal, build_goal
from resolvers.types.leaderboards import Leaderboard, build_board
from resolvers.types.ledger import Balance, Transfer
from resolvers.types.posts import Post
from resolvers.types.proposals import ProposalState
from resolvers.types.questions import Bounty
from resolvers.types.redemptions import Redemption, RedemptionStatus
from resolvers.types.referrals import Referral, ReferralStatus
from resolvers.types.sanctions import ModerationStatement
from resolvers.types.task_evidence import TaskSubmission, TaskSubmissionState
from resolvers.types.tasks import CheckInItem, Task, TaskProgress, build_task
from resolvers.types.tiers import MemberTier, Tier, TierChange, TierLadder, build_ladder, tier_in


@strawberry.interface(description="Something that happened to the member.")
class ProgressEvent:
    sequence: Long = strawberry.field(
        description="Its number in the member's feed; pass it as `after` to go on."
    )
    at: datetime = strawberry.field(description="When it was settled.")


@strawberry.interface(description="A goal's period, of all members or of the team.")
class GoalMoment:
    goal_key: strawberry.Private[str]
    period: str = strawberry.field(description="The period's key.")
    team: str | None = strawberry.field(description="The team; null for all members.")
    value: Long = strawberry.field(description="How much, at that moment.")

    @strawberry.field(description="Which goal.")
    async def goal(self, info: Info) -> Goal:
        return await build_goal(info, (await info.context.catalogue()).goals[self.goal_key])


@strawberry.type(
    description="What the member contributed to a goal changed: `value` is their own contribution in the period."
)
class GoalContributed(ProgressEvent, GoalMoment):
    pass


@strawberry.type(
    description="A milestone of a goal was reached that the member takes part in, and what they get for it was given: "
    "`value` is what all had reached."
)
class GoalReached(ProgressEvent, GoalMoment):
    milestone: str = strawberry.field(description="The milestone's key; `target` is the goal's target.")
    threshold: Long = strawberry.field(description="What had to be reached.")
    share: Long | None = strawberry.field(
        description="Their points of what was divided; null: what each participant gets."
    )


@strawberry.type(description="Something was written about a complaint of the member, or became of it.")
class ComplaintChanged(ProgressEvent):
    state: ComplaintState = strawberry.field(description="In which state it was then.")
    complaint: Complaint = strawberry.field(description="As it is now.")


@strawberry.type(description="The present state. What comes after is numbered above `sequence`.")
class ProgressSnapshot:
    sequence: Long = strawberry.field(description="The newest number at the time of reading.")
    balances: list[Balance] = strawberry.field(description="Every unit's.")
    tasks: list[TaskProgress] = strawberry.field(description="Every published task, in the present period.")
    badges: list[BadgeAward] = strawberry.field(description="The newest 100 awards that stand.")
    tiers: list[MemberTier] = strawberry.field(description="On every ladder, at most 10.")
    check_ins: list[CheckInStanding] = strawberry.field(description="In every published check-in programme.")


@strawberry.type(description="Points moved.")
class PointsPosted(ProgressEvent):
    transfer: Transfer = strawberry.field(description="How.")


@strawberry.interface(description="A task's progress at that moment.")
class TaskMoment:
    key: strawberry.Private[str]
    period: str = strawberry.field(description="The period's key.")
    value: Long = strawberry.field(description="Counted so far, at that moment.")
    goal: Long = strawberry.field(description="What completes it.")

    @strawberry.field(description="Which task.")
    async def task(self, info: Info) -> Task:
        catalogue = await info.context.catalogue()
        return await build_task(info, catalogue.tasks[self.key])


@strawberry.type(description="A task's count changed, or its reward was claimed or taken back.")
class TaskAdvanced(ProgressEvent, TaskMoment):
    pass


@strawberry.type(description="A task was completed.")
class TaskCompleted(ProgressEvent, TaskMoment):
    place: int | None = strawberry.field(
        description="As which one, from 1, of a task for the first finishers."
    )
    missed: bool = strawberry.field(description="Whether all places were taken: there is no reward.")


@strawberry.type(description="The reward of a completed task lapses soon, if it is not claimed.")
class TaskClaimEnding(ProgressEvent, TaskMoment):
    claim_by: datetime = strawberry.field(description="When.")


@strawberry.type(description="The reward of a completed task was not claimed in time; it lapsed.")
class TaskClaimLapsed(ProgressEvent, TaskMoment):
    claim_by: datetime = strawberry.field(description="When.")


@strawberry.type(description="A badge was awarded, or its level changed.")
class BadgeAwarded(ProgressEvent):
    award: BadgeAward = strawberry.field(description="As it stands now.")


@strawberry.type(description="A badge was revoked.")
class BadgeRevoked(ProgressEvent):
    award: BadgeAward = strawberry.field(description="As it is now.")


@strawberry.interface(description="Something that happened to a collection of badges.")
class CollectionMoment:
    key: strawberry.Private[str]

    @strawberry.field(description="Which collection.")
    async def collection(self, info: Info) -> Collection:
        catalogue = await info.context.catalogue()
        return await build_collection(info, catalogue.collections[self.key])


@strawberry.type(description="A collection was completed; its reward is given.")
class CollectionCompleted(ProgressEvent, CollectionMoment):
    pass


@strawberry.type(description="A badge of a completed collection was revoked; its reward is taken back.")
class CollectionBroken(ProgressEvent, CollectionMoment):
    pass


@strawberry.type(description="A rank in a period that closed won a prize, which is given.")
class RankRewarded(ProgressEvent):
    board: strawberry.Private[str]
    period: str = strawberry.field(description="The period's key.")
    rank: Long = strawberry.field(description="The member's, 1 is the best.")
    size: Long = strawberry.field(description="Among how many.")
    group: str | None = strawberry.field(
        description="The group whose ranking it was; null for the whole board."
    )

    @strawberry.field(description="On which board.")
    async def leaderboard(self, info: Info) -> Leaderboard:
        return await build_board(info, (await info.context.catalogue()).leaderboards[self.board])


@strawberry.interface(description="Something about a check-in programme.")
class CheckInMoment:
    check_in_key: strawberry.Private[str]

    @strawberry.field(description="Which check-in programme.")
    async def check_in(self, info: Info) -> CheckIn:
        catalogue = await info.context.catalogue()
        return await build_check_in(info, catalogue.check_ins[self.check_in_key])


@strawberry.type(
    description="A day was checked in, made up, frozen, excused or withdrawn; MISSED where a streak ended with it."
)
class CheckInDayChanged(ProgressEvent, CheckInMoment):
    day: date = strawberry.field(description="Which day.")
    state: CheckInDayState = strawberry.field(description="What became of it.")
    streak: Long = strawberry.field(
        description="The streak then, in days; of a day that ended it, how long it had been."
    )
    position: int | None = strawberry.field(
        description="The day's place in its streak, from 1, where it counts."
    )


@strawberry.type(
    description="Make-up cards or freezes came in or were taken; a freeze that is used is a day's change."
)
class CheckInItemsChanged(ProgressEvent, CheckInMoment):
    item: CheckInItem = strawberry.field(description="Which.")
    count: int = strawberry.field(description="How many came in; negative: were taken.")
    held: int = strawberry.field(description="How many were held afterwards.")


@strawberry.type(description="A member's tier changed, was kept at a review, or is in grace.")
class TierChanged(ProgressEvent):
    change: TierChange = strawberry.field(description="How, and why.")


@strawberry.type(description="A tier will drop, unless what is missing comes before.")
class TierNotice(ProgressEvent):
    ladder_key: strawberry.Private[str]
    tier_key: strawberry.Private[str]
    after_key: strawberry.Private[str | None]
    drops_at: datetime = strawberry.field(description="When.")

    @strawberry.field(description="On which ladder.")
    async def ladder(self, info: Info) -> TierLadder:
        return await build_ladder(info, (await info.context.catalogue()).ladders[self.ladder_key])

    @strawberry.field(description="The tier that is held.")
    async def tier(self, info: Info) -> Tier | None:
        return await tier_in(info, (await info.context.catalogue()).ladders[self.ladder_key], self.tier_key)

    @strawberry.field(description="The tier that it drops to; null for none.")
    async def drops_to(self, info: Info) -> Tier | None:
        return await tier_in(info, (await info.context.catalogue()).ladders[self.ladder_key], self.after_key)


@strawberry.type(description="A referral that the member is part of began or went on.")
class ReferralChanged(ProgressEvent):
    status: ReferralStatus = strawberry.field(description="What it became at that moment.")
    referral: Referral = strawberry.field(description="As it is now.")


@strawberry.type(description="A reward was redeemed or given, or its redemption went on or was cancelled.")
class RedemptionChanged(ProgressEvent):
    status: RedemptionStatus = strawberry.field(description="What it became at that moment.")
    redemption: Redemption = strawberry.field(description="As it is now.")


@strawberry.type(description="What a reward gave can soon be used no more.")
class RewardExpiring(ProgressEvent):
    redemption: Redemption = strawberry.field(description="As it is now; see `expiresAt`.")


@strawberry.type(description="A scheduled draw's round closed, and the member is in it.")
class DrawEntered(ProgressEvent):
    entry: DrawParticipation = strawberry.field(description="With how many chances, and by which code.")


@strawberry.type(description="The member drew in an instant draw.")
class TicketDrawn(ProgressEvent):
    play: DrawPlay = strawberry.field(description="What came of it.")


@strawberry.type(description="The member won in a scheduled draw; the prize is given.")
class DrawPrizeWon(ProgressEvent):
    win: DrawWin = strawberry.field(description="What.")


@strawberry.type(description="What the member handed in for a task was looked at, or they changed it.")
class TaskSubmissionChanged(ProgressEvent):
    state: TaskSubmissionState = strawberry.field(description="What it became at that moment.")
    submission: TaskSubmission = strawberry.field(description="As it is now.")


@strawberry.type(
    description="Something was decided against the member, or their appeal was answered; and why."
)
class ModerationNotice(ProgressEvent):
    statement: ModerationStatement = strawberry.field(description="As it is now.")


@strawberry.type(
    description="A gathering that the member goes to, or wants to, begins soon or has changed for them."
)
class GatheringNotice(ProgressEvent):
    notice: GatheringNoticeKind = strawberry.field(description="What there is to know.")
    gathering: Gathering = strawberry.field(description="As it is now.")


@strawberry.type(
    description="Another account of the member's was merged into this one; what it had is theirs."
)
class AccountMerged(ProgressEvent):
    merged_id: strawberry.ID = strawberry.field(description="The id that the other account had.")


@strawberry.type(description="The member's answer to a question was accepted.")
class AnswerAccepted(ProgressEvent):
    answer: Comment = strawberry.field(description="The answer.")


@strawberry.type(description="A bounty ended that the member had offered, or got a part of.")
class BountySettled(ProgressEvent):
    bounty: Bounty = strawberry.field(description="As it is now.")


@strawberry.type(
    description="A proposal that the member wrote or supports has enough support, or was answered."
)
class ProposalChanged(ProgressEvent):
    state: ProposalState = strawberry.field(description="What it became at that moment.")
    post: Post = strawberry.field(description="The proposal.")


@strawberry.type(description="A story of the member won in a contest; what it won is given.")
class ContestWon(ProgressEvent):
    contest_key: str = strawberry.field(description="The contest's key.")
    rank: int = strawberry.field(description="1 is the best.")
    post: Post = strawberry.field(description="The story.")


@strawberry.enum(
    description="WARM_UP: a campaign will begin. STARTS: it is on for them. AFTER: it is over, and they took part."
)
class CampaignStage(Enum):
    WARM_UP = "warm_up"
    STARTS = "starts"
    AFTER = "after"


@strawberry.type(description="A campaign says something to the member.")
class CampaignNotice(ProgressEvent):
    campaign_key: str = strawberry.field(description="The campaign's key.")
    occurrence: str = strawberry.field(description="Which time it is on: `once`, or its first day.")
    stage: CampaignStage = strawberry.field(description="Of what.")
    title: str | None = strawberry.field(
        description="What it says, in the member's locale; null where it says nothing any more."
    )
    body: str | None = strawberry.field(description="What it says beneath that.")
    survey_key: str | None = strawberry.field(
        description="AFTER: the survey that they are asked to answer; null without one."
    )


ProgressMessage = Annotated[
    PointsPosted
    | TaskAdvanced
    | TaskCompleted
    | TaskClaimEnding
    | TaskClaimLapsed
    | TaskSubmissionChanged
    | ModerationNotice
    | BadgeAwarded
    | BadgeRevoked
    | CollectionCompleted
    | CollectionBroken
    | ReferralChanged
    | RankRewarded
    | DrawEntered
    | TicketDrawn
    | DrawPrizeWon
    | CheckInDayChanged
    | CheckInItemsChanged
    | TierChanged
    | TierNotice
    | RedemptionChanged
    | RewardExpiring
    | GoalContributed
    | GoalReached
    | ComplaintChanged
    | GatheringNotice
    | AccountMerged
    | AnswerAccepted
    | BountySettled
    | ProposalChanged
    | ContestWon
    | CampaignNotice
    | ProgressSnapshot,
    strawberry.union("ProgressMessage", description="The present state, or something that happened."),
]
Message = (
    PointsPosted
    | TaskAdvanced
    | TaskCompleted
    | TaskClaimEnding
    | TaskClaimLapsed
    | TaskSubmissionChanged
    | ModerationNotice
    | BadgeAwarded
    | BadgeRevoked
    | CollectionCompleted
    | CollectionBroken
    | ReferralChanged
    | RankRewarded
    | DrawEntered
    | TicketDrawn
    | DrawPrizeWon
    | CheckInDayChanged
    | CheckInItemsChanged
    | TierChanged
    | TierNotice
    | RedemptionChanged
    | RewardExpiring
    | GoalContributed
    | GoalReached
    | ComplaintChanged
    | GatheringNotice
    | AccountMerged
    | AnswerAccepted
    | BountySettled
    | ProposalChanged
    | ContestWon
    | CampaignNotice
    | ProgressSnapshot
)
