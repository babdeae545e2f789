"""What somebody does with a sentence: only a plain request may ever move a device."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_ENGLISH: Final = (
    r"\b(?:not|never|don't|dont|do not|doesn't|didn't|won't|wouldn't|shouldn't|can't|cannot|isn't|aren't|wasn't|nor|"
    r"without|no need|except|excluding|other than|apart from|besides|but|and|or|then|instead|"
    r"rather|stop me|avoid|refrain|"
    r"(?:stop|quit|no(?: more)?) (?:turn|switch|open|clos|shutt|lock|unlock|dimm|rais|lower|sett|mak)ing)\b|"
    r"^no (?:lights?|power|heating)\b|[:\"“”「『]",  # negations, more than one thing, somebody speaking
    r"\b(?:if|when|whenever|unless|until|till|after|before|while|once|as soon as|in case|every (?:time|day|night|"
    r"morning|evening|hour|week|monday|tuesday|wednesday|thursday|friday|saturday|sunday)|later|soon|shortly|"
    r"eventually|tomorrow|tonight|tonite|yesterday|sunrise|sunset|daily|because|since|although|though|"
    r"at (?:noon|midnight|\d+ ?(?:am|pm|a m|p m|o'clock|oclock))|"
    r"at \d+:\d+|by \d+ ?(?:am|pm)|in \d+ (?:second|minute|hour|day)s?|"
    r"for (?:\d+|an?|half an|a few|a couple of) (?:second|minute|hour|moment|day)s?|"
    r"in (?:an?|half an|a few|a couple of) (?:second|minute|hour|moment|bit|while|sec|min)s?|"
    r"from now)\b",  # conditions and other times
    r"\b(?:said|says|say|saying|told|tells|asked|asks|tell|yelled|shouted|wrote|texted|quote|sentence|phrase|word|"
    r"write|draw|paint|poem|book|lyrics|called|titled|translate|spell|mean|means|meant|meaning|define|imagine|suppose|pretend|"
    r"wish|wonder|hope|guess|think|thought|thinking|remember|remind|reminder|forgot|forget|believe|"
    r"would have|could have|should have|used to|might|maybe|perhaps|going to|about to|almost|"
    r"just kidding|no wait|scratch that|lol|"
    r"usually|always|often|sometimes|hate|love|prefer|afraid|email|calendar|meeting|alarm|"
    r"should|supposed|how|why|what|what's|whats|who|who's|whose|which|where|explain|describe|difference|"
    r"history|joke|story|recipe|news|weather|forecast)\b",  # talk about words, thoughts, wishes, and questions
    r"^(?:can|could|would|will|is|are|was|were|am|did|does|do|has|have|had|should|shall|may|must|any|anyone|isn't|aren't|"
    r"(?:i|you|he|she|it|we|they|somebody|someone|nobody|everybody|my \w+)(?:'ve|'d|'s|'re|'ll|'m)?|"
    r"there)\b",  # questions and reports by their first word
    r"\b(?:was|were|had|did|has been|have been|shut itself|"
    r"went|just now|ago|already|last (?:night|week|time|year))\b",  # reports of the past
    r"\b(?:would|could|might|will) (?:be|mean|make|cost|save)\b|\b(?:is|are) (?:an?|my|his|her|such|good|bad|nice|easy|"
    r"hard|one of)\b|\b(?:stopped|halted|moved|(?:your|him|her|it|them)sel(?:f|ves))\b",  # talk about it
    r"^(?:the|my|our|all|both|this|that|these|those|her|his)\b.*\b(?:is|are|'s|'re|isn't|aren't|looks?|seems?|stays?|keeps?|"
    r"works?|cost|costs)\b",  # reports of the present
)
_CHINESE: Final = (
    r"[：:\"“”「」『』《]|除了|除|以外|之外|但|和|并|而|然后|或者|还是|别|不|没|无需|禁止|勿|甭|从来|是|未|"
    r"(?:取消|拒绝|停止|放弃)(?=[打开关调把将])",
    r"如果|要是|假如|假设|倘若|万一|的话|当.*时|的时候|等.*[再就]|之后|以后|以前|之前|前(?=[打开关调把将])|一旦|除非|只要|每天|每次|每晚|每周|明天|"
    r"后天|今晚|晚上|早上|下午|昨天|昨晚|刚才|刚刚|凌晨|中午|点钟|\d+点|分钟后|小时后|秒后|过.*再|待会|等会|一会|直到|因为|由于|虽然",
    r"说[:：,，]?[“\"「]|说|告诉|问|喊|叫我|让我|写|歌|电影|小说|书名|翻译|意思|怎么|如何|为什么|为何|什么|谁|哪|多[少大高亮热冷响快久远]|几|"
    r"是否|是不是|有没有|吗|呢|么$|假装|想象|希望|觉得|认为|以为|记得|忘|提醒|会不会|应该|可能|也许|大概|差点|准备|打算|"
    r"总是|经常|喜欢|讨厌|邮件|日历|会议|闹钟|天气|新闻|笑话|故事|菜谱|本来|曾经|据说|听说|万一|就好了",
    r"一(?:下山|到|进|出|回|来|走|起床|睡|开始|结束|听|看|按|打开|关).{0,6}就|得太.*了|(?:可以|能|会|就能)(?:省|让|使|避免|防|节)",
    r"已经|已|过了|着$|着呢|正在|一直|刚|又|^(?!.*[把将])(?![打]?[开关锁]|调|停).*了$",
    r"^(?:他|她|它|他们|她们|我们?|你们|有人|谁|爸|妈|妈妈|爸爸|孩子|老公|老婆|邻居)",
)
_BLOCKED: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile("|".join(_ENGLISH), re.IGNORECASE),
    "zh": re.compile("|".join(_CHINESE)),
}
LATER: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(_ENGLISH[1], re.IGNORECASE),
    "zh": re.compile(_CHINESE[1]),
}
"""What makes a request one for another time, or for a case that may come."""

_MOVED: Final = "turned|switched|opened|closed|dimmed|locked|unlocked|raised|lowered|cleaned|vacuumed|muted|paused"
_WANTS: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"^(?:(?:i (?:really )?(?:need|want)(?: you)?(?: to)?|"
        r"i(?:'d| would) (?:really )?(?:like|love)(?: you)?(?: to)?|"
        r"i could use|i feel like|we (?:need|want)|(?:can|could|may) (?:i|we) (?:get|have|please have)|let me have|"
        r"let's|let us|make sure(?: that)?|be sure to|try to|please|would you mind|do you mind|mind|hey \w+|"
        rf"have(?! (?:just |already |not )?(?:{_MOVED}|left|set|put|shut|forgotten)\b)|get|"
        r"get me|give me|help me(?: to)?|how about|why don't you|why not|you (?:can|may|should|need to|must|have to)|"
        r"it(?:'s| is) time (?:to|for)|time (?:to|for)|go ahead and|see that|see to it that|in here|start by) )+",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        r"^(?:[，,、 ]|来|快|先|你|请|我想|我要|想要|麻烦|帮忙|给我|帮我|能|可以|顺便|替我|去|再帮我)+"
        r"(?=[把将打开关调让].)"
    ),
}
_GERUNDS: Final[Mapping[str, str]] = {
    **{
        f"{verb}ing": verb for verb in ("turn", "switch", "open", "lock", "unlock", "lower", "start", "clean", "vacuum")
    },
    **{f"{verb[:-1]}ing": verb for verb in ("close", "raise", "mute", "pause")},
    **{f"{verb}{verb[-1]}ing": verb for verb in ("dim", "shut", "set", "stop")},
}
_DONE: Final = re.compile(
    rf"\b(?:{_MOVED})\b|"
    rf"^(?:{'|'.join(_GERUNDS)})\b",
    re.IGNORECASE,
)
"""What tells of something done or being done, where no word before asks for it: "could you get it closed"."""


def plain_request(text: str, language: str) -> str | None:
    """Return a text without the words that only lead up to a request; none where it is anything else.

    Questions, negations, conditions, other times, reports, wishes and other people's words are no plain requests.
    """
    inner = _WANTS[language].sub("", text)
    if _BLOCKED[language].search(inner) or (inner == text and language == "en" and _DONE.search(text)):
        return None
    first, space, rest = inner.partition(" ")
    return _GERUNDS.get(first.casefold(), first) + space + rest  # "would you mind turning it off"
