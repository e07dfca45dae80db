"""The sets that the hate and toxicity models may learn from.

Rules:
1. Only sets under a permissive licence are learnt from.  Diagnostic suites (HateCheck) and sets whose licence does
   not allow derived works are measured on and nothing else (`guardrail.evaluation.bias`).
2. Which part an item belongs to is decided by `guardrail.evaluation.parts`, the same code that the evaluation asks: a
   third of every set is never learnt from.
3. Benign answers are cut into sentences, the unit that is judged at run time.
4. A text has a label for each of three questions, or none where nobody answered it: is it `toxic` (insult, threat,
   harassment, hate), is it `hate` (an attack on a group of people or on somebody for belonging to one), does it do any
   `harm` (these, sexual content, violence, self-harm).
"""

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from guardrail.evaluation.parts import Part, key_of, part

Language = Literal["en", "zh"]
Divide = Callable[[str], Part]


@dataclass(frozen=True, slots=True)
class Item:
    """One text of a set; a label is None where nobody said.  `prompt` is what the text answers."""

    id: str
    text: str
    toxic: bool | None
    language: Language
    part: Part
    labels: dict[str, Any]
    hate: bool | None = None
    harm: bool | None = None
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A set: where it is under the data directory, what it may be used for, and how much an item weighs."""

    path: str
    language: Language
    licence: str
    origin: str
    benign: bool = False
    parts: tuple[Part, ...] = ("train", "dev", "test")
    weight: float = 1.0
    harm_label: str = "toxic"
    only_safe: bool = False

    @property
    def name(self) -> str:
        """The file name without its endings."""
        return Path(self.path).name.split(".")[0]


_TRAIN: tuple[Part, ...] = ("train", "dev")

LEARNT: tuple[Source, ...] = (
    Source("toxicity/davidson_tweets.jsonl", "en", "MIT", "t-davidson/hate-speech-and-offensive-language"),
    Source("toxicity/toxigen_human.jsonl", "en", "MIT", "microsoft/SafeNLP"),
    Source("toxicity/implicit_hate.jsonl", "en", "MIT", "microsoft/SafeNLP", weight=0.5),
    Source("toxicity/openai_moderation.jsonl", "en", "MIT", "openai/moderation-api-release", weight=2.0),
    Source("toxicity/diasafety.jsonl", "en", "Apache-2.0", "thu-coai/DiaSafety", weight=0.5, harm_label="unsafe"),
    Source("toxicity/cold_train.jsonl.gz", "zh", "Apache-2.0", "thu-coai/COLDataset", parts=_TRAIN),
    Source("groundedness/halueval_general.jsonl.gz", "en", "MIT", "RUCAIBox/HaluEval", benign=True),
    Source(
        "groundedness/gsm8k_model_solutions.jsonl.gz",
        "en",
        "MIT",
        "openai/grade-school-math",
        benign=True,
        weight=0.3,
    ),
    Source("groundedness/factool_en.jsonl", "en", "Apache-2.0", "GAIR-NLP/factool", benign=True),
    Source("benign/mtbench_gpt4_reference.jsonl", "en", "Apache-2.0", "lm-sys/FastChat", benign=True),
    Source(
        "benign/xstest_responses.jsonl",
        "en",
        "CC-BY-4.0",
        "paul-rottger/exaggerated-safety",
        benign=True,
        only_safe=True,
    ),
    Source("groundedness/halluqa_outputs.jsonl", "zh", "Apache-2.0", "OpenMOSS/HalluQA", benign=True),
    Source("groundedness/factool_chinese.jsonl", "zh", "Apache-2.0", "GAIR-NLP/factool", benign=True),
    Source("groundedness/uhgeval_news.jsonl.gz", "zh", "Apache-2.0", "IAAR-Shanghai/UHGEval", benign=True),
    Source(
        "groundedness/yue_gsm8k_model_solutions.jsonl.gz",
        "zh",
        "MIT",
        "jiangjyjy/Yue-Benchmark",
        benign=True,
        weight=0.3,
    ),
    Source("benign/yue_truthfulqa_answers.jsonl.gz", "zh", "MIT", "jiangjyjy/Yue-Benchmark", benign=True),
    Source("benign/hkcancor_dialogues.jsonl", "zh", "CC-BY-4.0", "jacksonllee/pycantonese (HKCanCor)", benign=True),
    Source(
        "benign/common_voice_yue.jsonl",
        "zh",
        "CC0-1.0",
        "Common Voice, by jacksonllee/pycantonese (MPL-2.0)",
        benign=True,
    ),
)


def sentences(text: str) -> list[str]:
    """A plain cut into sentences, for training and measuring; a stop that no blank follows does not end one."""
    pieces = re.split(r"(?<=[。！？；\n])|(?<=[.!?])\s+", text)
    return [piece.strip() for piece in pieces if len(piece.strip()) > 1]


OPINIONS = Source("bias/diasafety_biased_opinion.jsonl", "en", "Apache-2.0", "thu-coai/DiaSafety", harm_label="biased")
"""Replies that voice a biased opinion, or not, each with the question it answers."""


def read(data: Path, source: Source, divide: Divide = part) -> Iterator[Item]:
    """The items of a set that belong to one of its parts.  Raises OSError where the file is missing."""
    path = data / source.path
    content = path.read_bytes()
    for line in (gzip.decompress(content) if path.suffix == ".gz" else content).splitlines():
        item = json.loads(line)
        labels = item["labels"]
        if source.only_safe and not labels["safe_prompt"]:
            continue
        found = _part(item, source, divide)
        if found not in source.parts:
            continue
        toxic = False if source.benign else labels.get(source.harm_label)
        if source.harm_label == "unsafe" and labels.get("category") != "Offending User" and labels["unsafe"]:
            continue  # other kinds of unsafe reply (medical advice, say) are not toxic in themselves
        hate, harm = _finer(source.name, toxic, labels)
        prompt = item.get("prompt") or ""
        yield Item(item["id"], item["text"], toxic, source.language, found, labels, hate, harm, prompt)


def _finer(name: str, toxic: bool | None, labels: Mapping[str, Any]) -> tuple[bool | None, bool | None]:
    """Whether a text is hate, and whether it does any harm, as far as the labels of its set tell."""
    if name == "davidson_tweets":
        # "offensive" is everything from banter to slurs, so it says nothing about hate
        return {"hate": True, "neither": False}.get(labels.get("class", "")), toxic
    if name == "openai_moderation":
        kinds = labels.get("orig", {})
        hate = True if kinds.get("H") or kinds.get("H2") else False if "H" in kinds else None
        return hate, labels.get("any_harm")
    if name == "diasafety":
        return (None if toxic else False), toxic
    return toxic, toxic


def tenths(key: str) -> Part:
    """The division that `names.bin` was made with: 7 of 10 train, 1 dev, 2 test."""
    tenth = _tenth(key)
    return "train" if tenth < 7 else "dev" if tenth == 7 else "test"


def nine_tenths(key: str) -> Part:
    """The same for a set that has a test set of its own: 9 of 10 train, 1 dev."""
    return "train" if _tenth(key) else "dev"


def _tenth(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) % 10


def _part(item: Mapping[str, Any], source: Source, divide: Divide) -> Part:
    found = divide(key_of(item["id"], item.get("prompt") or ""))
    if source.parts == _TRAIN and found == "test":
        return "train"
    return found
