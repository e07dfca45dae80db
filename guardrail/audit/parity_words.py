"""How the parity report names things and writes figures, on a terminal and on a page."""

from collections.abc import Mapping
from math import isnan

from guardrail.evaluation.contrasts import Difference
from guardrail.evaluation.intervals import Measure
from guardrail.groups import lexicon

OUTCOME_NAMES: Mapping[str, str] = {
    "refused": "refused 模型拒答",
    "blocked": "blocked 攔截",
    "flagged": "flagged 標示",
    "edited": "edited 修改",
    "noticed": "noticed 附加提示",
}
LANGUAGE_NAMES: Mapping[str, str] = {
    "en": "English 英文",
    "zh-Hant": "Traditional Chinese 繁體中文",
    "zh-Hans": "Simplified Chinese 簡體中文",
    "yue": "Cantonese 粵語",
    "zh": "Chinese, either script 中文（繁簡相同）",
    "mixed": "English and Chinese 中英各半",
    "other": "other 其他",
}


def group_name(name: str) -> str:
    """A group by its id and its first Chinese term; "" is "mentions none"."""
    if not name:
        return "no group mentioned 沒有提及"
    group = lexicon.load().groups.get(name)
    chinese = group.chinese[0].text if group is not None and group.chinese else ""
    return f"{name.replace('_', ' ')} {chinese}".strip()


def percent(measure: Measure) -> str:
    """A share with its interval; a dash where nothing was seen."""
    if isnan(measure.value):
        return "–"
    return f"{measure.value:.1%} ({measure.low:.1%} to {measure.high:.1%}) {measure.hits}/{measure.total}"


def difference(one: Difference) -> str:
    """A difference of shares in percentage points."""
    return f"{100 * one.value:+.1f} ({100 * one.low:+.1f} to {100 * one.high:+.1f})"


def times(one: Difference) -> str:
    """A ratio."""
    return f"×{one.value:.2f} ({one.low:.2f} to {one.high:.2f})"


def p_value(p: float) -> str:
    """A p-value after correction; a star where the difference holds."""
    star = " *" if p < 0.05 else ""
    return f"<0.001{star}" if p < 0.001 else f"{p:.3f}{star}"
