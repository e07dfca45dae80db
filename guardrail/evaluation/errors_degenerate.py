"""Answers that are broken or not what was asked, and what the checks say of each.

Rules:
1. Hand-written pairs with their prompts come from errors_degenerate.toml.  Generated mojibake is made by the mistake
   itself: sentences are encoded in one way and decoded in another.  Generated constraints differ in their number.
2. Everything is drawn from a seed; the same seed gives the same items.
3. How items are judged is written in `errors_own.py`.
"""

import random
import tomllib
from collections.abc import Iterator
from pathlib import Path

from guardrail.detectors.errors.form.degenerate import Degenerate
from guardrail.detectors.errors.form.leftovers import Leftovers
from guardrail.detectors.errors.form.mojibake import Mojibake
from guardrail.detectors.errors.form.obedience import Obedience
from guardrail.detectors.protocol import Detector
from guardrail.evaluation.errors_own import LANGUAGES, Item, alarms, judged
from guardrail.evaluation.errors_run import Run
from guardrail.evaluation.report import Goal, Section
from guardrail.types import Context

FILE = Path(__file__).with_name("errors_degenerate.toml")
GOALS: tuple[Goal, ...] = (
    Goal("degenerate.precision", "a notice that is wrong costs the trust of the reader", at_least=0.97),
    Goal(
        "degenerate_benign.alarms", "with the other checks, ordinary answers get a notice in 1 % at most", at_most=0.01
    ),
)

_SENTENCES = {
    "en": (
        "The café’s “prix fixe” costs £25 — it’s worth it.",
        "He said: “I don’t know” and left the façade of the Hôtel de Ville…",
        "Temperatures rise to 31°C; the crème brûlée won’t last.",
        "Señor Muñoz’s résumé mentions Zürich, Århus and São Paulo.",
    ),
    "zh-Hant": (
        "香港天文台預測明天下午將有驟雨，市民外出時請攜帶雨具，並留意最新的天氣消息。",
        "政府宣布由下月起調整公共交通票價，平均加幅為百分之二，長者及學生可享優惠。",
        "圖書館將於星期日關閉進行維修，借出的書籍可以在任何一間分館歸還，逾期不會罰款。",
        "這項研究發現，每天步行三十分鐘的人，患上心臟病的機會比其他人低得多。",
    ),
    "yue": (
        "天文台話聽日下晝會落雨，出街記得帶遮，仲要留意住啲天氣消息，唔好畀雨淋親。",
        "政府話下個月開始加車費，平均加兩個巴仙，不過老人家同學生可以有優惠。",
        "圖書館禮拜日會閂門維修，借咗嘅書可以喺第二間分館還，過期都唔會罰錢。",
        "呢個研究話，日日行半個鐘路嘅人，有心臟病嘅機會比其他人低好多。",
    ),
    "zh-Hans": (
        "气象台预测明天下午将有阵雨，市民外出时请携带雨具，并留意最新的天气消息。",
        "政府宣布由下月起调整公共交通票价，平均加幅为百分之二，长者及学生可享优惠。",
        "图书馆将于星期日关闭进行维修，借出的书籍可以在任何一间分馆归还，逾期不会罚款。",
        "这项研究发现，每天步行三十分钟的人，患上心脏病的机会比其他人低得多。",
    ),
}
_MISTAKES = {
    "en": (("utf-8", "cp1252"), ("utf-8", "latin-1"), ("cp1252", "utf-8")),
    "zh-Hant": (("utf-8", "latin-1"), ("utf-8", "gbk"), ("utf-8", "big5"), ("big5", "utf-8")),
    "yue": (("utf-8", "latin-1"), ("utf-8", "gbk"), ("utf-8", "big5"), ("utf-8", "ascii")),
    "zh-Hans": (("utf-8", "latin-1"), ("utf-8", "gbk"), ("gbk", "big5"), ("gbk", "latin-1")),
}
_ASKS = {
    "en": ("List {count} things to pack for a hike.", "Give me {count} ideas for a birthday party."),
    "zh-Hant": ("列出{count}項行山要帶的東西。", "給我{count}個生日會的主意。"),
    "yue": ("畀我{count}個生日會嘅主意。", "列出{count}樣行山要帶嘅嘢。"),
    "zh-Hans": ("列出{count}样登山要带的东西。", "给我{count}个生日会的主意。"),
}
_THINGS = {
    "en": ("water", "a map", "a hat", "food", "a torch", "a whistle", "a coat", "a phone", "tea", "gloves", "a rope"),
    "zh-Hant": ("水", "地圖", "帽", "小食", "電筒", "哨子", "雨衣", "電話", "膠布", "手套", "繩"),
    "yue": ("水", "地圖", "帽", "零食", "電筒", "銀雞", "雨褸", "電話", "膠布", "手套", "繩"),
    "zh-Hans": ("水", "地图", "帽子", "零食", "手电筒", "哨子", "雨衣", "手机", "创可贴", "手套", "绳子"),
}  # fmt: skip


def items(seed: int = 1) -> list[Item]:
    """All items, in a fixed order."""
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    made: list[Item] = []
    for at, (kind, lang, prompt, system, wrong, right) in enumerate(data["pairs"]):
        context = Context(prompt=prompt, system=system, caller=(prompt,))
        key = f"written-{kind}-{at}"
        made += [Item(key, wrong, kind, lang, "written", context), Item(key, right, "", lang, "written", context)]
    for at, (lang, prompt, answer) in enumerate(data["right"]):
        made.append(Item(f"written-right-{at}", answer, "", lang, "written", Context(prompt=prompt, caller=(prompt,))))
    return [*made, *_ends(), *_garbled(), *_lists(random.Random(seed)), *_loops()]


def _ends() -> Iterator[Item]:
    for lang in LANGUAGES:
        text = _SENTENCES[lang][0]
        yield Item(f"empty-{lang}", " \n", "error.empty", lang, "generated", Context(prompt=text))
        yield Item(
            f"cut-{lang}", text[: len(text) // 2], "error.truncated", lang, "generated", Context(finish_reason="length")
        )
        yield Item(f"whole-{lang}", text, "", lang, "generated", Context(finish_reason="stop"))


def _garbled() -> Iterator[Item]:
    for lang in LANGUAGES:
        for at, sentence in enumerate(_SENTENCES[lang]):
            for wrong, right in _MISTAKES[lang]:
                made = sentence.encode(wrong, "ignore").decode(right, "replace")
                key = f"{wrong}-{right}-{lang}-{at}"
                yield Item(key, made, "error.mojibake", lang, "generated")
            yield Item(f"plain-{lang}-{at}", sentence, "", lang, "generated")


def _lists(dice: random.Random) -> Iterator[Item]:
    for lang in LANGUAGES:
        for at in range(8):
            count = dice.randint(2, 9)
            prompt = _ASKS[lang][at % 2].format(count=count)
            context = Context(prompt=prompt, caller=(prompt,))
            key = f"list-{lang}-{at}"
            other = count + dice.choice([off for off in (-2, -1, 1, 2) if 2 <= count + off <= 11])
            yield Item(key, _listed(lang, other), "error.constraint", lang, "generated", context)
            yield Item(key, _listed(lang, count), "", lang, "generated", context)


def _listed(lang: str, count: int) -> str:
    return "\n".join(f"{at}. {thing}" for at, thing in enumerate(_THINGS[lang][:count], 1))


def _loops() -> Iterator[Item]:
    for lang in LANGUAGES:
        for at, sentence in enumerate(_SENTENCES[lang]):
            yield Item(f"loop-{lang}-{at}", sentence * 7, "error.repetition", lang, "generated")
            yield Item(f"loop-{lang}-{at}", sentence * 2, "", lang, "generated")


def _detectors() -> list[Detector]:
    return [Degenerate(), Mojibake(), Leftovers(), Obedience()]


def _own(run: Run) -> Section:
    title = "own set: empty, cut, looping, garbled or leaked answers; language, script and constraints"
    return judged("degenerate", title, items(run.seed), _detectors())


def _benign(run: Run) -> Section:
    return alarms("degenerate_benign", "ordinary answers under the checks on degenerate answers", run, _detectors())


SETS = {"degenerate": _own, "degenerate_benign": _benign}
