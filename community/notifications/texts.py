"""The words that come with Starguild, in English and Chinese: of each kind a title and a body, as messages of
`gamification/kit/messages.py`."""

from collections.abc import Mapping

from gamification.programmes.definitions.notifications import NotificationKind

_Texts = Mapping[str, tuple[str, str]]
_PEOPLE_EN = "{count, plural, =0 {Somebody} =1 {{actor}} other {{actor} and {others, plural, one {# other} other {# others}}}}"
_PEOPLE_ZH = "{count, plural, =0 {有人} =1 {{actor}} other {{actor}等 # 人}}"
_STATES_EN = (
    "{state, select, hidden {Something you wrote was hidden} removed {Something you wrote was removed} "
    "disqualified {Your entry was taken out of a contest} warning {You were warned} mute {You were muted} "
    "suspension {You were suspended} ban {You were banned} appeal_upheld {Your appeal was answered: the decision stands} "
    "appeal_overturned {Your appeal was answered: the decision was taken back} other {A decision about you}}"
)
_STATES_ZH = (
    "{state, select, hidden {您的内容已被隐藏} removed {您的内容已被移除} disqualified {您的作品已被取消参赛资格} "
    "warning {您收到一次警告} mute {您已被禁言} suspension {您的账号已被暂停} ban {您的账号已被封禁} "
    "appeal_upheld {申诉已答复：维持原决定} appeal_overturned {申诉已答复：原决定已撤销} other {有一项与您有关的决定}}"
)

TEXTS: Mapping[NotificationKind, _Texts] = {
    NotificationKind.TASK_COMPLETED: {
        "en": ("Task done: {task}", "You have completed “{task}”."),
        "zh": ("任务完成：{task}", "您已完成任务“{task}”。"),
    },
    NotificationKind.TASK_CLAIM_ENDING: {
        "en": (
            "Claim your reward for {task}",
            "Your reward for “{task}” can be claimed until {until, datetime, medium}.",
        ),
        "zh": ("请领取“{task}”的奖励", "“{task}”的奖励可在 {until, datetime, medium} 前领取。"),
    },
    NotificationKind.TASK_CLAIM_LAPSED: {
        "en": ("A reward has lapsed", "The reward for “{task}” was not claimed in time."),
        "zh": ("奖励已过期", "“{task}”的奖励未在期限内领取。"),
    },
    NotificationKind.TASK_SUBMISSION: {
        "en": (
            "{state, select, approved {Approved: {task}} rejected {Not approved: {task}} other {Changed: {task}}}",
            "{state, select, approved {What you handed in for “{task}” was approved.} rejected {What you handed in for “{task}” "
            "was not approved. You can read why.} other {The approval for “{task}” was taken back.}}",
        ),
        "zh": (
            "{state, select, approved {已通过：{task}} rejected {未通过：{task}} other {已变更：{task}}}",
            "{state, select, approved {您为“{task}”提交的内容已通过审核。} rejected {您为“{task}”提交的内容未通过审核，可查看原因。} "
            "other {“{task}”的审核结果已被撤销。}}",
        ),
    },
    NotificationKind.BADGE_AWARDED: {
        "en": ("New badge: {badge}", "You have been awarded the badge “{badge}”."),
        "zh": ("获得徽章：{badge}", "恭喜您获得徽章“{badge}”。"),
    },
    NotificationKind.BADGE_REVOKED: {
        "en": ("Badge revoked: {badge}", "The badge “{badge}” was revoked."),
        "zh": ("徽章已收回：{badge}", "徽章“{badge}”已被收回。"),
    },
    NotificationKind.COLLECTION_COMPLETED: {
        "en": ("Collection complete: {collection}", "You have every badge of “{collection}”."),
        "zh": ("集齐：{collection}", "您已集齐“{collection}”的全部徽章。"),
    },
    NotificationKind.REFERRAL_CHANGED: {
        "en": (
            "Your invitation",
            "{state, select, pending {Somebody joined by your invitation.} held {Your invitation is being checked.} "
            "rewarded {Your invitation was rewarded.} expired {An invitation has expired.} rejected {An invitation was not "
            "accepted.} other {The reward of an invitation was taken back.}}",
        ),
        "zh": (
            "您的邀请",
            "{state, select, pending {有人通过您的邀请加入。} held {您的邀请正在核实。} rewarded {您的邀请奖励已发放。} "
            "expired {一项邀请已过期。} rejected {一项邀请未通过。} other {一项邀请奖励已被收回。}}",
        ),
    },
    NotificationKind.PRIZE_WON: {
        "en": (
            "You are number {rank, number} on {board}",
            "“{board}” has closed: you came in at {rank, number} of {size, number}.",
        ),
        "zh": (
            "您在“{board}”排名第 {rank, number}",
            "“{board}”已结算：您在 {size, number} 人中排名第 {rank, number}。",
        ),
    },
    NotificationKind.DRAW_WON: {
        "en": ("You have won: {draw}", "You have won a prize in “{draw}”."),
        "zh": ("中奖：{draw}", "恭喜您在“{draw}”中奖。"),
    },
    NotificationKind.REDEMPTION_CHANGED: {
        "en": (
            "{reward}: {state, select, pending {in preparation} processing {in preparation} shipped {on its way} done {yours} "
            "failed {could not be given} other {cancelled}}",
            "“{reward}” {state, select, pending {is being prepared.} processing {is being prepared.} shipped {is on its way.} "
            "done {is yours.} failed {could not be given; what it cost comes back.} other {was cancelled.}}",
        ),
        "zh": (
            "{reward}：{state, select, pending {准备中} processing {准备中} shipped {已发货} done {已到账} failed {发放失败} other {已取消}}",
            "“{reward}”{state, select, pending {正在准备。} processing {正在准备。} shipped {已发货。} done {已到账。} "
            "failed {发放失败，所付将退回。} other {已取消。}}",
        ),
    },
    NotificationKind.REWARD_EXPIRING: {
        "en": ("{reward} expires soon", "Use “{reward}” before {until, datetime, medium}."),
        "zh": ("{reward}即将过期", "请在 {until, datetime, medium} 前使用“{reward}”。"),
    },
    NotificationKind.TIER_CHANGED: {
        "en": (
            "{direction, select, raised {Welcome to {tier}} other {Your tier: {tier}}}",
            "{direction, select, raised {You have reached {tier}.} dropped {You are {tier} now.} kept {You stay {tier}.} "
            "grace {You stay {tier} for now.} other {You are {tier} now.}}",
        ),
        "zh": (
            "{direction, select, raised {欢迎成为{tier}} other {您的等级：{tier}}}",
            "{direction, select, raised {您已升级为{tier}。} dropped {您的等级已变为{tier}。} kept {您继续保持{tier}。} "
            "grace {您暂时保持{tier}。} other {您的等级现为{tier}。}}",
        ),
    },
    NotificationKind.TIER_NOTICE: {
        "en": (
            "Keep your tier {tier}",
            "As things stand you will be {after} from {until, date, long} on. There is time to keep {tier}.",
        ),
        "zh": (
            "保住您的等级{tier}",
            "按目前情况，您将从 {until, date, long} 起变为{after}。现在仍可保住{tier}。",
        ),
    },
    NotificationKind.GOAL_REACHED: {
        "en": ("Reached together: {goal}", "The common goal “{goal}” was reached, and you were part of it."),
        "zh": ("共同达成：{goal}", "共同目标“{goal}”已达成，感谢您的参与。"),
    },
    NotificationKind.ACCOUNT_MERGED: {
        "en": ("Your accounts are one", "Two accounts of yours have become one. Nothing was lost."),
        "zh": ("账号已合并", "您的两个账号已合并，权益已全部保留。"),
    },
    NotificationKind.COMPLAINT_CHANGED: {
        "en": (
            "{state, select, written {There is a message about your complaint} answered {Your complaint was answered} other "
            "{Your complaint was closed}}",
            "{state, select, written {Staff wrote to you about your complaint.} answered {There is an answer to your complaint.} "
            "other {Your complaint was closed.}}",
        ),
        "zh": (
            "您的投诉{state, select, written {有新消息} answered {已答复} other {已关闭}}",
            "{state, select, written {工作人员就您的投诉给您留言。} answered {您的投诉已有答复。} other {您的投诉已关闭。}}",
        ),
    },
    NotificationKind.MODERATION: {
        "en": (_STATES_EN, "You can read the reasons, and appeal as far as the decision can be appealed."),
        "zh": (_STATES_ZH, "您可以查看理由；如可申诉，您可以提出申诉。"),
    },
    NotificationKind.REPORT_DECIDED: {
        "en": (
            "Your report was looked at",
            "{state, select, agreed {Thank you: we agreed, and have acted.} disagreed {We looked at it, and found that it may "
            "stay.} other {It was closed without a decision.}}",
        ),
        "zh": (
            "您的举报已处理",
            "{state, select, agreed {感谢您：举报成立，已处理。} disagreed {经审核，该内容可以保留。} other {该举报已关闭。}}",
        ),
    },
    NotificationKind.GATHERING_NOTICE: {
        "en": (
            "{notice, select, reminder {Soon: {gathering}} changed {Changed: {gathering}} cancelled {Cancelled: {gathering}} "
            "moved_up {You have a place: {gathering}} other {No place any more: {gathering}}}",
            "{notice, select, reminder {“{gathering}” begins at {starts, datetime, medium}.} changed {“{gathering}” has another "
            "time or place; it begins at {starts, datetime, medium}.} cancelled {“{gathering}” does not take place.} moved_up "
            "{A place came free for you at “{gathering}”, {starts, datetime, medium}.} other {You have no place at “{gathering}” "
            "any more.}}",
        ),
        "zh": (
            "{notice, select, reminder {即将开始：{gathering}} changed {有变更：{gathering}} cancelled {已取消：{gathering}} "
            "moved_up {候补成功：{gathering}} other {名额已取消：{gathering}}}",
            "{notice, select, reminder {“{gathering}”将于 {starts, datetime, medium} 开始。} changed {“{gathering}”的时间或地点"
            "有变更，将于 {starts, datetime, medium} 开始。} cancelled {“{gathering}”已取消。} moved_up {您已获得“{gathering}”的"
            "名额，开始时间 {starts, datetime, medium}。} other {您在“{gathering}”的名额已取消。}}",
        ),
    },
    NotificationKind.ANSWER_ACCEPTED: {
        "en": ("Your answer was accepted", "Your answer to “{post}” was accepted."),
        "zh": ("您的回答已被采纳", "您对“{post}”的回答已被采纳。"),
    },
    NotificationKind.BOUNTY_SETTLED: {
        "en": ("A bounty was settled", "A bounty that you had part in was settled."),
        "zh": ("悬赏已结算", "您参与的悬赏已结算。"),
    },
    NotificationKind.PROPOSAL_CHANGED: {
        "en": (
            "Proposal: {post}",
            "{state, select, reached {“{post}” has enough support, and is owed an answer.} answered {“{post}” was answered.} "
            "accepted {“{post}” was accepted.} declined {“{post}” was declined.} done {“{post}” was carried out.} other "
            "{“{post}” has changed.}}",
        ),
        "zh": (
            "提案：{post}",
            "{state, select, reached {“{post}”已获足够支持，等待答复。} answered {“{post}”已有答复。} accepted {“{post}”已被采纳。} "
            "declined {“{post}”未被采纳。} done {“{post}”已落实。} other {“{post}”有变更。}}",
        ),
    },
    NotificationKind.CONTEST_WON: {
        "en": ("Number {rank, number} in {contest}", "“{post}” came in at {rank, number} in “{contest}”."),
        "zh": ("“{contest}”第 {rank, number} 名", "您的“{post}”在“{contest}”中获得第 {rank, number} 名。"),
    },
    NotificationKind.POST_COMMENTED: {
        "en": (f"{_PEOPLE_EN} commented on “{{post}}”", "{excerpt}"),
        "zh": (f"{_PEOPLE_ZH}评论了“{{post}}”", "{excerpt}"),
    },
    NotificationKind.QUESTION_ANSWERED: {
        "en": (f"{_PEOPLE_EN} answered “{{post}}”", "{excerpt}"),
        "zh": (f"{_PEOPLE_ZH}回答了“{{post}}”", "{excerpt}"),
    },
    NotificationKind.COMMENT_REPLIED: {
        "en": (f"{_PEOPLE_EN} replied to your comment on “{{post}}”", "{excerpt}"),
        "zh": (f"{_PEOPLE_ZH}回复了您在“{{post}}”中的评论", "{excerpt}"),
    },
    NotificationKind.MENTIONED: {
        "en": ("{actor} mentioned you in “{post}”", "{excerpt}"),
        "zh": ("{actor}在“{post}”中提到了您", "{excerpt}"),
    },
    NotificationKind.REACTED: {
        "en": (
            f"{_PEOPLE_EN} reacted to your {{to, select, comment {{comment on “{{post}}”}} other {{post “{{post}}”}}}}",
            "{count, plural, one {# person has reacted.} other {# people have reacted.}}",
        ),
        "zh": (
            f"{_PEOPLE_ZH}回应了您{{to, select, comment {{在“{{post}}”中的评论}} other {{的帖子“{{post}}”}}}}",
            "{count, plural, other {共 # 人回应。}}",
        ),
    },
    NotificationKind.FOLLOWED: {
        "en": (f"{_PEOPLE_EN} {{count, plural, one {{follows}} other {{follow}}}} you now", ""),
        "zh": (f"{_PEOPLE_ZH}关注了您", ""),
    },
    NotificationKind.ANNOUNCEMENT: {
        "en": ("{space}: {post}", "{excerpt}"),
        "zh": ("{space}：{post}", "{excerpt}"),
    },
    NotificationKind.CAMPAIGN: {"en": ("{programme}", ""), "zh": ("{programme}", "")},
}
"""A campaign brings words of its own."""

EMAIL: Mapping[str, Mapping[str, str]] = {
    "en": {
        "greeting": "Hello {member},",
        "open": "Read it here:",
        "why": "You get this email because you are a member of {programme}.",
        "unsubscribe": "No more emails like this:",
        "digest": "{count, plural, one {# piece of news} other {# pieces of news}} from {programme}",
        "code": "Your code for {programme}: {code}",
        "code_body": "Enter this code to confirm your email address: {code}\n\nIt is good until {until, datetime, short}. If you did "
        "not ask for it, ignore this email.",
        "unsubscribe_ask": "Get no more emails of this kind from {programme}?",
        "unsubscribe_all_ask": "Get no more emails of campaigns from {programme}?",
        "unsubscribe_yes": "Unsubscribe",
        "unsubscribed": "Done: you will get no more of them.",
    },
    "zh": {
        "greeting": "{member}，您好：",
        "open": "点此查看：",
        "why": "您收到此邮件，是因为您是{programme}的会员。",
        "unsubscribe": "不再接收此类邮件：",
        "digest": "{programme}：{count, plural, other {# 条新消息}}",
        "code": "{programme}验证码：{code}",
        "code_body": "请输入此验证码以确认您的邮箱：{code}\n\n有效期至 {until, datetime, short}。如非本人操作，请忽略此邮件。",
        "unsubscribe_ask": "不再接收{programme}的此类邮件？",
        "unsubscribe_all_ask": "不再接收{programme}的活动邮件？",
        "unsubscribe_yes": "退订",
        "unsubscribed": "已退订，您将不再收到此类邮件。",
    },
}
"""What emails say beside that, and the pages behind their links."""


def in_locale(texts: Mapping[str, str] | Mapping[str, tuple[str, str]], locale: str) -> str:
    """Which of the locales that there are is nearest: the locale, its language, English."""
    for wanted in (locale, locale.partition("-")[0]):
        if wanted in texts:
            return wanted
    return "en"
