"""Detoxify checkpoints made here, of every architecture that is released: tiny or of full size, random or trained.

Rules:
1. A checkpoint and its directory are what an operator has: the library's format, the tokenizer files of the base
   network, and no model_max_length, as in the stock directories.
2. Trained networks tell words of one list from the others, so that scores spread over 0..1 and a decision can be
   right or wrong.  That is enough to compare two ways of running a network, and says nothing about toxicity.
3. The same seed makes the same network, on one machine.
"""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

ORIGINAL = ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")
UNBIASED = ("toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat", "sexual_explicit")
SMALL = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
    "max_position_embeddings": 66,
}  # fmt: skip
BASE = {
    "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072,
    "max_position_embeddings": 512,
}  # fmt: skip
HARMFUL = (
    "stupid", "idiot", "fool", "moron", "worthless", "useless", "pathetic", "ugly", "dumb", "loser", "garbage",
    "disgusting", "filthy", "hate", "kill", "shoot", "stab", "burn", "die", "murder", "hell", "damn", "crap", "fuck",
    "parasites", "criminals", "animals", "freaks", "coward", "liar",
)  # fmt: skip
_SPECIAL = {"Bert": ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")}
_SPECIAL_OTHER = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")


@dataclass(frozen=True, slots=True)
class Architecture:
    """The classes of transformers that a released checkpoint names, and its outputs."""

    name: str
    classes: tuple[str, ...]
    outputs: int

    @property
    def network(self) -> str:
        """What a checkpoint calls `model_name`."""
        return f"{self.name}ForSequenceClassification"


ARCHITECTURES = {
    one.name: one
    for one in (
        Architecture("Bert", ORIGINAL, 6),
        Architecture("Albert", ORIGINAL, 6),
        Architecture("Roberta", UNBIASED, 16),
        Architecture("XLMRoberta", UNBIASED, 16),
    )
}


@dataclass(frozen=True, slots=True)
class Made:
    """A checkpoint on disk, and the network and tokenizer that it was made of."""

    checkpoint: Path
    config: Path
    model: Any
    tokenizer: Any


def make(
    kind: str,
    folder: Path,
    texts: Sequence[str],
    *,
    shape: dict[str, int] | None = None,
    steps: int = 0,
    scale: float = 1.0,
    vocabulary: int | None = None,
    classes: Sequence[str] | None = None,
    extra: Any = None,
    seed: int = 7,
) -> Made:
    """Write a checkpoint of an architecture whose tokenizer knows the words of `texts`; trained for `steps`, or random
    with weights times `scale`.  `vocabulary` is the size of the embedding where it is to be larger than that; tokens
    that stand in no text fill it."""
    torch, transformers = importlib.import_module("torch"), importlib.import_module("transformers")
    one = ARCHITECTURES[kind]
    tokenizer = _tokenizer(kind, texts)
    folder.mkdir(parents=True, exist_ok=True)
    directory = folder / kind
    if vocabulary:
        tokenizer.add_tokens([f"\ue000{number}" for number in range(len(tokenizer), vocabulary)])  # in nobody's text
    tokenizer.save_pretrained(directory)
    roberta = kind not in ("Bert", "Albert")
    special = {"bos_token_id": 0, "eos_token_id": 2} if roberta else {}
    sizes = dict(shape or SMALL)
    sizes["max_position_embeddings"] += 2 if roberta and sizes["max_position_embeddings"] == 512 else 0
    config = getattr(transformers, f"{kind}Config")(
        vocab_size=vocabulary or len(tokenizer),
        num_labels=one.outputs,
        pad_token_id=tokenizer.pad_token_id,
        **(
            {"initializer_range": 0.2, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0} if steps else {}
        ),  # learns within seconds
        **special,
        **sizes,
    )
    torch.manual_seed(seed)
    model = getattr(transformers, one.network)(config)
    if steps:
        _train(torch, model, tokenizer, one, texts, steps, seed)
    with torch.no_grad():
        for weights in model.parameters():
            weights.mul_(scale)
    model.eval()
    config.save_pretrained(directory)
    arguments = {
        "model_type": "somebody/on-the-hub",
        "model_name": one.network,
        "tokenizer_name": "AutoTokenizer",
        "num_classes": one.outputs,
    }
    named = list(classes or one.classes)
    content = {
        "config": {"arch": {"args": arguments}, "dataset": {"args": {"classes": named}}, "extra": extra},
        "state_dict": model.state_dict(),
    }
    torch.save(content, folder / f"{kind}.ckpt")
    return Made(folder / f"{kind}.ckpt", directory, model, tokenizer)


def _tokenizer(kind: str, texts: Sequence[str]) -> Any:
    """A tokenizer of the kind that the architecture expects."""
    tokenizers, transformers = importlib.import_module("tokenizers"), importlib.import_module("transformers")
    special = list(_SPECIAL.get(kind, _SPECIAL_OTHER))
    if kind == "Bert":
        core = tokenizers.Tokenizer(tokenizers.models.WordPiece(unk_token="[UNK]"))
        core.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
        core.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
        trainer = tokenizers.trainers.WordPieceTrainer(vocab_size=1500, special_tokens=special, show_progress=False)
    elif kind == "Roberta":
        core = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token="<unk>"))
        core.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
        core.decoder = tokenizers.decoders.ByteLevel()
        alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
        trainer = tokenizers.trainers.BpeTrainer(
            vocab_size=1500, special_tokens=special, initial_alphabet=alphabet, show_progress=False
        )
    else:
        core = tokenizers.Tokenizer(tokenizers.models.Unigram())
        core.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
        trainer = tokenizers.trainers.UnigramTrainer(
            vocab_size=1200, special_tokens=special, unk_token="<unk>", show_progress=False
        )
    core.train_from_iterator([*texts, *HARMFUL, *([" ".join(HARMFUL)] * 20)], trainer)
    first, last = (special[2], special[3]) if kind == "Bert" else (special[0], special[2])
    core.post_processor = tokenizers.processors.TemplateProcessing(
        single=f"{first} $A {last}", special_tokens=[(token, core.token_to_id(token)) for token in (first, last)]
    )
    names = ("pad", "unk", "cls", "sep", "mask") if kind == "Bert" else ("bos", "pad", "eos", "unk", "mask")
    given = {f"{name}_token": token for name, token in zip(names, special, strict=True)}
    if kind != "Bert":
        given |= {"cls_token": "<s>", "sep_token": "</s>"}
    return transformers.PreTrainedTokenizerFast(tokenizer_object=core, **given)


def _train(
    torch: Any, model: Any, tokenizer: Any, one: Architecture, texts: Sequence[str], steps: int, seed: int
) -> None:
    """Teach the network to find words: each class those of its share of HARMFUL, the first class every one."""
    random = Random(seed)
    words = sorted({word for text in texts for word in text.split()} - set(HARMFUL))
    lists = [set(HARMFUL), *(set(HARMFUL[start :: len(one.classes) - 1]) for start in range(len(one.classes) - 1))]
    optimiser = torch.optim.AdamW(model.parameters(), lr=4e-3)
    model.train()
    for _ in range(steps):
        batch = [
            random.choices(words, k=random.randint(3, 14)) + random.choices(HARMFUL, k=random.choice((0, 0, 1, 2)))
            for _ in range(32)
        ]
        for each in batch:
            random.shuffle(each)
        wanted = torch.zeros((len(batch), one.outputs))
        for row, each in enumerate(batch):
            for column, listed in enumerate(lists):
                wanted[row, column] = float(any(word in listed for word in each))
        inputs = tokenizer(
            [" ".join(each) for each in batch], return_tensors="pt", padding=True, truncation=True, max_length=64
        )
        inputs.pop("token_type_ids", None)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(model(**inputs).logits, wanted)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
