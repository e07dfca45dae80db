"""The adapter for local models: what an operator is told, and real (tiny) spaCy and transformers models made here.

If these fail, a model would be fetched from the network, a wrong setting would look as if it had worked, or the tail of a
long text would go unread.
"""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from guardrail.detectors.leakage.ner import ENGINE_VARIABLE, MODEL_VARIABLE, SPACY_CONFIDENCE, LocalNer
from guardrail.detectors.protocol import Detector
from guardrail.errors import CheckError
from guardrail.types import Context, Unit


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (ENGINE_VARIABLE, MODEL_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    for variable in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.setenv(variable, "1")


@pytest.fixture(scope="module")
def spacy_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of rules: spaCy's own pipe, no training needed."""
    spacy = importlib.import_module("spacy")
    nlp = spacy.blank("xx")
    nlp.add_pipe("entity_ruler").add_patterns(
        [
            {"label": "PER", "pattern": [{"LOWER": "wong"}, {"LOWER": "siu"}, {"LOWER": "ming"}]},
            {"label": "LOC", "pattern": "Lantau"},
            {"label": "ORG", "pattern": "Acme"},
            {"label": "MISC", "pattern": "Cantonese"},
        ]
    )
    path = tmp_path_factory.mktemp("models") / "rules"
    nlp.to_disk(path)
    return path


def test_it_is_a_heavy_detector_of_sentences() -> None:
    detector = LocalNer()
    assert isinstance(detector, Detector)
    assert (detector.name, detector.unit, detector.heavy) == ("leakage.ner", Unit.SENTENCE, True)


def test_without_settings_it_is_not_configured_and_says_what_to_set() -> None:
    detector = LocalNer()
    assert not detector.configured
    with pytest.raises(CheckError, match=f"{ENGINE_VARIABLE}.*{MODEL_VARIABLE}"):
        detector.load()


@pytest.mark.parametrize(
    ("engine", "model", "told"),
    [
        ("spacy", "", MODEL_VARIABLE),
        ("", "somewhere", ENGINE_VARIABLE),
        ("stanza", "somewhere", "spacy or transformers"),
        ("spacy", "no_such_model_anywhere", "nothing is downloaded"),
        ("transformers", "no_such_directory", "nothing is downloaded"),
    ],
)
def test_a_wrong_setting_is_an_error_with_its_cure(
    engine: str, model: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENGINE_VARIABLE, engine)
    monkeypatch.setenv(MODEL_VARIABLE, model)
    detector = LocalNer()
    assert detector.configured  # half a setting is a mistake, not a wish to go without
    with pytest.raises(CheckError, match=told):
        detector.load()


def test_a_directory_that_holds_no_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckError, match=MODEL_VARIABLE):
        LocalNer("spacy", str(tmp_path)).load()


def test_a_model_that_marks_no_names_is_refused(tmp_path: Path) -> None:
    nlp = importlib.import_module("spacy").blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "COLOUR", "pattern": "red"}])
    nlp.to_disk(tmp_path)
    with pytest.raises(CheckError, match="marks COLOUR"):
        LocalNer("spacy", str(tmp_path)).load()


def test_asked_before_it_was_loaded_it_refuses(spacy_model: Path) -> None:
    with pytest.raises(CheckError, match="before load"):
        LocalNer("spacy", str(spacy_model)).detect(["text"], Context())


def test_a_spacy_model_finds_its_entities_where_they_stand(spacy_model: Path) -> None:
    detector = LocalNer("spacy", str(spacy_model))
    detector.load()
    texts = ["Wong Siu Ming lives on Lantau.", "Name: Wong Siu Ming", "Acme speaks Cantonese.", "", "nothing here"]
    found = detector.detect(texts, Context())
    kinds = [[(f.kind, text[f.start : f.end]) for f in each] for text, each in zip(texts, found, strict=True)]
    assert kinds == [
        [("pii.name", "Wong Siu Ming"), ("pii.location", "Lantau")],
        [("pii.person", "Wong Siu Ming")],
        [("pii.organization", "Acme")],
        [],
        [],
    ]
    assert found[0][1].score == SPACY_CONFIDENCE
    assert found[1][0].score > 0.6
    assert all(f.kind in detector.kinds for each in found for f in each)
    assert not any("Wong" in f.evidence for each in found for f in each)


def test_nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch, spacy_model: Path) -> None:
    cli = importlib.import_module("spacy.cli")

    def refuse(*arguments: Any, **named: Any) -> None:
        raise AssertionError("a download was tried")

    monkeypatch.setattr(cli, "download", refuse)
    LocalNer("spacy", str(spacy_model)).load()
    with pytest.raises(CheckError):
        LocalNer("spacy", "en_core_web_sm_that_is_not_here").load()


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random network of two layers with a vocabulary of letters: its findings mean nothing, its offsets do."""
    pytest.importorskip("torch", reason="needs PyTorch (extra `detoxify`)")
    transformers = pytest.importorskip("transformers", reason="needs transformers (extra `detoxify`)")
    path = tmp_path_factory.mktemp("checkpoint")
    letters = [chr(point) for point in range(97, 123)]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    (path / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    tokenizer = transformers.BertTokenizerFast(str(path / "vocab.txt"))
    tokenizer.save_pretrained(str(path))
    labels = ["O", "B-PER", "I-PER"]
    config = transformers.BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
    )
    network = transformers.BertForTokenClassification(config)
    network.classifier.bias.data[1] = 9.0  # everything is a person
    network.save_pretrained(str(path))
    return path


@pytest.mark.slow
def test_a_transformers_model_reads_all_of_a_long_text(checkpoint: Path) -> None:
    detector = LocalNer("transformers", str(checkpoint))
    detector.load()
    text = "siu ming " * 300
    (found,) = detector.detect([text], Context())
    covered = {at for f in found for at in range(f.start or 0, f.end or 0)}
    assert all(at in covered for at, character in enumerate(text) if character.isalpha())
    assert {f.kind for f in found} <= {"pii.name", "pii.person"}
    assert detector.detect(["", " "], Context()) == [[], []]


@pytest.mark.slow
def test_a_transformers_model_that_marks_no_names_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    for file in checkpoint.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    config["id2label"] = {"0": "O", "1": "B-COLOUR", "2": "I-COLOUR"}
    config["label2id"] = {label: int(index) for index, label in config["id2label"].items()}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckError, match="COLOUR"):
        LocalNer("transformers", str(tmp_path)).load()
