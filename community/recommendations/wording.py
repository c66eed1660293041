"""Why something is recommended, in words, in English and Chinese: messages of `gamification/kit/messages.py`. Each says only what is
so at that moment; of others only how many they are, or what everybody sees."""

from collections.abc import Mapping
from typing import Any

from community.recommendations.model import Code, Kind
from gamification.kit.messages import parse
from gamification.kit.records import record

_Texts = Mapping[str, str]


@record(frozen=True, slots=True)
class Reason:
    """A code, and the values of its words: `seed`, `tag`, `tier` and `unit` are texts, `lapses_at` an instant, the rest numbers."""

    code: Code
    values: Mapping[str, Any]


TEXTS: Mapping[tuple[Code, Kind | None], _Texts] = {
    (Code.CLAIMABLE, None): {"en": "Done: its reward waits for you.", "zh": "已完成，奖励待领取。"},
    (Code.NEARLY_DONE, None): {
        "en": "Only {left, number} more to go.",
        "zh": "还差 {left, number} 即可完成。",
    },
    (Code.BEGUN, None): {
        "en": "You have begun: {value, number} of {goal, number}.",
        "zh": "您已开始：{value, number}/{goal, number}。",
    },
    (Code.OPEN, None): {"en": "Open to you now.", "zh": "现在即可参加。"},
    (Code.TIER_WITHIN_REACH, None): {
        "en": "{missing, number} {unit} to {tier}; this gives {amount, number}.",
        "zh": "距离{tier}还差 {missing, number} {unit}，完成可得 {amount, number}。",
    },
    (Code.WISHED, None): {
        "en": "On your wish list, and you can have it now.",
        "zh": "在您的心愿单中，现在即可兑换。",
    },
    (Code.POINTS_LAPSE, None): {
        "en": "{points, number} of your {unit} lapse on {lapses_at, date}; this costs {price, number}.",
        "zh": "您有 {points, number} {unit}将于 {lapses_at, date} 过期，兑换只需 {price, number}。",
    },
    (Code.AFFORDABLE, None): {"en": "You can have it now.", "zh": "您现在即可兑换。"},
    (Code.IS_ON, None): {"en": "On now, until {ends_at, date}.", "zh": "进行中，{ends_at, date} 结束。"},
    (Code.UNANSWERED, None): {
        "en": "Nobody has answered yet, and you have answered questions about “{tag}”.",
        "zh": "还没有人回答，而您曾回答过“{tag}”的问题。",
    },
    (Code.SPACE_OF_TIER, None): {
        "en": "For members from {tier} on, like you.",
        "zh": "为{tier}及以上会员开放，您已符合。",
    },
    (Code.JOINABLE, None): {"en": "You can join it.", "zh": "您可以加入。"},
    (Code.REQUESTABLE, None): {"en": "You can ask to join it.", "zh": "您可以申请加入。"},
    (Code.ALSO_CHOSEN, None): {
        "en": "Members who chose “{seed}” also chose this.",
        "zh": "选择了“{seed}”的会员也选择了它。",
    },
    (Code.ALSO_CHOSEN, Kind.TASK): {
        "en": "Members who took up “{seed}” took this up too.",
        "zh": "参加了“{seed}”的会员也参加了它。",
    },
    (Code.ALSO_CHOSEN, Kind.REWARD): {
        "en": "Members who chose “{seed}” also chose this.",
        "zh": "选择了“{seed}”的会员也选择了它。",
    },
    (Code.ALSO_CHOSEN, Kind.POST): {
        "en": "Members who took part in “{seed}” took part in this too.",
        "zh": "参与了“{seed}”的会员也参与了它。",
    },
    (Code.ALSO_CHOSEN, Kind.SPACE): {
        "en": "Members who are active in “{seed}” are so here too.",
        "zh": "活跃于“{seed}”的会员也活跃于此。",
    },
    (Code.ALSO_CHOSEN, Kind.MEMBER): {
        "en": "Members who like what {seed} does like what they do, too.",
        "zh": "喜欢{seed}的会员也喜欢TA。",
    },
    (Code.LIKE_YOU, None): {
        "en": "Popular of late with members who are like you.",
        "zh": "近期受到与您相似的会员欢迎。",
    },
    (Code.POPULAR, None): {"en": "Popular with members of late.", "zh": "近期受会员欢迎。"},
    (Code.FRESH, None): {"en": "New.", "zh": "新发布。"},
    (Code.VARIETY, None): {"en": "Something else, for a change.", "zh": "换个口味试试。"},
}


def text_of(reason: Reason, kind: Kind, locale: str, default: str, time_zone: str) -> str:
    """The reason in the language of a locale, else of the programme's, else in English."""
    texts = TEXTS.get((reason.code, kind)) or TEXTS[reason.code, None]
    languages = [one.partition("-")[0].lower() for one in (locale, default)]
    language = next((one for one in languages if one in texts), "en")
    spoken = locale if languages[0] == language else language
    return parse(texts[language]).format(reason.values, spoken, time_zone)
