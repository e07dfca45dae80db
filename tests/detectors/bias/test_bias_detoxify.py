"""The Detoxify adapter: what an operator is told, and (slow) the real library on tiny networks of every architecture.

If these fail, a check that cannot work would look as if it had passed, a model would be fetched from the network, or
the tail of a long answer would go unread.
"""

import hashlib
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guardrail.detectors.bias import detoxify as adapter
from guardrail.detectors.bias.detoxify import CHECKPOINT_VARIABLE, CONFIG_VARIABLE, SHA256_VARIABLE, DetoxifyToxicity
from guardrail.detectors.protocol import Detector
from guardrail.errors import CheckError
from guardrail.types import Context, Unit


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (CHECKPOINT_VARIABLE, CONFIG_VARIABLE, SHA256_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    for variable in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.setenv(variable, "1")


def files(tmp_path: Path, config: str | None = '{"num_labels": 6}', content: bytes = b"") -> tuple[Path, Path]:
    checkpoint = tmp_path / "model.ckpt"
    checkpoint.write_bytes(content)
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    return checkpoint, tmp_path


def test_it_is_a_detector_of_sentences() -> None:
    detector = DetoxifyToxicity()
    assert isinstance(detector, Detector)
    assert (detector.name, detector.unit, detector.heavy) == ("bias.detoxify", Unit.SENTENCE, True)
    assert len(detector.kinds) == 7


def test_without_settings_it_says_what_to_set() -> None:
    detector = DetoxifyToxicity()
    assert not detector.configured
    with pytest.raises(CheckError, match=f"{CHECKPOINT_VARIABLE}.*{CONFIG_VARIABLE}"):
        detector.load()


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(tmp_path / "model.ckpt"))
    assert DetoxifyToxicity().configured
    with pytest.raises(CheckError, match=CONFIG_VARIABLE):
        DetoxifyToxicity().load()  # half a setting is a mistake, not a wish to go without
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path))
    assert DetoxifyToxicity().configured


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckError, match=r"absent\.ckpt is not a file"):
        DetoxifyToxicity(tmp_path / "absent.ckpt", tmp_path).load()


def test_a_missing_configuration_is_named(tmp_path: Path) -> None:
    checkpoint, config = files(tmp_path, config=None)
    with pytest.raises(CheckError, match=r"holds no config\.json"):
        DetoxifyToxicity(checkpoint, config).load()


def test_a_missing_extra_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> Any:
        raise ImportError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(adapter.importlib, "import_module", refuse)
    with pytest.raises(CheckError, match=r"pip install 'guardrail\[detoxify\]'"):
        DetoxifyToxicity(*files(tmp_path)).load()


def test_it_refuses_to_judge_before_it_is_loaded() -> None:
    with pytest.raises(CheckError, match="before load"):
        DetoxifyToxicity().detect(["hello"], Context())


@pytest.mark.parametrize(
    ("text", "skipped"),
    [
        ("你這個廢物", True),
        ("佢哋成班人都係垃圾，ok？", True),
        ("你是个废物", True),
        ("You are a fool 你", False),
        ("You are a fool", False),
        ("12345", False),
    ],
)
def test_chinese_is_left_to_the_scorer_that_knows_it(text: str, skipped: bool) -> None:
    assert adapter.mostly_han(text) is skipped


class Fake:
    """Stands for a loaded Detoxify: one token a character, and a score of 0.9 for a text with `bad` in it."""

    def __init__(self, value: float = 0.9) -> None:
        self.value, self.seen = value, list[str]()

    def tokenizer(self, text: str, **_: object) -> dict[str, list[int]]:
        return {"input_ids": [0] * len(text)}

    def predict(self, texts: list[str]) -> dict[str, Any]:
        self.seen += texts
        values = [self.value if "bad" in text else 0.01 for text in texts]
        return {"toxicity": values[0] if len(values) == 1 else values}


def loaded(fake: Fake, limit: int = 40) -> DetoxifyToxicity:
    detector = DetoxifyToxicity()
    detector._model, detector._limit = fake, limit
    return detector


@pytest.mark.parametrize("at", [0, 60, 250, 396])
def test_a_long_text_is_read_to_its_end(at: int) -> None:
    text = ("." * at + " bad").ljust(400, ".")
    fake = Fake()
    [[finding]] = loaded(fake).detect([text], Context())
    assert (finding.kind, finding.score, finding.start) == ("bias.toxicity", 0.9, None)
    assert "overlapping windows" in finding.evidence and "bad" not in finding.evidence
    assert all(len(piece) <= 40 for piece in fake.seen)


def test_one_many_and_no_texts_give_the_same_shape() -> None:
    detector = loaded(Fake())
    assert detector.detect([], Context()) == []
    assert detector.detect(["", "你這個廢物 bad"], Context()) == [[], []]
    many = detector.detect(["bad one", "fine", " ", *["bad"] * 40], Context())
    assert [len(found) for found in many] == [1, 0, 0, *[1] * 40]
    assert detector.detect(["bad one"], Context())[0] == many[0]


def test_an_answer_that_is_no_number_is_a_failed_check() -> None:
    with pytest.raises(CheckError, match="no number"):
        loaded(Fake(float("nan"))).detect(["bad"], Context())


# ---- the real library, on tiny networks with random weights -------------------------------------------------------

SMALL: dict[str, int] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 66,
}
ORIGINAL = ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"]
UNBIASED = ["toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat", "sexual_explicit"]
WORDS = ["you", "are", "a", "fool", "kind", "person", "the", "weather", "is", "fine", "today", ".", ","]
ARCHITECTURES = {
    "Bert": ("BertConfig", "BertForSequenceClassification", ORIGINAL, 6),
    "Albert": ("AlbertConfig", "AlbertForSequenceClassification", ORIGINAL, 6),
    "Roberta": ("RobertaConfig", "RobertaForSequenceClassification", UNBIASED, 16),
    "XLMRoberta": ("XLMRobertaConfig", "XLMRobertaForSequenceClassification", UNBIASED, 16),
}


def tokenizer_of(kind: str) -> Any:
    """A tokenizer of the kind that the architecture expects, made here from a handful of words."""
    transformers = pytest.importorskip("transformers", reason="needs the extra `detoxify`")
    tokenizers = pytest.importorskip("tokenizers", reason="needs the extra `detoxify`")
    if kind == "Bert":
        core = tokenizers.Tokenizer(tokenizers.models.WordPiece(unk_token="[UNK]"))
        core.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
        trainer = tokenizers.trainers.WordPieceTrainer(
            special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False
        )
        core.train_from_iterator(WORDS, trainer)
        special = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
        core.post_processor = tokenizers.processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
        return transformers.PreTrainedTokenizerFast(tokenizer_object=core, mask_token="[MASK]", **special)
    if kind == "Roberta":
        core = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token="<unk>"))
        core.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
        core.decoder = tokenizers.decoders.ByteLevel()
        trainer = tokenizers.trainers.BpeTrainer(
            special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
            initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
    else:
        core = tokenizers.Tokenizer(tokenizers.models.Unigram())
        core.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
        trainer = tokenizers.trainers.UnigramTrainer(
            vocab_size=120,
            special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
            unk_token="<unk>",
            show_progress=False,
        )
    core.train_from_iterator([" ".join(WORDS)] * 20 + WORDS, trainer)
    core.post_processor = tokenizers.processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=core, bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<pad>",
        cls_token="<s>", sep_token="</s>", mask_token="<mask>",
    )  # fmt: skip


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., tuple[Path, Path, Any]]:
    """Writes a checkpoint and its directory as an operator would have them; gives them and the source network."""
    torch = pytest.importorskip("torch", reason="needs the extra `detoxify`")
    pytest.importorskip("detoxify", reason="needs the extra `detoxify`")
    transformers = pytest.importorskip("transformers", reason="needs the extra `detoxify`")

    def make(kind: str, extra: Any = None, classes: list[str] | None = None) -> tuple[Path, Path, Any]:
        configuration, network, names, outputs = ARCHITECTURES[kind]
        tokenizer = tokenizer_of(kind)
        directory = tmp_path / kind
        tokenizer.save_pretrained(directory)
        # The settings of the stock directories: no model_max_length, so the library alone would read past the end.
        special = {} if kind in ("Bert", "Albert") else {"bos_token_id": 0, "eos_token_id": 2}
        pad = tokenizer.pad_token_id
        config = getattr(transformers, configuration)(
            vocab_size=len(tokenizer), num_labels=outputs, pad_token_id=pad, **special, **SMALL
        )
        torch.manual_seed(7)
        model = getattr(transformers, network)(config).eval()
        with torch.no_grad():
            for weights in model.parameters():
                weights.mul_(4)  # otherwise every score is near one half
        config.save_pretrained(directory)
        arguments = {
            "model_type": "somebody/on-the-hub",
            "model_name": network,
            "tokenizer_name": "AutoTokenizer",
            "num_classes": outputs,
        }
        content = {
            "config": {"arch": {"args": arguments}, "dataset": {"args": {"classes": classes or names}}, "extra": extra},
            "state_dict": model.state_dict(),
        }
        torch.save(content, tmp_path / f"{kind}.ckpt")
        return tmp_path / f"{kind}.ckpt", directory, (model, tokenizer, names)

    return make


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_every_architecture_scores_as_its_own_network(kind: str, build: Callable[..., Any]) -> None:
    torch = pytest.importorskip("torch")
    checkpoint, directory, (model, tokenizer, names) = build(kind)
    detector = DetoxifyToxicity(checkpoint, directory)
    detector.load()
    texts = ["you are a fool.", "the weather is fine today", "you"]
    renamed = {"toxic": "toxicity", "severe_toxic": "severe_toxicity", "identity_hate": "identity_attack"}
    for text, findings in zip(texts, detector.detect(texts, Context()), strict=True):
        with torch.no_grad():
            scores = torch.sigmoid(model(**tokenizer(text, return_tensors="pt")).logits)[0].tolist()
        expected = {
            f"bias.{renamed.get(name, name)}": score
            for name, score in zip(names, scores, strict=False)
            if score >= adapter.REPORTED
        }
        assert {finding.kind: finding.score for finding in findings} == pytest.approx(expected, abs=1e-5)
        assert all(finding.start is finding.end is None for finding in findings)
    long = "you are a fool , " * 200
    assert all("windows" in finding.evidence for finding in detector.detect([long], Context())[0])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_stock_two_label_configuration_is_refused_with_the_cure(build: Callable[..., Any]) -> None:
    checkpoint, directory, _ = build("Bert")
    config = json.loads((directory / "config.json").read_text())
    for key in ("id2label", "label2id", "num_labels"):
        config.pop(key, None)
    (directory / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckError, match='2 labels and the checkpoint has 6 outputs: write "num_labels": 6'):
        DetoxifyToxicity(checkpoint, directory).load()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("key", "value"), [("hidden_size", 64), ("num_hidden_layers", 3), ("vocab_size", 999)])
def test_another_network_s_configuration_is_refused(key: str, value: int, build: Callable[..., Any]) -> None:
    """Without the check, missing layers would be filled with random numbers and the scores would mean nothing."""
    checkpoint, directory, _ = build("Bert")
    config = json.loads((directory / "config.json").read_text())
    (directory / "config.json").write_text(json.dumps(config | {key: value}))
    with pytest.raises(CheckError, match=r"does not load with|another network"):
        DetoxifyToxicity(checkpoint, directory).load()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_missing_tokenizer_files_are_a_failed_check(build: Callable[..., Any]) -> None:
    checkpoint, directory, _ = build("Bert")
    for path in directory.iterdir():
        if path.name != "config.json":
            path.unlink()
    with pytest.raises(CheckError, match="tokenizer files"):
        DetoxifyToxicity(checkpoint, directory).load()


@pytest.mark.slow
@pytest.mark.parametrize(
    "content",
    [b"", b"not a checkpoint", pickle.dumps({"state_dict": {}}), pickle.dumps([1]), pickle.dumps({"config": {}})],
)
def test_a_file_that_is_no_checkpoint_is_refused(content: bytes, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs the extra `detoxify`")
    pytest.importorskip("detoxify", reason="needs the extra `detoxify`")
    with pytest.raises(CheckError):
        DetoxifyToxicity(*files(tmp_path, content=content)).load()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_checkpoint_that_could_run_code_needs_a_pinned_hash(build: Callable[..., Any]) -> None:
    checkpoint, directory, _ = build("Bert", extra=Path("an object"))
    with pytest.raises(CheckError, match=SHA256_VARIABLE):
        DetoxifyToxicity(checkpoint, directory).load()
    with pytest.raises(CheckError, match="not the pinned one"):
        DetoxifyToxicity(checkpoint, directory, "0" * 64).load()
    pinned = DetoxifyToxicity(checkpoint, directory, hashlib.sha256(checkpoint.read_bytes()).hexdigest())
    pinned.load()
    assert pinned.detect(["you are a fool."], Context())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_classes_that_no_rule_could_name_are_refused(build: Callable[..., Any]) -> None:
    checkpoint, directory, _ = build("Bert", classes=["spam", "toxic"])
    with pytest.raises(CheckError, match="spam"):
        DetoxifyToxicity(checkpoint, directory).load()
