"""What a diagnosis says, in plain words and both languages, with what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edge_assistant.knowledge.diagnosis import Note, Standing

_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {"en": "English", "zh": "Chinese"},
    "zh": {"en": "英文", "zh": "中文"},
}
_SAID: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "nothing indexed": "There is no document yet. Add some: edge-assistant kb add PATH",
        "no word known": "None of these words stands in any document: {0}. Ask with the words of the documents, or add "
        "the document that answers this.",
        "words unknown": "These words stand in no document: {0}.",
        "reworded": "By synonyms.txt, this was looked for: {0}",
        "words only": "Only words were compared, not meanings: {0}.",
        "language not read": "Meanings were not compared, only words: the embedder does not read {0:language}. "
        "Set knowledge.embedder to one that does.",
        "vectors missing": "{0} passages have no vector yet and are found by their words only. Make them: "
        "edge-assistant kb rebuild",
        "nothing found": "No passage shares a word with the question, and none is near in meaning.",
        "only other languages": "No passage in {0:language} matches; what was found is in {1:language}.",
        "an order": "This reads like an order. Documents are quoted to questions: ask one.",
        "quoted": "{0} is quoted: probability {1:.2f}.",
        "not sure": "{0} is not quoted at once: probability {1:.2f}, and knowledge.threshold is {2:.2f}. A language "
        "model is shown the best {3} passages instead; if none answers, it is quoted after all. Ask with more words "
        "of the document, or lower the threshold.",
        "hopeless": "The documents do not say: {0} answers with a probability of only {1:.2f} (at least {2:.2f} is "
        "wanted for a model to see it).",
        "no such document": "{0} is not in the knowledge base: it was never added. Add it: edge-assistant kb add {0}",
        "refused": "{0} is not in the knowledge base, and cannot be: {1}.",
        "is the answer": "The answer is quoted from {0}.",
        "is the best": "{0} is the best there is, but hardly an answer.",
        "handed on": "{0} ended at place {1}, so a language model is shown it (words: place {2}, meaning: place {3}, "
        "both together: place {4}).",
        "too far down": "{0} ended at place {1}, too far down to be shown to a language model (words: place {2}, "
        "meaning: place {3}, both together: place {4}).",
        "lost by its sentences": "Its sentences answer worse than those of others: it fell from place {0} to {1}.",
        "does not say": "{0} never says: {1}. If people ask so, put these words into it, or a card with the question.",
        "other language": "{0} is in {1:language}, and the question was read as {2:language}, in which there are "
        "matching passages. Ask in {1:language}, look there with --language {1}, or set knowledge.embedder to one that "
        "reads both.",
        "not searched": "{0} was not searched: it is in the collection {1}, and --collection or --source leave it out.",
        "shares no word": "{0} shares no word with the question and is not near in meaning. Put the words people use "
        "into it, or a card with the question.",
        "not a candidate": "{0} has some of the words ({1}), but {2} other passages have more. Ask with rarer words.",
    },
    "zh": {
        "nothing indexed": "还没有任何文档。请先添加：edge-assistant kb add 路径",
        "no word known": "这些词没有出现在任何文档里：{0}。请换用文档里的说法，或添加能回答这个问题的文档。",
        "words unknown": "这些词没有出现在任何文档里：{0}。",
        "reworded": "按 synonyms.txt 换了说法来查找：{0}",
        "words only": "只比较了词语，没有比较含义：{0}。",
        "language not read": "没有比较含义，只按词语查找：当前的嵌入模型读不懂{0:language}。"
        "请把 knowledge.embedder 设为能读的模型。",
        "vectors missing": "有 {0} 个段落还没有向量，只能按词语找到。补上：edge-assistant kb rebuild",
        "nothing found": "没有段落与问题有相同的词，也没有含义相近的段落。",
        "only other languages": "没有匹配的{0:language}段落；找到的是{1:language}段落。",
        "an order": "这句话像是命令。文档只用来回答问题，请改成提问。",
        "quoted": "引用 {0}：正确的概率是 {1:.2f}。",
        "not sure": "没有直接引用 {0}：正确的概率是 {1:.2f}，而 knowledge.threshold 是 {2:.2f}。"
        "最好的 {3} 个段落会交给语言模型；如果没有别的答案，仍会引用它。请多用文档里的词提问，或降低这个阈值。",
        "hopeless": "文档里没有说明：{0} 能回答的概率只有 {1:.2f}（至少 {2:.2f} 才会交给语言模型）。",
        "no such document": "知识库里没有 {0}：从未添加。请添加：edge-assistant kb add {0}",
        "refused": "知识库里没有 {0}，也无法添加：{1}。",
        "is the answer": "答案引自 {0}。",
        "is the best": "{0} 已是最接近的段落，但很可能没有回答问题。",
        "handed on": "{0} 最后排在第 {1} 位，会交给语言模型（按词语第 {2}，按含义第 {3}，合起来第 {4}）。",
        "too far down": "{0} 最后排在第 {1} 位，太靠后，不会交给语言模型（按词语第 {2}，按含义第 {3}，合起来第 {4}）。",
        "lost by its sentences": "它的句子不如别的段落像答案：从第 {0} 位降到第 {1} 位。",
        "does not say": "{0} 里没有这些词：{1}。如果大家常这样问，请把这些词写进去，或添加一张带这个问题的卡片。",
        "other language": "{0} 是{1:language}的，而问题被当作{2:language}，而且有匹配的{2:language}段落。"
        "请用{1:language}提问，用 --language {1} 指定语言，或把 knowledge.embedder 设为两种语言都能读的模型。",
        "not searched": "没有在 {0} 里查找：它属于集合 {1}，被 --collection 或 --source 排除在外。",
        "shares no word": "{0} 与问题没有相同的词，含义也不相近。"
        "请把大家常用的说法写进去，或添加一张带这个问题的卡片。",
        "not a candidate": "{0} 有一些相同的词（{1}），但有 {2} 个别的段落更接近。请用更少见的词提问。",
    },
}
_MEANT: Final = {"en": " Did you mean {0}?", "zh": "是不是 {0}？"}
_STANDING: Final = {
    "en": "words {0} (bm25 {1:.2f}), meaning {2} ({3}), together {4} ({5:.2f}), sentences {6}",
    "zh": "词语第 {0}（bm25 {1:.2f}），含义第 {2}（{3}），合起来第 {4}（{5:.2f}），按句子第 {6}",
}


class _Language(str):
    """A language tag that can be put as a name."""

    def __new__(cls, tag: str, told_in: str) -> _Language:
        made = super().__new__(cls, tag)
        made.name = _NAMES[told_in].get(tag, tag)
        return made

    name: str

    def __format__(self, how: str) -> str:
        return self.name if how == "language" else str(self)


def sentence(note: Note, language: str) -> str:
    """Return a note as a sentence."""
    values = [_Language(value, language) if isinstance(value, str) else value for value in note.values]
    said = _SAID[language][note.key].format(*values)
    if note.key == "no such document" and note.values[1]:
        said += _MEANT[language].format(note.values[1])
    return said


def line(one: Standing, language: str) -> str:
    """Return where a passage stood after every stage, on one line."""
    cosine = "–" if one.cosine is None else f"cosine {one.cosine:.3f}"
    return _STANDING[language].format(
        one.words or "–", one.bm25, one.meaning or "–", cosine, one.fused, one.score, one.sentences
    )
