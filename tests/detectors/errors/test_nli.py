"""A network for entailment of the operator's: what is stored, what is refused, and what the detector says with it.

The networks are made here, tiny and untrained but for their last layer: it is set so that the label is known."""

import json
from pathlib import Path

import pytest

from guardrail.detectors.errors.grounding import nli_add
from guardrail.detectors.errors.grounding.nli import CONTRADICTED, UNSUPPORTED, Nli
from guardrail.detectors.errors.grounding.nli_add import Wish, labels_of, pairs
from guardrail.detectors.protocol import Options
from guardrail.errors import CheckError, SettingsError
from guardrail.types import Context, Source

for _library in ("torch", "transformers", "onnx", "tokenizers"):
    pytest.importorskip(_library)
pytestmark = pytest.mark.slow

WORDS = ["the", "tower", "was", "finished", "in", "1889", "1899", "and", "stands", "paris", "london", "is", "not"]
SOURCE = "The tower was finished in 1889 and stands in Paris."
LABELS = ("entailment", "neutral", "contradiction")


def a_network(folder: Path, kind: str = "bert", says: str = "contradiction", labels: tuple[str, ...] = LABELS) -> Path:
    """A checkpoint that gives every pair the label `says`."""
    import torch
    import transformers
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    vocabulary = {word: at for at, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, ".", ","])}
    common = {
        "vocab_size": len(vocabulary), "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 32, "max_position_embeddings": 80, "pad_token_id": 0, "type_vocab_size": 2,
        "id2label": dict(enumerate(labels)), "label2id": {label: at for at, label in enumerate(labels)},
    }  # fmt: skip
    config = transformers.AutoConfig.for_model(kind, **common)
    network = transformers.AutoModelForSequenceClassification.from_config(config)
    last = network.classifier.out_proj if kind == "roberta" else network.classifier
    with torch.no_grad():
        last.weight.mul_(0.01)
        last.bias.zero_()
        last.bias[labels.index(says)] = 3.0
    network.save_pretrained(folder)
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(folder)
    return folder / "model.safetensors"


def added(tmp_path: Path, **given: str) -> Path:
    store = tmp_path / "store"
    nli_add.add(Wish(a_network(tmp_path / "network", **given), store=store))
    return store


def found(store: Path, *sentences: str, source: str = SOURCE) -> list[list[str]]:
    detector = Nli(store)
    assert detector.configured
    detector.load()
    context = Context(material=(Source("document", source),))
    return [[one.kind for one in each] for each in detector.detect(sentences, context)]


@pytest.mark.parametrize("kind", ["bert", "roberta", "deberta-v2"])
def test_a_network_of_each_family_is_stored_and_decides_as_it_did(tmp_path: Path, kind: str) -> None:
    store = tmp_path / "store"
    model = nli_add.add(Wish(a_network(tmp_path / "network", kind), store=store))
    assert model.manifest["parity"]["same_decisions"] == 1
    assert model.manifest["settings"]["labels"] == list(LABELS)
    assert found(store, "The tower was finished in 1899.") == [[CONTRADICTED]]


@pytest.mark.parametrize(
    ("says", "kinds"), [("contradiction", [CONTRADICTED]), ("neutral", [UNSUPPORTED]), ("entailment", [])]
)
def test_what_the_network_holds_becomes_a_kind(tmp_path: Path, says: str, kinds: list[str]) -> None:
    assert found(added(tmp_path, says=says), "The tower was finished in 1899.") == [kinds]


def test_labels_are_read_by_name_in_any_order(tmp_path: Path) -> None:
    store = tmp_path / "store"
    labels = ("CONTRADICTION", "Neutral", "Entailment")
    nli_add.add(Wish(a_network(tmp_path / "network", says="CONTRADICTION", labels=labels), store=store))
    assert found(store, "The tower was finished in 1899.") == [[CONTRADICTED]]


def test_copies_talk_and_what_no_source_speaks_of_are_not_read(tmp_path: Path) -> None:
    store = added(tmp_path)
    assert found(store, SOURCE, "Let me know if you need more!", "Penguins breed on remote islands.") == [[], [], []]


def test_a_script_that_the_tokenizer_does_not_know_is_not_read(tmp_path: Path) -> None:
    assert found(added(tmp_path), "鐵塔於1899年落成，位於巴黎。", source="鐵塔於1889年落成，位於巴黎。") == [[]]


def test_a_finding_tells_the_reader_what_the_source_says(tmp_path: Path) -> None:
    detector = Nli(added(tmp_path))
    detector.load()
    context = Context(material=(Source("document", f"An old town. {SOURCE}"),))
    [[one]] = detector.detect(["The tower was finished in 1899."], context)
    assert one.verdict == "contradicted" and SOURCE in one.message
    assert one.passage and context.material[0].text[one.passage.start : one.passage.end] == SOURCE
    assert "1899" not in one.evidence and "tower" not in one.evidence


def test_without_a_rule_the_network_is_not_read(tmp_path: Path) -> None:
    detector = Nli(added(tmp_path)).configure(Options(wanted=frozenset()))
    detector.load()
    context = Context(material=(Source("document", SOURCE),))
    assert detector.detect(["The tower was finished in 1899."], context) == [[]]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (("LABEL_0", "LABEL_1", "LABEL_2"), "entailment, neutral, contradiction"),
        (("entailment", "not_entailment"), "entailment, neutral, contradiction"),
        (("entailment", "neutral", "neutral"), "entailment, neutral, contradiction"),
    ],
)
def test_labels_that_do_not_tell_are_refused_with_the_cure(tmp_path: Path, labels: tuple[str, ...], words: str) -> None:
    settings = {"model_type": "bert", "id2label": dict(enumerate(labels))}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    with pytest.raises(SettingsError, match=words):
        labels_of(tmp_path)


def test_other_files_are_refused_with_the_cure(tmp_path: Path) -> None:
    weights = a_network(tmp_path / "network")
    pickled = tmp_path / "network" / "pytorch_model.bin"
    pickled.write_bytes(b"x")
    with pytest.raises(SettingsError, match="safetensors"):
        nli_add.add(Wish(pickled, store=tmp_path / "store"))
    with pytest.raises(SettingsError, match="SHA-256"):
        nli_add.add(Wish(weights, sha256="0" * 64, store=tmp_path / "store"))
    settings = json.loads((weights.parent / "config.json").read_text())
    (weights.parent / "config.json").write_text(json.dumps(settings | {"num_hidden_layers": 3}))
    with pytest.raises(CheckError, match="unset"):
        nli_add.add(Wish(weights, store=tmp_path / "store"))
    (weights.parent / "config.json").write_text(json.dumps(settings | {"model_type": "gpt2"}))
    with pytest.raises(SettingsError, match="model_type"):
        nli_add.add(Wish(weights, store=tmp_path / "store"))
    assert not Nli(tmp_path / "store").configured
    assert not [path for path in (tmp_path / "store").iterdir() if path.name != ".lock"]


def test_a_changed_file_is_a_check_that_cannot_run(tmp_path: Path) -> None:
    store = added(tmp_path)
    [file] = store.glob("nli-*/model.onnx")
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(CheckError, match="changed"):
        Nli(store).load()


def test_the_pairs_are_read() -> None:
    assert len(pairs()) >= 30 and all(passage and claim for passage, claim in pairs())
