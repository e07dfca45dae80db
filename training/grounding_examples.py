"""The claims that the reader of sources learns from, as pieces: `python -m training.grounding_examples ...`.

Rules:
1. Claims come from `guardrail.evaluation.grounding_edits` alone, the train part for learning and the dev part for
   choosing; QAGS, FaithBench and the test parts are never looked at.
2. A claim is read beside what the detector would give it: the passages that `claims.supports` finds in the source.
3. Beside the edits of the generator three more kinds of claim are made here, which only learning needs: a sentence of
   the source whose own passage is withheld (`unsaid`), one of another source (`foreign`), and a question made of a
   sentence with its answer, right or wrong (`answer`).
4. `marks` names the pieces that an edit brought in, so that the network learns where a claim went wrong, too.
5. What is written is a directory with the encoder, cut down to the vocabulary (see `training.encoders`), the names of
   the sorts, and `train.npz` and `dev.npz`.
"""

import argparse
import json
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np

from guardrail.detectors.errors.grounding.claims import supports
from guardrail.detectors.errors.grounding.entailment import CLAIM, Pair, pair
from guardrail.detectors.errors.grounding.sources import Index, index_of
from guardrail.evaluation import datasets, grounding_english
from guardrail.evaluation.grounding_edits import (
    SORTS,
    SUPPORTED,
    Claim,
    Document,
    around,
    claims,
    documents,
    said_otherwise,
)
from guardrail.evaluation.grounding_source import Around
from guardrail.evaluation.parts import Part, key_of, part
from guardrail.text.pieces import WordPiece
from guardrail.types import Source
from training.asked import with_question
from training.encoders import english, kept, spells_english, write

KINDS = (SUPPORTED, *SORTS, "unsaid", "foreign", "answer, right", "answer, wrong")
"""What each number in `sorts` means."""
TOKENS = 144
"""Pieces of a claim and its passages together."""


@dataclass(frozen=True, slots=True)
class Example:
    """A claim with its passages."""

    claim: str
    passages: tuple[str, ...]
    sort: str
    supported: bool
    verbatim: bool = False
    before: str = ""


def examples(given: Sequence[Document], seed: int, each: int) -> Iterator[Example]:
    """The claims of one round about the documents, each with its passages."""
    by_source: dict[str, list[Claim]] = {}
    for claim in claims(given, seed, each):
        by_source.setdefault(claim.source, []).append(claim)
    for document, near in around(given, seed):
        dice = random.Random(f"{seed}+{document.key}")
        index = index_of((Source("system", document.text),))
        for claim in by_source.get(document.text, ()):
            yield Example(
                claim.text, _passages(claim.text, index), claim.sort, claim.supported, claim.verbatim, claim.before
            )
        yield from _others(near, index, dice)
        yield from _answers(near, index, dice)


def _passages(claim: str, index: Index) -> tuple[str, ...]:
    return tuple(one.text for one in supports(claim, index))


def _others(near: Around, index: Index, dice: random.Random) -> Iterator[Example]:
    """Claims of which no passage speaks, though the source does, and claims of another source."""
    own, _ = said_otherwise(dice.choice(near.sentences), near, dice, grounding_english.FORMS)
    left = tuple(one.text for one in supports(own, index, 5) if one.share < 0.45)[:3]
    if left:
        yield Example(own, left, "unsaid", False)
    if near.other_sentences and dice.random() < 0.5:
        other = dice.choice(near.other_sentences)
        passages = _passages(other, index)
        if passages:
            yield Example(other, passages, "foreign", False)


def _answers(near: Around, index: Index, dice: random.Random) -> Iterator[Example]:
    """Questions made of sentences, with a right and a wrong answer."""
    forms = {name: grounding_english.FORMS[name] for name in ("shortened", "reworded", "resolved", "unfolded", "moved")}
    for _ in range(min(2, len(near.names))):
        sentence, _ = said_otherwise(dice.choice(near.sentences), near, dice, forms)
        found = [name for name in grounding_english.names(sentence) if sentence.count(name) == 1]
        numbers = re.findall(r"(?<![\w.,])\d[\d,.]*\d(?![\w])", sentence)
        if not found + numbers:
            continue
        answer = dice.choice(found + numbers)
        pool = near.names if answer in found else tuple(re.findall(r"(?<![\w.,])\d[\d,.]*\d(?![\w])", near.text))
        wrong = [one for one in dict.fromkeys(pool) if one not in sentence and answer not in one]
        asked = "which" if answer in numbers else dice.choice(("who", "what", "which", "where"))
        question = sentence.rstrip(".").replace(answer, asked, 1) + "?"
        for given, right in ((answer, True), (dice.choice(wrong) if wrong else "", False)):
            if given:
                claim = with_question(given, question)
                yield Example(claim, _passages(claim, index), f"answer, {'right' if right else 'wrong'}", right)


def asked_for(data: Path, wanted: Part, seed: int) -> Iterator[Example]:
    """The questions of HaluEval with the right answer, the wrong one, and another name or number of the passage."""
    path = datasets.find(data, "groundedness/halueval_qa")
    if path is None:
        return
    dice = random.Random(seed)
    for item in datasets.read(path):
        if part(key_of(item.id, item.prompt)) != wanted:
            continue
        index = index_of((Source("system", item.context),))
        right = not item.labels["unfaithful"]
        answers = [(item.text, right)]
        if right:
            pool = [
                one for one in grounding_english.names(item.context) if one not in item.text and one not in item.prompt
            ]
            answers += [(one, False) for one in dice.sample(pool, min(2, len(pool)))]
        for answer, is_right in answers:
            claim = with_question(answer, item.prompt)
            yield Example(claim, _passages(claim, index), f"answer, {'right' if is_right else 'wrong'}", is_right)


def marks(cut: WordPiece, example: Example, read: Pair) -> list[int]:
    """1 for each piece of the claim that an edit brought in or whose neighbour it took away."""
    pieces = cut.encode(example.claim)[: min(CLAIM, TOKENS // 2)]
    found = [0] * len(read.ids)
    if not example.before:
        return found
    before = cut.encode(example.before)
    for kind, _, _, start, end in SequenceMatcher(None, before, pieces, autojunk=False).get_opcodes():
        if kind != "equal":
            for at in range(start, max(end, start + 1)):
                if at < len(pieces):
                    found[at + 1] = 1
    return found


def pack(cut: WordPiece, chosen: Sequence[Example], to: Path) -> None:
    """Write the examples as pieces, one after the other, with where each ends."""
    ids: list[int] = []
    sides: list[int] = []
    matches: list[int] = []
    marked: list[int] = []
    ends: list[int] = []
    for example in chosen:
        read = pair(cut, example.claim, example.passages, TOKENS)
        ids += read.ids
        sides += read.sides
        matches += read.matches
        marked += marks(cut, example, read)
        ends.append(len(ids))
    np.savez_compressed(
        to,
        ids=np.array(ids, np.uint16),
        sides=np.array(sides, np.uint8),
        matches=np.array(matches, np.uint8),
        marks=np.array(marked, np.uint8),
        ends=np.array(ends, np.uint32),
        supported=np.array([one.supported for one in chosen], np.uint8),
        verbatim=np.array([one.verbatim for one in chosen], np.uint8),
        sorts=np.array([KINDS.index(one.sort) for one in chosen], np.uint8),
    )


def prepare(data: Path, source: Path, out: Path, rounds: int, size: int, seed: int) -> dict[str, int]:
    """Make both parts and the encoder; the answer is how many examples each has."""
    found: dict[str, list[Example]] = {"train": [], "dev": []}
    for wanted, turns in (("train", rounds), ("dev", 1)):
        given = documents(data, wanted, ("en",))  # type: ignore[arg-type]
        seen: set[tuple[str, bool]] = set()
        for turn in range(turns):
            made = [*examples(given, seed + turn, 6), *asked_for(data, wanted, seed + turn)]  # type: ignore[arg-type]
            for one in made:
                if (one.claim, one.supported) not in seen and one.passages:
                    seen.add((one.claim, one.supported))
                    found[wanted].append(one)
            print(f"{wanted}, round {turn + 1} of {turns}: {len(found[wanted])}", flush=True)
    weights, settings, pieces = english(source)
    cut = WordPiece([piece for piece, _ in pieces])
    texts = dict.fromkeys(text for one in found["train"] for text in (one.claim, *one.passages))
    numbers = {piece: at for at, (piece, _) in enumerate(pieces)}
    first = [numbers[piece] for piece in ("[PAD]", "[UNK]", "[CLS]", "[SEP]")]
    order = [*first, *(at for at in kept(pieces, texts, spells_english, size, cut) if at not in first)]
    weights["embeddings.word_embeddings.weight"] = weights["embeddings.word_embeddings.weight"][order]
    write(out, weights, settings, [pieces[at] for at in order])
    (out / "sorts.json").write_text(json.dumps(KINDS), "utf-8")
    smaller = WordPiece([pieces[at][0] for at in order])
    for name, chosen in found.items():
        pack(smaller, chosen, out / f"{name}.npz")
    return {name: len(chosen) for name, chosen in found.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.grounding_examples", description=__doc__)
    parser.add_argument("--source", type=Path, required=True, help="the directory of all-MiniLM-L6-v2")
    parser.add_argument("--data", type=Path, required=True, help="the directory of the data sets")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=14, help="how often claims are made of every document")
    parser.add_argument("--vocabulary", type=int, default=12_000, help="pieces that are kept")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    print(prepare(chosen.data, chosen.source, chosen.out, chosen.rounds, chosen.vocabulary, chosen.seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
