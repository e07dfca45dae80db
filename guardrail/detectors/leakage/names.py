"""Personal names in Chinese characters, in Cantonese and Mandarin spelling, and in English: a linear tagger.

Rules:
1. A name is one of two kinds.  `pii.name` is a bare name, whosever it is: most in ordinary answers are public (an
   author, a singer, a figure of a novel), so it is for flags and counts.  `pii.person` is a name with a sign beside it
   that a private person is meant: a title, the label of a form, words of contact, an identifier close by.
2. The score of `pii.name` is the tagger's own confidence in its least certain token; that of `pii.person` lies above
   0.6 and rises with it.  Neither is the probability that a name is private.
3. A span is exact: the name without its title; a family name that stands alone before a Chinese title (`陳先生`) is
   taken with it, for one character names nobody.
4. A name that is also a well-known place is one only where a sign of a private person stands beside it.
5. Integer weights are summed exactly, sentence by sentence and without memory: the same sentence has the same findings
   alone, in a batch and in another process.

What it can and cannot do is stated, with figures, in docs/models/names.md.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import re2
from numpy.typing import NDArray

from guardrail.detectors.leakage.context import labels
from guardrail.detectors.leakage.name_features import (
    BEGIN,
    END,
    LABELS,
    MIDDLE,
    OUTSIDE,
    SINGLE,
    TITLES,
    TITLES_ZH,
    Lists,
    Texts,
    Token,
    features,
    marks,
    reader,
    slots,
    tokens,
)
from guardrail.detectors.leakage.places import (
    DISTRICTS_ZH,
    HK_DISTRICTS_EN,
    HK_REGIONS_EN,
    MAINLAND_ZH,
    REGIONS_ZH,
    TAIWAN_ZH,
)
from guardrail.detectors.protocol import Options
from guardrail.errors import CheckError
from guardrail.models.store import DIRECTORY, Model, read_model
from guardrail.text.fold import fold
from guardrail.types import Context, Finding, Unit

FILE = "names.bin"
PRIVATE, BARE = "pii.person", "pii.name"
LEAST = 0.3
"""The lowest confidence that is reported."""

TITLED, LABELLED = "a name with a title", "a name after the label of a form"
_STRONG = (TITLED, LABELLED)
_CITIES = (
    "New York|Los Angeles|San Francisco|Washington|London|Paris|Berlin|Rome|Madrid|Tokyo|Kyoto|Osaka|Seoul|"
    "Beijing|Shanghai|Shenzhen|Guangzhou|Taipei|Singapore|Sydney|Melbourne|Toronto|Vancouver|Victoria|Houston|"
    "Dallas|Austin|Phoenix|Florida|Georgia|Virginia|Carolina|Texas|California|Jordan|Israel|India|China|Japan|"
    "Korea|Vietnam|Thailand|Malaysia|Indonesia|Philippines|Kenya|Chad|Cuba|Chile|Peru|Brazil|Mexico|Canada|"
    "America|Ireland|Scotland|England|Wales|Russia|Ukraine|Poland|Vienna|Milan|Venice|Florence"
)
_HERE = (*HK_DISTRICTS_EN, *HK_REGIONS_EN, *DISTRICTS_ZH, *REGIONS_ZH, *MAINLAND_ZH, *TAIWAN_ZH)
_PLACES = frozenset(name.lower() for name in (*_HERE, *_CITIES.split("|")))
_PLACEHOLDER = ("[", "{", "<")  # `Dear [Customer Name]`: where a name would be filled in
_SURE = 0.995  # confidence in "outside" from which a token is not looked at again
_NONE = -1e9
_EAGER = np.array([-3.0, 0.0, 0.0, 0.0, 0.0])  # how much less likely "outside" is where something announces a name
_ALLOWED = np.full((len(LABELS), len(LABELS)), _NONE)
for _left, _right in (
    *((left, right) for left in (OUTSIDE, END, SINGLE) for right in (OUTSIDE, BEGIN, SINGLE)),
    *((left, right) for left in (BEGIN, MIDDLE) for right in (MIDDLE, END)),
):
    _ALLOWED[_left, _right] = 0.0

_PUBLIC_TITLES = frozenset({"father", "sister", "brother", "sir", "lady", "lord", "judge", "master", "herr", "frau"})
_TITLED = re.compile(rf"(?<![a-z])(?:{'|'.join(sorted(TITLES - _PUBLIC_TITLES))})\.? ?$")
_TITLE_AFTER = re.compile(rf" ?(?:{'|'.join(sorted(set(TITLES_ZH) - {'生'}, key=lambda t: (-len(t), t)))})")
_LABEL_WORDS = (
    r"(?:\bnames?|(?:first|last|given|family|sur|full|user|customer|client|patient|contact|holder|employee|staff|student)"
    r"[ _]?name|姓名|名字|名稱|名称|戶名|户名|簽名|签名|客戶|客户|病人|患者|業主|业主|租客|租戶|乘客|學生|学生"
    r"|員工|员工|僱員|雇员|顧客|顾客|會員|会员|用戶|用户|同事|鄰居|邻居"
    r"|(?:申請|申请|收件|寄件|聯絡|联络|聯系|联系|持卡|持有|經辦|经办|負責|负责|受益|投保|報案|报案|承辦|簽署|當事|当事)人(?:姓名)?"
    r"|\b(?:contact(?: person)?|attn|attention|payee|beneficiary|cardholder|account holder|tenant|applicant|customer"
    r"|client|patient|passenger|guest|recipient|consignee|employee|staff|student|prepared by|signed(?: by)?|assigned to"
    r"|bill to|ship to|landlord|cc|complainant|colleague|neighbou?r))"
)
_LABEL = re.compile(_LABEL_WORDS + r"(?:\)|[\"'*])*\s?(?:is|are|係|是|為|为|叫|,)?\s?[:：|=]?\s?[\"'*]{0,3}\s?$")
_CONTACT_WORDS = (
    "my name is", "i am", "i'm", "this is", "speaking", "dear", "regards", "sincerely", "contact", "call", "email",
    "phone", "reach", "speak to", "belongs to", "filed by", "write to", "我叫", "我是", "我係", "我的名字", "聯絡",
    "联络", "聯繫", "联系", "致電", "致电", "打畀", "打俾", "打給", "打给", "搵", "尊敬的", "親愛的", "亲爱的",
)  # fmt: skip
_CONTACT = labels(*_CONTACT_WORDS)
_CONTACT_REACH = 14
NEAR = 80
"""Characters on either side of a name within which an identifier says that it is somebody's."""
_IDENTIFIER = re.compile(
    r"[\w.+-]{2,64}@[\w-]{1,64}\.[a-z]{2,}|\b[A-Z]{1,2}\d{6}[ (]|\bHKID\b|身[份分]證|身份证|\d{17}[\dXx]\b"
    r"|(?<![\d.,$])(?:\+?\d{1,3}[ -])?(?:[2-9]\d{3}[ -]?\d{4}|1[3-9]\d[ -]?\d{4}[ -]?\d{4}|\(?\d{3}\)?[ -]\d{3}-\d{4})"
    r"(?![\d.,%])|\b\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}\b"
)
# Any of the signs, wherever it stands: a sentence without one holds nobody who is meant in private.
_ANY_SIGN = re2.compile(
    "(?i)"
    + "|".join(
        (
            rf"\b(?:{'|'.join(sorted(TITLES - _PUBLIC_TITLES))})\b",
            "|".join(sorted(set(TITLES_ZH) - {"生"})),
            _LABEL_WORDS,
            "|".join(map(re.escape, _CONTACT_WORDS)),
            r"@|\d{3}|\bHKID\b|身[份分]證|身份证",
        )
    )
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a folded text: its span and the confidence in its least certain token, 0..1."""

    start: int
    end: int
    confidence: float
    faint: bool = False


@dataclass(frozen=True, slots=True)
class Recogniser:
    """The model in memory: for words and for Han characters a table of weights (for each label but "outside"), the
    marks that say whose a slot is, and the offsets with the scale last; `bias` is added to "outside"."""

    lists: Lists
    read: Callable[[str], Token]
    tables: tuple[NDArray[np.int8], NDArray[np.int8]]
    marks: tuple[NDArray[np.uint8], NDArray[np.uint8]]
    offsets: tuple[NDArray[np.float64], NDArray[np.float64]]
    bias: tuple[float, float]

    @classmethod
    def of(cls, model: Model) -> "Recogniser":
        """From a model file.  Raises KeyError, TypeError or ValueError when it is another kind of model."""
        if tuple(model.settings["labels"]) != LABELS:
            raise ValueError("its labels are not those of this version")
        arrays, bias = model.arrays, model.settings["bias"]
        lists = Lists.of(arrays)
        return cls(
            lists,
            reader(lists),
            (arrays["latin"], arrays["han"]),
            (arrays["latin_marks"], arrays["han_marks"]),
            (arrays["latin_offsets"], arrays["han_offsets"]),
            (float(bias["latin"]), float(bias["han"])),
        )

    def names(self, texts: Sequence[str], least: float = LEAST) -> list[list[Name]]:
        """The names in each folded text, in order, with at least this confidence; a `faint` one is only thought of
        where something beside it says that a name is due."""
        found = tokens(texts, self.read)
        scores, outside = self._scores(found)
        names: list[list[Name]] = [[] for _ in texts]
        unsure = np.flatnonzero(outside < _SURE)
        for run in np.split(unsure, np.flatnonzero(np.diff(unsure) > 1) + 1):
            if not len(run):
                continue
            breaks = _breaks(found, run)
            firm = _decoded(scores[run], breaks)
            faint = _decoded(scores[run] + _EAGER, breaks)
            taken = {at for first, last in firm for at in range(first, last + 1)}
            free = [(*ends, True) for ends in faint if not taken.intersection(range(ends[0], ends[1] + 1))]
            for first, last, is_faint in sorted([*((*ends, False) for ends in firm), *free]):
                confidence = float(1 - outside[run[first : last + 1]].max())
                if confidence >= least or is_faint:
                    place = found.spans[run[first]][0], found.spans[run[last]][1]
                    names[found.owners[run[first]]].append(Name(*place, confidence, is_faint))
        return names

    def _scores(self, found: Texts) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The log-probability of each label for each token, and the probability of "outside" (1 for a boundary)."""
        scores = np.full((len(found.spans), len(LABELS)), _NONE)
        scores[:, OUTSIDE] = 0.0
        for han in (False, True):
            places, rows = features(found, self.lists, han=han)
            if not len(places):
                continue
            raw = np.zeros((len(places), len(LABELS)))
            at = slots(rows)
            known = self.marks[han][at] == marks(rows)
            feature, place = np.nonzero(known)
            weights = self.tables[han][at[feature, place]].astype(np.int64)
            for label in range(1, len(LABELS)):
                sums = np.bincount(place, weights[:, label - 1], len(places))
                raw[:, label] = sums * self.offsets[han][-1] + self.offsets[han][label - 1]
            raw[:, OUTSIDE] += self.bias[han]
            raw -= raw.max(axis=1, keepdims=True)
            scores[places] = raw - np.log(np.exp(raw).sum(axis=1, keepdims=True))
        return scores, np.exp(scores[:, OUTSIDE])


def _breaks(found: Texts, run: NDArray[np.int64]) -> list[bool]:
    """Whether a name may not go on from each token of a run to the next: where Han characters meet Latin letters."""
    letters = found.shape[run] <= 4
    han = found.han[run]
    return [bool(letters[i] and letters[i + 1] and han[i] != han[i + 1]) for i in range(len(run) - 1)]


def _decoded(scores: NDArray[np.float64], breaks: Sequence[bool]) -> list[tuple[int, int]]:
    """The names (first and last token) of the best sequence of labels (Viterbi 1967) for a run of tokens."""
    best = scores[0] + np.array([0.0, 0.0, _NONE, _NONE, 0.0])
    back: list[NDArray[np.int64]] = []
    for step in range(1, len(scores)):
        reached = best[:, None] + _ALLOWED
        if breaks[step - 1]:
            reached[:, [MIDDLE, END]] = _NONE * 2
        back.append(reached.argmax(axis=0))
        best = reached.max(axis=0) + scores[step]
    label = int((best + np.array([0.0, _NONE, _NONE, 0.0, 0.0])).argmax())
    path = [label]
    for pointers in reversed(back):
        label = int(pointers[label])
        path.append(label)
    path.reverse()
    names: list[tuple[int, int]] = []
    begun = 0
    for at, label in enumerate(path):
        if label == BEGIN:
            begun = at
        elif label in (END, SINGLE):
            names.append((begun if label == END else at, at))
    return names


class Names:
    """Detector `leakage.names`; see the module's rules."""

    name = "leakage.names"
    kinds: tuple[str, ...] = (PRIVATE, BARE)
    unit = Unit.SENTENCE
    heavy = False

    def __init__(self, directory: Path = DIRECTORY) -> None:
        """`directory` holds the model file and the manifest; by default the ones inside the package."""
        self._directory = directory
        self._recogniser: Recogniser | None = None
        self._only_private = False

    def configure(self, options: Options) -> "Names":
        """A detector that passes over what no rule asks for: where only `pii.person` is wanted, sentences without a
        sign of a private person, which are most, are not tagged."""
        made = Names(self._directory)
        made._only_private = options.wanted == {PRIVATE}
        return made

    def load(self) -> None:
        """Read and check the weights.  Raises CheckError when they are missing, changed or of another kind."""
        if self._recogniser is None:
            model = read_model(FILE, self._directory)
            try:
                self._recogniser = Recogniser.of(model)
            except (KeyError, TypeError, ValueError) as error:
                raise CheckError(f"model {FILE} is not a model of names ({error}); reinstall guardrail") from error

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """The names of each text, in its own offsets.  Raises CheckError before `load`."""
        if self._recogniser is None:
            raise CheckError("leakage.names was asked before load()")
        views = [fold(text) for text in texts]
        results: list[list[Finding]] = [[] for _ in texts]
        asked = [at for at, view in enumerate(views) if not self._only_private or _ANY_SIGN.search(view.text)]
        if not asked:
            return results
        tagged = self._recogniser.names([views[at].text for at in asked])
        for at, names in zip(asked, tagged, strict=True):
            view, findings = views[at], results[at]
            for name in names:
                sign = sign_of(view.text, name.start, name.end)
                if not sign and view.text[name.start : name.end].lower() in _PLACES:
                    continue
                if (name.faint and sign not in _STRONG) or view.text[name.start - 1 : name.start] in _PLACEHOLDER:
                    continue
                start, end = (name.start, name.end) if view.origin is None else view.to_source(name.start, name.end)
                kind, score = (PRIVATE, 0.6 + 0.35 * name.confidence) if sign else (BARE, name.confidence)
                findings.append(
                    Finding(kind, round(score, 4), start, end, self.name, sign or "a name, nothing says whose")
                )
        return results


def sign_of(text: str, start: int, end: int) -> str:
    """What says that the name at `start:end` of a sentence is a private person's; empty where nothing does."""
    before = text[max(0, start - 48) : start].lower()
    if _TITLED.search(before) or _TITLE_AFTER.match(text, end) or _TITLE_AFTER.search(text, start + 1, end):
        return TITLED
    if _LABEL.search(before):
        return LABELLED
    if _CONTACT.last(before[-_CONTACT_REACH:]) >= 0:
        return "a name with words of contact"
    if _IDENTIFIER.search(text, max(0, start - NEAR), end + NEAR):
        return "a name close to an identifier"
    return ""
