"""Which part of a set a text belongs to, decided by a hash, so that the trainer and the evaluation can never differ.

Rules:
1. Of every set a third is for testing, a tenth for calibration and for choosing thresholds, the rest for learning.
2. What decides is the prompt, else the id: answers of several models to one prompt stay together, and so do the two
   sentences of a minimal pair.
3. A set that the shipped models have learnt from is reported on its test part alone.  Of every other set the test part
   is the third that no tuning has looked at; it is reported beside the whole.
"""

import hashlib
import re
from typing import Literal

Part = Literal["train", "dev", "test"]

LEARNT = frozenset(
    {
        "bias/diasafety_biased_opinion",
        "benign/common_voice_yue",
        "benign/hkcancor_dialogues",
        "benign/mtbench_gpt4_reference",
        "benign/replay",
        "benign/xstest_responses",
        "benign/yue_truthfulqa_answers",
        "groundedness/factool_chinese",
        "groundedness/factool_en",
        "groundedness/gsm8k_model_solutions",
        "groundedness/halluqa_outputs",
        "groundedness/halueval_general",
        "groundedness/halueval_qa",
        "groundedness/uhgeval_news",
        "groundedness/uhgeval_news_hant_derived",
        "groundedness/yue_gsm8k_model_solutions",
        "toxicity/cold_train",
        "toxicity/davidson_tweets",
        "toxicity/diasafety",
        "toxicity/implicit_hate",
        "toxicity/openai_moderation",
        "toxicity/toxigen_human",
    }
)
"""The sets that are learnt from, by their path without endings; `benign/replay` is drawn from such sets."""

_COPY = "replay:"  # benign/replay holds copies: `replay:<id of the original>`
_SIDE = re.compile(r"-(?:sent_more|sent_less|ori|edit)$")  # the two sides of a pair in crows_pairs and corgi_pm


def part(key: str) -> Part:
    """The part that a key (see `key_of`) belongs to: 10 of 30 test, 3 dev, 17 train.

    >>> part("a question that several models were asked")
    'test'
    """
    slot = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) % 30
    return "test" if slot < 10 else "dev" if slot < 13 else "train"


def key_of(identifier: str, prompt: str = "") -> str:
    """What decides the part of a text: its prompt, else its id without what tells copies and sides of a pair apart.

    >>> key_of("crows_pairs:796-sent_less")
    'crows_pairs:796'
    """
    return prompt or _SIDE.sub("", identifier.removeprefix(_COPY))
