"""What a report says, in English and in Traditional Chinese.

Rules:
1. Plain words for somebody who answers for the service and not for statistics; every figure says what it is out of.
2. A test that found nothing never reads as a proof of equal treatment.
3. The English report carries the Chinese headings too; the Chinese one is Chinese alone.
"""

import re
from collections.abc import Mapping
from math import exp
from typing import Any

from guardrail.probe.measures import SHARES

REPORT_LANGUAGES = ("en", "zh-Hant")

WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("Are groups treated alike?", "各群體是否得到同等對待？"),
    "verdicts": ("Findings by ground", "按理由劃分的結果"),
    "difference": ("difference found", "發現差異"),
    "none": ("none found at this size", "以此規模未發現差異"),
    "unmeasured": ("not measurable", "未能量度"),
    "examples": ("Pairs side by side", "並列的問答"),
    "tests": ("All comparisons", "所有比較"),
    "method": ("Method", "方法"),
    "limits": ("Limits", "局限"),
    "serves": ("What it serves", "對應條文"),
    "run": ("The run", "本次測試"),
    "ground": ("Ground", "理由"),
    "verdict": ("Verdict", "結論"),
    "basis": ("Basis", "依據"),
    "statutory": ("ordinance", "法例"),
    "guideline": ("Guideline", "指引"),
    "compared": ("Compared", "比較"),
    "language": ("Language", "語文"),
    "measure": ("Measure", "量度"),
    "effect": ("Difference (95 % interval)", "差異（95%置信區間）"),
    "p": ("p", "p值"),
    "adjusted": ("adjusted p", "調整後p值"),
    "n": ("Templates", "範本數"),
    "detectable": ("Smallest difference it would have found", "可發現的最小差異"),
    "asked": ("Asked", "提問"),
    "answered": ("Answered", "回答"),
    "reference": ("reference", "對照"),
    "refused": ("refused", "拒答"),
    "empty": ("(no text)", "（沒有文字）"),
    "most_pronounced": (
        "The most pronounced pairs, not typical ones; what differs in the question is marked.",
        "以下為差異最大的例子，並非典型例子；問題中不同之處已標示。",
    ),
    "drawn": ("One pair, drawn at random.", "隨機抽取的一對。"),
    "refusal": ("refusals", "拒答"),
    "recommendation": ("favourable decisions", "有利的決定"),
    "number": ("numbers (pay, price, score)", "數字（薪金、價錢、評分）"),
    "length": ("length", "長度"),
    "sentiment": ("warmth of wording", "措辭的冷暖"),
    "toxicity": ("toxicity of wording", "措辭的惡毒程度"),
    "en": ("English", "英文"),
    "zh-Hant": ("Chinese, Traditional", "中文（繁體）"),
    "zh-Hans": ("Chinese, Simplified", "中文（簡體）"),
    "all": ("all languages", "所有語文"),
    "not_tested": ("too few pairs", "配對太少"),
    "nothing": ("none, however large", "無論多大亦不能"),
    "model": ("Model", "模型"),
    "upstream": ("Upstream", "上游"),
    "date": ("Date", "日期"),
    "requests": ("Requests sent", "已發出請求"),
    "tokens": ("Tokens used", "已用詞元"),
    "answers": ("Answers", "回答數目"),
    "failed": ("Questions without an answer", "沒有回答的問題"),
    "cut": ("Answers cut at the token limit", "因長度上限被截斷的回答"),
    "settings": ("Settings", "設定"),
    "plot": (
        "Differences from the reference group with 95 % intervals; 0 is equal treatment. Filled red: found.",
        "與對照群體的差異及95%置信區間；0為同等對待。紅色實心：發現差異。",
    ),
}

METHOD: tuple[tuple[str, str], ...] = (
    (
        "The model was asked matched questions that differ only in the group a person belongs to, in everyday "
        "situations "
        "of Hong Kong. No names were used. Of each pair of answers it is compared whether the model refused, "
        "whether it "
        "decided for or against the person, which figure it gave, and how long, how warm and how hostile its "
        "wording is.",
        "向模型提出成對的問題，內容為香港日常處境，每對問題只有人物所屬的群體不同，並無使用人名。每對回答比較以下各項："
        "有否拒答、決定對當事人是否有利、給出的數字，以及措辭的長度、冷暖和惡毒程度。",
    ),
    (
        "Whether a difference is more than chance is decided by a paired permutation test over templates "
        "({templates} at "
        "most in a comparison; repeats of a template are averaged first). {tests} comparisons were made; the method of "
        "Benjamini and Hochberg keeps the expected share of false findings among all findings at {q}.",
        "差異是否超出偶然，由以範本為單位的配對置換檢驗決定（每項比較最多{templates}個範本；"
        "同一範本的重複提問先取平均）。"
        "共作{tests}項比較；以Benjamini-Hochberg方法把所有發現中錯誤發現的預期比例控制在{q}。",
    ),
    (
        "Intervals come from a bootstrap over templates. A refusal counts as a refusal only; decisions, figures and "
        "wording are compared where both sides answered. The words of the group itself were taken out of the answers "
        "before their wording was measured.",
        "置信區間由範本的自助抽樣法計算。拒答只計作拒答；決定、數字及措辭只在雙方均有回答時比較。量度措辭前，"
        "已從回答中刪去群體本身的字眼。",
    ),
)

LIMITS: tuple[tuple[str, str], ...] = (
    (
        "“None found at this size” does not show that the model treats groups alike: differences smaller than "
        "those in the "
        "last column, or in situations that were not asked, may well be there.",
        "「以此規模未發現差異」並不證明模型平等對待各群體：小於最後一欄的差異，或在未有提問的處境中的差異，"
        "仍可能存在。",
    ),
    (
        "A difference that was found says that the answers differ, not why, nor that the law was broken; a "
        "person has to "
        "read the pairs and judge.",
        "發現差異只表示回答不同，並不說明原因，亦不等於違法；須由人閱讀有關問答後判斷。",
    ),
    (
        "Refusals, decisions, figures and wording are recognised by rules; a share of them is read wrongly, in "
        "both groups "
        "alike as far as we know. Wording in Chinese is scored by a word list.",
        "拒答、決定、數字及措辭由規則辨認，當中會有誤讀，就所知兩個群體機會相同。中文措辭以詞表評分。",
    ),
    (
        "The result holds for this model, these settings and this day.",
        "結果只適用於此模型、此等設定及當日情況。",
    ),
)

SERVES: tuple[tuple[str, str], ...] = (
    (
        "Hong Kong Generative Artificial Intelligence Technical and Application Guideline, §2.3.4 (fairness and "
        "objectivity): rigorous review against biased or discriminatory content on belief, political opinion, "
        "nationality, "
        "region, gender, age, ethnicity, skin colour, occupation, health, income and lifestyle; §3.1 (regular "
        "audits for "
        "bias; independent evaluation).",
        "《香港生成式人工智能技術及應用指引》第2.3.4節（公平客觀）：嚴格審查，防止在信仰、政見、國籍、地域、"
        "性別、年齡、民族、膚色、職業、"
        "健康、收入及生活方式方面出現偏見或歧視內容；第3.1節（定期審核偏見；獨立評估）。",
    ),
    (
        "Sex Discrimination Ordinance (Cap. 480): sex, marital status, pregnancy, breastfeeding. Disability "
        "Discrimination "
        "Ordinance (Cap. 487). Family Status Discrimination Ordinance (Cap. 527). Race Discrimination "
        "Ordinance (Cap. 602).",
        "《性別歧視條例》（第480章）：性別、婚姻狀況、懷孕、餵哺母乳；《殘疾歧視條例》（第487章）；"
        "《家庭崗位歧視條例》（第527章）；"
        "《種族歧視條例》（第602章）。",
    ),
)

UNANSWERED = (
    "{failed} of {planned} questions got no answer and are left out.",
    "{planned}條問題中有{failed}條沒有獲得回答，未計算在內。",
)

UNMEASURED = ("{unmeasured} of {all} grounds could not be measured.", "{all}項理由中有{unmeasured}項未能量度。")

STOPPED: Mapping[str, tuple[str, str]] = {
    "requests": (
        "The run stopped when the budget of requests was used up: {answered} of {planned} questions were answered.",
        "請求預算用盡，測試提早結束：{planned}條問題中有{answered}條獲得回答。",
    ),
    "tokens": (
        "The run stopped when the budget of tokens was used up: {answered} of {planned} questions were answered.",
        "詞元預算用盡，測試提早結束：{planned}條問題中有{answered}條獲得回答。",
    ),
}

SUMMARY: Mapping[str, tuple[str, str]] = {
    "difference": (
        "Differences were found on {many} of {all} grounds. Read the pairs below before you draw a conclusion.",
        "在{all}項理由中，有{many}項發現差異。下結論前請先閱讀以下問答。",
    ),
    "none": (
        "No difference was found at this size on {none} of {all} grounds. How large a difference would have been "
        "found is said with each.",
        "以此規模，{all}項理由中有{none}項未發現差異。多大的差異才會被發現，見各項說明。",
    ),
    "unmeasured": (
        "Nothing could be measured: there were too few pairs with two answers.",
        "未能量度：兩邊均有回答的配對太少。",
    ),
}


def say(key: str, lang: str) -> str:
    """The words of a key."""
    return WORDS[key][REPORT_LANGUAGES.index(lang)]


def heading(key: str, lang: str) -> str:
    """The words of a heading: both languages in the English report."""
    english, chinese = WORDS[key]
    return f"{english} · {chinese}" if lang == "en" else chinese


def pick(pair: tuple[str, str], lang: str) -> str:
    """The one of two."""
    return pair[REPORT_LANGUAGES.index(lang)]


def size(measure: str, value: float | None, lang: str, *, signed: bool = True) -> str:
    """A difference in the unit of its measure: percentage points, per cent, or points of a scale.

    >>> size("refusal", 0.125, "en"), size("number", -0.08, "zh-Hant"), size("sentiment", -0.1, "en")
    ('+12.5 points', '-8.0%', '-0.10')
    """
    if value is None:
        return "–"
    sign = "+" if signed else ""
    if measure in SHARES:
        return f"{100 * value:{sign}.1f} " + ("points" if lang == "en" else "個百分點")
    if measure in ("number", "length"):
        share = exp(value) - 1 if measure == "length" else value
        return f"{100 * share:{sign}.1f}" + (" %" if lang == "en" else "%")
    return f"{value:{sign}.2f}"


def span(measure: str, low: float | None, high: float | None, lang: str) -> str:
    """An interval, its unit said once.

    >>> span("refusal", 0.1, 0.3, "en"), span("number", -0.1, -0.05, "zh-Hant")
    ('+10.0 to +30.0 points', '-10.0至-5.0%')
    """
    first = size(measure, low, lang).removesuffix("個百分點").removesuffix("points").strip(" %")
    return f"{first} to {size(measure, high, lang)}" if lang == "en" else f"{first}至{size(measure, high, lang)}"


_DIRECTION: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "refusal": (("refused more often", "refused less often"), ("較常拒答", "較少拒答")),
    "recommendation": (
        ("decided more often in favour", "decided less often in favour"),
        ("較常作有利的決定", "較少作有利的決定"),
    ),
    "number": (("gave better figures", "gave worse figures"), ("給出較有利的數字", "給出較不利的數字")),
    "length": (("answered at greater length", "answered more briefly"), ("回答較長", "回答較短")),
    "sentiment": (("used warmer words", "used colder words"), ("措辭較暖", "措辭較冷")),
    "toxicity": (("used more hostile words", "used less hostile words"), ("措辭較惡毒", "措辭較不惡毒")),
}


def finding(test: Mapping[str, Any], lang: str) -> str:
    """One finding as a sentence, from the test as it stands in the JSON report."""
    measure, effect = test["measure"], test["effect"]
    direction = _DIRECTION[measure][REPORT_LANGUAGES.index(lang)][0 if effect > 0 else 1]
    change = size(measure, effect, lang)
    between = span(measure, test["low"], test["high"], lang)
    spoken = say(test["lang"], lang)
    other, reference = called(test, "other", lang), called(test, "reference", lang)
    if lang == "en":
        return (
            f"Asked about “{other}”, the model {direction} than about “{reference}” "
            f"({spoken}): {change} (95 % interval {between}){_rates(test, lang)}."
        )
    return (
        f"與「{reference}」相比，問及「{other}」時模型{direction}（{spoken}）：{change}"
        f"（95%置信區間 {between}）{_rates(test, lang)}。"
    )


def called(test: Mapping[str, Any], which: str, lang: str) -> str:
    """A term as the questions name it; an English reader gets the name of a Chinese one too."""
    words, name = test[f"{which}_words"], test[which].replace("_", " ")
    return f"{words} ({name})" if lang == "en" and not re.search("[A-Za-z]", words) else str(words)


def _rates(test: Mapping[str, Any], lang: str) -> str:
    if test["measure"] not in SHARES or test["mean_other"] is None:
        return ""
    other, reference = f"{100 * test['mean_other']:.0f}", f"{100 * test['mean_reference']:.0f}"
    return f"; {other} % against {reference} %" if lang == "en" else f"；{other}%對{reference}%"


def missed(ground: Mapping[str, Any], lang: str) -> str:
    """What a ground without a finding may still hide: what was not in reach."""
    least: Mapping[str, float | None] = ground["detectable"]
    share = f"{100 * (ground['detectable_share'] or 0):.0f}"
    parts = [
        f"{say(measure, lang)} {size(measure, value, lang, signed=False)}"
        for measure, value in least.items()
        if value is not None
    ]
    never = [say(measure, lang) for measure, value in least.items() if value is None]
    if lang == "en":
        out_of_reach = f" Not in reach for every pair of groups, however large: {', '.join(never)}." if never else ""
        few = f" So may any that show in fewer than {share} % of the templates, however large."
        return "Differences smaller than these may have been missed: " + "; ".join(parts) + "." + few + out_of_reach
    out_of_reach = f"並非每對群體均可發現差異，無論多大：{'、'.join(never)}。" if never else ""
    few = f"只在不足{share}%的範本中出現的差異，無論多大，亦可能未被發現。"
    return "小於以下的差異可能未被發現：" + "；".join(parts) + "。" + few + out_of_reach
