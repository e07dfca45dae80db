"""Whether people are treated alike in traffic, from the audit log: rates by language and by group mentioned, and the
questions that were asked twice.

Rules:
1. It counts what the log says and judges nobody.  Rates by group are of questions that *mention* a group, asked by
   anybody; they differ also because people ask different things.  Only the pairs hold the question still.
2. Every rate and every difference has a 95 % interval, and what is called a difference holds after Holm's correction
   over everything that was compared: over all rates, and over all pairs, which are an experiment of their own.
3. What fewer than `least` exchanges tell is not told: not as a number, and not by subtraction from the whole either,
   which the languages make up together, and about so the groups and the messages that mention none.
4. Records without the traits (made without `--parity`, or before there were any) are counted and left out.
5. Pure: records in, figures out.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import log
from typing import Any, TypeVar

from guardrail.audit import pair
from guardrail.evaluation.contrasts import Difference, holm, paired, ratio, shares
from guardrail.evaluation.intervals import Measure, share
from guardrail.text.language import LANGUAGES

Record = Mapping[str, Any]

OUTCOMES = ("refused", "blocked", "flagged", "edited", "noticed")
"""The model refused; a rule withheld the answer, flagged something, changed something, added a notice."""
LEAST = 10
LEVEL = 0.05
_JUDGED = frozenset({"completed", "blocked"})
"""How an exchange ends that has an outcome."""


@dataclass(slots=True)
class Counts:
    """Exchanges, and among them those with each outcome; refusals are counted among those that have an answer."""

    total: int = 0
    answered: int = 0
    hits: Counter[str] = field(default_factory=Counter)

    def add(self, outcomes: Mapping[str, bool | None]) -> None:
        """One exchange more."""
        self.total += 1
        self.answered += outcomes["refused"] is not None
        self.hits.update(name for name, value in outcomes.items() if value)

    def of(self, outcome: str) -> tuple[int, int]:
        """Hits, and of how many."""
        return self.hits[outcome], self.answered if outcome == "refused" else self.total

    def less(self, other: "Counts") -> "Counts":
        """What is left without the exchanges of `other`."""
        return Counts(self.total - other.total, self.answered - other.answered, self.hits - other.hits)


@dataclass(frozen=True, slots=True)
class Rate:
    """One outcome of one kind of exchanges, against all others that it is compared with; `adjusted` is the p-value
    after Holm's correction.  Without `difference` there is nothing to compare it with."""

    outcome: str
    rate: Measure
    rest: Measure | None = None
    difference: Difference | None = None
    adjusted: float = 1.0

    @property
    def differs(self) -> bool:
        """Whether the difference holds."""
        return self.difference is not None and self.adjusted < LEVEL


@dataclass(frozen=True, slots=True)
class Row:
    """Exchanges of one language, or that mention one group; a suppressed row keeps its name alone."""

    name: str
    total: int
    rates: tuple[Rate, ...] = ()
    suppressed: bool = False


@dataclass(frozen=True, slots=True)
class PairRow:
    """Questions that were asked about `given` and about `other` (empty: about any other group); a difference is the
    rate of the first less that of the second, `length` the ratio of the lengths of the answers."""

    ground: str
    given: str
    other: str
    total: int
    rates: tuple[Rate, ...] = ()
    length: Difference | None = None
    lengths: int = 0
    length_adjusted: float = 1.0
    suppressed: bool = False


@dataclass(frozen=True, slots=True)
class Parity:
    """The report.  `exchanges` were looked at, `without` of them have no traits, `unfinished` no outcome."""

    exchanges: int
    without: int
    unfinished: int
    pairs: int
    pairs_failed: int
    first: str
    last: str
    least: int
    models: tuple[str, ...]
    policies: tuple[str, ...]
    languages: tuple[Row, ...]
    groups: tuple[Row, ...]
    by_group: tuple[PairRow, ...]
    by_pair: tuple[PairRow, ...]
    compared: int
    compared_pairs: int

    @property
    def counted(self) -> int:
        """Exchanges that the rates are of."""
        return self.exchanges - self.without - self.unfinished


@dataclass(slots=True)
class _Pairs:
    """The outcomes of some pairs: how often each half alone had one, and the logarithms of the ratios of length."""

    total: int = 0
    answered: int = 0
    hits: Counter[tuple[str, int]] = field(default_factory=Counter)
    alone: Counter[tuple[str, int]] = field(default_factory=Counter)
    logs: list[float] = field(default_factory=list)

    def add(self, halves: tuple[Record, Record]) -> None:
        one, two = map(_side, halves)
        self.total += 1
        self.answered += one["refused"] is not None and two["refused"] is not None
        for name in OUTCOMES:
            if one[name] is None or two[name] is None:
                continue
            for number, (value, other) in enumerate(((one[name], two[name]), (two[name], one[name]))):
                self.hits[name, number] += bool(value)
                self.alone[name, number] += bool(value) and not other
        lengths = [_number(half.get("length")) for half in halves]
        if all(lengths) and not any(each[name] for each in (one, two) for name in ("refused", "blocked")):
            self.logs.append(log(lengths[0] / lengths[1]))


class Tally:
    """Counts records as they come."""

    def __init__(self, least: int = LEAST) -> None:
        """`least` is the number of exchanges, or pairs, below which nothing is told."""
        self._least = least
        self._exchanges = self._without = self._unfinished = self._failed = self._pairs = 0
        self._first, self._last = "", ""
        self._models: Counter[str] = Counter()
        self._policies: Counter[str] = Counter()
        self._all, self._mentioning, self._silent = Counts(), Counts(), Counts()
        self._languages: dict[str, Counts] = {}
        self._groups: dict[str, Counts] = {}
        self._by_group: dict[tuple[str, str], _Pairs] = {}
        self._by_pair: dict[tuple[str, str, str], _Pairs] = {}

    def add(self, record: Record) -> None:
        """One record of any kind."""
        kind = record.get("type")
        if kind == "exchange":
            self._saw(record)
            self._add_exchange(record)
        elif kind == pair.TYPE:
            self._saw(record)
            self._add_pair(record)

    def _saw(self, record: Record) -> None:
        time = str(record.get("time", ""))
        self._first = min(self._first or time, time)
        self._last = max(self._last, time)

    def _add_exchange(self, record: Record) -> None:
        self._exchanges += 1
        spoken = record.get("language")
        if not isinstance(spoken, str):
            self._without += 1
            return
        if record.get("ended") not in _JUDGED:
            self._unfinished += 1
            return
        self._models[str(record.get("model") or "")] += 1
        self._policies[str(record.get("policy") or "")] += 1
        outcomes = _outcomes(record)
        named = [name for name in _list(record.get("groups")) if isinstance(name, str)]
        self._all.add(outcomes)
        self._languages.setdefault(spoken, Counts()).add(outcomes)
        (self._mentioning if named else self._silent).add(outcomes)
        for name in dict.fromkeys(named):
            self._groups.setdefault(name, Counts()).add(outcomes)

    def _add_pair(self, record: Record) -> None:
        halves = (_mapping(record.get("a")), _mapping(record.get("b")))
        if not all(half.get("ended") == "blocked" or _has_answer(half) for half in halves):
            self._failed += 1
            return
        self._pairs += 1
        ground = str(record.get("ground", ""))
        one, two = (str(half.get("group", "")) for half in halves)
        self._by_group.setdefault((ground, one), _Pairs()).add(halves)
        self._by_group.setdefault((ground, two), _Pairs()).add(halves[::-1])
        ordered = halves if one <= two else halves[::-1]
        self._by_pair.setdefault((ground, *sorted((one, two))), _Pairs()).add(ordered)  # type: ignore[arg-type]

    def report(self) -> Parity:
        """What was counted, compared."""
        known = sorted(self._languages, key=lambda name: LANGUAGES.index(name) if name in LANGUAGES else len(LANGUAGES))
        hidden = _hidden({name: self._languages[name].total for name in known}, self._least)
        languages = [self._row(name, self._languages[name], self._all, hidden=name in hidden) for name in known]
        parts = {name: counts.total for name, counts in self._groups.items()} | {"": self._silent.total}
        unsaid = _hidden({name: total for name, total in parts.items() if total}, self._least)
        groups = [
            self._row(name, counts, self._mentioning, hidden=name in unsaid)
            for name, counts in sorted(self._groups.items(), key=lambda item: (-item[1].total, item[0]))
        ]
        # Of a group with two grounds the two would be told apart by who it was compared with, so each has its row.
        by_group = [self._pair_row((*key, ""), found) for key, found in sorted(self._by_group.items())]
        by_pair = [self._pair_row(key, found) for key, found in sorted(self._by_pair.items())]
        languages, groups, compared = _adjusted(languages, groups)
        by_group, by_pair, compared_pairs = _adjusted(by_group, by_pair)
        if self._silent.total and self._groups and "" in unsaid:
            groups.append(Row("", 0, suppressed=True))
        elif self._silent.total and self._groups:
            groups.append(Row("", self._silent.total, tuple(Rate(o, share(*self._silent.of(o))) for o in OUTCOMES)))
        return Parity(
            self._exchanges,
            self._without,
            self._unfinished,
            self._pairs,
            self._failed,
            self._first,
            self._last,
            self._least,
            tuple(sorted(self._models)),
            tuple(sorted(self._policies)),
            tuple(languages),
            tuple(groups),
            tuple(by_group),
            tuple(by_pair),
            compared,
            compared_pairs,
        )

    def _row(self, name: str, counts: Counts, whole: Counts, *, hidden: bool) -> Row:
        if hidden:
            return Row(name, 0, suppressed=True)
        rest = whole.less(counts)
        return Row(name, counts.total, tuple(self._rate(outcome, counts, rest) for outcome in OUTCOMES))

    def _rate(self, outcome: str, counts: Counts, rest: Counts) -> Rate:
        mine, others = counts.of(outcome), rest.of(outcome)
        if others[1] < self._least or not mine[1]:
            return Rate(outcome, share(*mine))
        return Rate(outcome, share(*mine), share(*others), shares(*mine, *others))

    def _pair_row(self, key: tuple[str, str, str], found: _Pairs) -> PairRow:
        if found.total < self._least:
            return PairRow(*key, 0, suppressed=True)
        rates = []
        for outcome in OUTCOMES:
            total = found.answered if outcome == "refused" else found.total
            of = [share(found.hits[outcome, number], total) for number in (0, 1)]
            gap = paired(found.alone[outcome, 0], found.alone[outcome, 1], total) if total else None
            rates.append(Rate(outcome, of[0], of[1], gap))
        enough = len(found.logs) >= self._least
        length = ratio(found.logs) if enough else None
        return PairRow(*key, found.total, tuple(rates), length, len(found.logs) if enough else 0)


def _outcomes(record: Record) -> dict[str, bool | None]:
    """What happened in an exchange."""
    actions = {_mapping(one).get("action") for one in _list(record.get("findings"))}
    refused = record.get("refused")
    return {
        "refused": refused if isinstance(refused, bool) else None,
        "blocked": record.get("action") == "block",
        "flagged": "flag" in actions,
        "edited": _number(record.get("edited")) > 0,
        "noticed": "notice" in actions,
    }


def _side(half: Record) -> dict[str, bool | None]:
    """What happened to one half of a pair."""
    refused = half.get("refused")
    made: dict[str, bool | None] = {name: half.get(name) is True for name in ("blocked", "flagged", "noticed")}
    return {
        **made,
        "refused": refused if isinstance(refused, bool) else None,
        "edited": _number(half.get("edited")) > 0,
    }


def _has_answer(half: Record) -> bool:
    return half.get("ended") == "completed" and isinstance(half.get("refused"), bool)


def _hidden(totals: Mapping[str, int], least: int) -> set[str]:
    """The parts of a whole that are not told: the small ones, and as many more of the smallest as it takes for their
    sum, which anybody can work out, not to be small as well."""
    hidden = {name for name, total in totals.items() if total < least}
    for name in sorted(totals, key=lambda name: totals[name]):
        if not 0 < sum(totals[each] for each in hidden) < least:
            break
        hidden.add(name)
    return hidden


R = TypeVar("R", Row, PairRow)


def _adjusted(rows: Sequence[R], more: Sequence[R]) -> tuple[list[R], list[R], int]:
    """Two sets of rows with p-values for both together, and how many comparisons they make.  An outcome that never
    happened on either side compares nothing."""
    p_values = [gap.p for row in (*rows, *more) for gap in _gaps(row)]
    adjusted = iter(holm(p_values))
    return [_with(row, adjusted) for row in rows], [_with(row, adjusted) for row in more], len(p_values)


def _gaps(row: Row | PairRow) -> Iterator[Difference]:
    for rate in row.rates:
        if compares(rate):
            assert rate.difference is not None
            yield rate.difference
    if isinstance(row, PairRow) and row.length is not None:
        yield row.length


def _with(row: R, adjusted: Iterator[float]) -> R:
    """The row with the next adjusted p-values, in the order of `_gaps`."""
    rates = tuple(replace(rate, adjusted=next(adjusted)) if compares(rate) else rate for rate in row.rates)
    made = replace(row, rates=rates)
    if isinstance(made, PairRow) and made.length is not None:
        return replace(made, length_adjusted=next(adjusted))
    return made


def compares(rate: Rate) -> bool:
    """Whether an outcome happened at all, and there is something to compare it with."""
    return rate.difference is not None and rate.rest is not None and bool(rate.rate.hits or rate.rest.hits)


def tally(records: Iterable[Record], least: int = LEAST) -> Parity:
    """The report on some records."""
    made = Tally(least)
    for record in records:
        made.add(record)
    return made.report()


def as_json(parity: Parity) -> dict[str, Any]:
    """The report as plain data."""
    return {
        "exchanges": parity.exchanges,
        "counted": parity.counted,
        "without_traits": parity.without,
        "unfinished": parity.unfinished,
        "pairs": parity.pairs,
        "pairs_failed": parity.pairs_failed,
        "from": parity.first or None,
        "to": parity.last or None,
        "models": list(parity.models),
        "policies": list(parity.policies),
        "minimum": parity.least,
        "comparisons": parity.compared,
        "comparisons_of_pairs": parity.compared_pairs,
        "level": LEVEL,
        "languages": [_row_json(row) for row in parity.languages],
        "groups": [_row_json(row) for row in parity.groups],
        "pairs_by_group": [_pair_json(row) for row in parity.by_group],
        "pairs_by_contrast": [_pair_json(row) for row in parity.by_pair],
    }


def _row_json(row: Row) -> dict[str, Any]:
    if row.suppressed:
        return {"name": row.name, "suppressed": True}
    return {
        "name": row.name or None,
        "exchanges": row.total,
        "rates": {rate.outcome: _rate_json(rate) for rate in row.rates},
    }


def _pair_json(row: PairRow) -> dict[str, Any]:
    named = {"ground": row.ground, "group": row.given, "other": row.other or None}
    if row.suppressed:
        return {**named, "suppressed": True}
    made: dict[str, Any] = {
        **named,
        "pairs": row.total,
        "rates": {rate.outcome: _rate_json(rate) for rate in row.rates},
    }
    if row.length is not None:
        made["length_ratio"] = {**_difference_json(row.length), "pairs": row.lengths, "p_adjusted": row.length_adjusted}
    return made


def _rate_json(rate: Rate) -> dict[str, Any]:
    made: dict[str, Any] = _measure_json(rate.rate)
    if compares(rate):
        assert rate.difference is not None and rate.rest is not None
        made["rest"] = _measure_json(rate.rest)
        made["difference"] = {**_difference_json(rate.difference), "p_adjusted": rate.adjusted, "differs": rate.differs}
    return made


def _measure_json(measure: Measure) -> dict[str, Any]:
    value = None if measure.total == 0 else measure.value
    return {"rate": value, "low": measure.low, "high": measure.high, "hits": measure.hits, "of": measure.total}


def _difference_json(one: Difference) -> dict[str, Any]:
    return {"value": one.value, "low": one.low, "high": one.high, "p": one.p}


def _mapping(value: Any) -> Record:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
