"""What the chat itself says, in each language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edge_assistant.errors import EdgeAssistantError, Unanswered
from edge_assistant.types import Answer, TierName


@dataclass(frozen=True, slots=True)
class Wording:
    """Every string of the interface; a name in braces is filled in."""

    tiers: Mapping[TierName, str]
    welcome: str
    examples: tuple[str, str, str]
    placeholder: str
    keys: str
    receipt_keys: str
    asking: str
    speaking: str
    passed_over: str
    last_resort: str
    sure: str
    seconds: str
    rate: str
    stopped: str
    restarted: str
    broke_off: str
    unanswered: str
    fault: str
    too_long: str
    no_receipt: str
    how_to_quit: str
    private: str
    local_only: str
    plain_help: str

    def failed(self, error: EdgeAssistantError) -> str:
        """Return what went wrong as a sentence."""
        if not isinstance(error, Unanswered):
            return str(error)
        reasons = "; ".join(f"{self.tiers[a.tier]}: {a.reason}" for a in error.trace)
        return self.unanswered.format(reasons=reasons)

    def oversized(self, length: int, longest: int) -> str:
        return self.too_long.format(length=f"{length:,}", longest=f"{longest:,}")

    def facts(self, answer: Answer, rate: float | None = None) -> str:
        """Return how sure, how fast, and by what an answer was given; the tier is told beside it."""
        sources = dict.fromkeys(passage.source for passage in answer.sources)
        told = [self.sure.format(percent=round(answer.confidence * 100)), self._time(answer.seconds)]
        if rate is not None:
            told.append(self.rate.format(rate=round(rate)))
        if not answer.complete:
            told.append(self.broke_off)
        return " · ".join([*told, *sources])

    def _time(self, seconds: float) -> str:
        return self.seconds.format(seconds=f"{seconds:.2f}" if seconds < 1 else f"{seconds:.1f}")


ENGLISH: Final = Wording(
    tiers={"rules": "rules", "answers": "answers", "knowledge": "knowledge", "device": "device", "cloud": "cloud"},
    welcome="Ask or command; what can be answered on this device is answered here. For example:",
    examples=("turn on the kitchen light", "how do I reset the router?", "write two lines about rain"),
    placeholder="Ask something…",
    keys="Enter send · ^J new line · Esc stop · F2 why · PgUp/PgDn · ^Q quit",
    receipt_keys="←/→ other answers · Esc close",
    asking="asking {tier} · {seconds} s · Esc stops",
    speaking="{tier} is answering · {seconds} s · Esc stops",
    passed_over="{tier}: {reason}",
    last_resort="the best draft",
    sure="{percent}% sure",
    seconds="{seconds} s",
    rate="{rate} tokens/s",
    stopped="Stopped.",
    restarted="That broke off; its words are withdrawn and another answer follows.",
    broke_off="broke off before its end",
    unanswered="Nobody could answer that. {reasons}",
    fault="That met a fault in this program: {fault}",
    too_long="That has {length} characters and at most {longest} can be read; shorten it before you send it.",
    no_receipt="There is no answer to explain yet.",
    how_to_quit="Press Ctrl+Q to quit.",
    private="private",
    local_only="local only",
    plain_help="Enter sends, Ctrl+C stops an answer, /why explains the last one, Ctrl+D leaves.",
)

CHINESE: Final = Wording(
    tiers={"rules": "规则", "answers": "旧答案", "knowledge": "知识库", "device": "本机模型", "cloud": "云端"},
    welcome="请提问或下指令；能在本机回答的，都在本机回答。例如：",
    examples=("打开厨房的灯", "怎么重置路由器？", "写两句关于雨的话"),
    placeholder="请输入问题…",
    keys="回车发送 · ^J 换行 · Esc 停止 · F2 依据 · PgUp/PgDn · ^Q 退出",
    receipt_keys="←/→ 其他回答 · Esc 关闭",
    asking="正在询问{tier} · {seconds} 秒 · Esc 停止",
    speaking="{tier}正在回答 · {seconds} 秒 · Esc 停止",
    passed_over="{tier}：{reason}",
    last_resort="最好的草稿",
    sure="把握 {percent}%",
    seconds="{seconds} 秒",
    rate="每秒 {rate} 词元",
    stopped="已停止。",
    restarted="刚才的回答中断了，已撤回；下面是另一个回答。",
    broke_off="没有说完就中断了",
    unanswered="没有谁能回答这个问题。{reasons}",
    fault="程序自身出了错：{fault}",
    too_long="这段文字有 {length} 个字符，最多只能读 {longest} 个；请缩短后再发送。",
    no_receipt="还没有可以解释的回答。",
    how_to_quit="按 Ctrl+Q 退出。",
    private="私密",
    local_only="仅限本机",
    plain_help="回车发送，Ctrl+C 停止回答，/why 说明上一个回答的依据，Ctrl+D 离开。",
)


def wording(language: str) -> Wording:
    """Return the strings of one of our languages."""
    return CHINESE if language == "zh" else ENGLISH
