"""The Detoxify adapter: what an operator is told, and (slow) the real library on tiny networks of every architecture.

If these fail, a check that cannot work would look as if it had passed, a model would be fetched from the network, or
the tail of a long answer would go unread.
"""

import hashlib
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from benchmarks import detoxify_networks as networks
from guardrail.detectors.bias import detoxify as adapter
from guardrail.detectors.bias import detoxify_torch
from guardrail.detectors.bias.detoxify import CHECKPOINT_VARIABLE, CONFIG_VARIABLE, SHA256_VARIABLE, DetoxifyToxicity
from guardrail.detectors.protocol import Detector
from guardrail.errors import CheckError
from guardrail.models.installed import STORE_VARIABLE
from guardrail.types import Context, Unit
from tests import onnx_models

WORDS = ["you are a fool .", "kind person the weather is fine today , and so are you"]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    for variable in (CHECKPOINT_VARIABLE, CONFIG_VARIABLE, SHA256_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path_factory.mktemp("no models")))
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

    monkeypatch.setattr(detoxify_torch.importlib, "import_module", refuse)
    with pytest.raises(CheckError, match=r"pip install 'guardrail\[detoxify\]'"):
        DetoxifyToxicity(*files(tmp_path)).load()


def test_it_refuses_to_judge_before_it_is_loaded() -> None:
    with pytest.raises(CheckError, match="before load"):
        DetoxifyToxicity().detect(["hello"], Context())


class Fake:
    """Stands for a loaded engine: one token a character, and a score of 0.9 for a text with `bad` in it."""

    limit = 40

    def __init__(self, value: float = 0.9) -> None:
        self.value, self.seen = value, list[str]()

    def length(self, text: str) -> int:
        return len(text)

    def scores(self, pieces: Sequence[str]) -> list[dict[str, float]]:
        self.seen += pieces
        return [{"toxicity": self.value if "bad" in piece else 0.01} for piece in pieces]


def loaded(fake: Fake) -> DetoxifyToxicity:
    detector = DetoxifyToxicity()
    detector._engine = fake
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


@pytest.mark.parametrize(
    ("text", "asked", "said"),
    [
        ("你這個廢物，真係廢到極", [], None),
        ("你这个废物，真是没用", [], None),
        ("佢成日話you are bad咁樣", ["you are bad"], "in the English part of a mixed text"),
        ("他总是说you are bad然后就走", ["you are bad"], "in the English part of a mixed text"),
        ("You are bad", ["You are bad"], "Detoxify class toxicity"),
        ("佢哋好衰㗎you are bad成日都係咁樣so very bad", ["you are bad", "so very bad"], "the highest of 2 stretches"),
    ],
)
def test_of_mixed_text_the_english_part_is_judged_and_said_so(text: str, asked: list[str], said: str | None) -> None:
    fake = Fake()
    [findings] = loaded(fake).detect([text], Context())
    assert fake.seen == asked
    assert [said in finding.evidence for finding in findings] == ([True] if said else [])
    assert all(not any(part in finding.evidence for part in asked) for finding in findings)


# ---- a stored model: ONNX Runtime and a tokenizer -----------------------------------------------------------------


def test_a_stored_model_is_used(tmp_path: Path) -> None:
    onnx_models.store_words(tmp_path, bad=("fool",))
    detector = DetoxifyToxicity(store=tmp_path)
    assert detector.configured
    detector.load()
    found = detector.detect(["you are a fool", "you are kind", "佢成日話you fool咁樣", "你這個廢物"], Context())
    assert [[finding.kind for finding in findings] for findings in found] == [
        ["bias.toxicity", "bias.insult"], [], ["bias.toxicity", "bias.insult"], [],
    ]  # fmt: skip


def test_a_long_text_is_read_to_its_end_by_a_stored_model(tmp_path: Path) -> None:
    onnx_models.store_words(tmp_path, bad=("fool",), tokens=16)
    detector = DetoxifyToxicity(store=tmp_path)
    detector.load()
    [[finding, _]] = detector.detect(["you are kind " * 100 + "fool"], Context())
    assert finding.score > 0.9 and "overlapping windows" in finding.evidence


def test_a_score_does_not_depend_on_what_is_judged_beside_it(tmp_path: Path) -> None:
    onnx_models.store_words(tmp_path, bad=("fool",))
    detector = DetoxifyToxicity(store=tmp_path)
    detector.load()
    texts = ["you fool", "you are kind and you are a fool", "kind"] * 5
    assert detector.detect(texts, Context()) == [detector.detect([text], Context())[0] for text in texts]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: (folder / "model.onnx").write_bytes(b"another"), r"model\.onnx: has changed"),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), r"tokenizer\.json: has changed"),
        (lambda folder: (folder / "tokenizer.json").unlink(), r"tokenizer\.json: is missing"),
        (lambda folder: (folder / "more.json").write_text("{}"), r"more\.json: is not part of the model"),
    ],
)
def test_a_stored_model_that_was_tampered_with_is_refused(
    spoil: Callable[[Path], None], told: str, tmp_path: Path
) -> None:
    spoil(onnx_models.store_words(tmp_path).folder)
    with pytest.raises(CheckError, match=f"{told}.*guardrail models add detoxify --replace"):
        DetoxifyToxicity(store=tmp_path).load()


@pytest.mark.parametrize("settings", [{}, {"classes": 3}, {"tokens": "many"}])
def test_a_manifest_of_something_else_is_refused(settings: dict[str, Any], tmp_path: Path) -> None:
    model = onnx_models.store_words(tmp_path)
    manifest = json.loads(model.path.read_text())
    manifest["settings"] = (manifest["settings"] | settings) if settings else {}
    model.path.write_text(json.dumps(manifest))
    with pytest.raises(CheckError, match="not the manifest of a Detoxify model"):
        DetoxifyToxicity(store=tmp_path).load()


def test_a_network_that_is_none_is_refused(tmp_path: Path) -> None:
    onnx_models.store(tmp_path, b"not a network", onnx_models.tokenizer(("you",)))
    with pytest.raises(CheckError, match="does not load"):
        DetoxifyToxicity(store=tmp_path).load()


def test_a_network_for_another_cpu_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums of the full range overflow without VNNI: it would decide otherwise than it was measured to."""
    cpu = tmp_path / "cpuinfo"
    cpu.write_text("processor : 0\nflags : fpu sse avx2\n")
    monkeypatch.setattr("guardrail.detectors.bias.detoxify_onnx._CPU", cpu)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    onnx_models.store_words(tmp_path / "full", reduced_range=False)
    with pytest.raises(CheckError, match=r"VNNI.*--reduced-range"):
        DetoxifyToxicity(store=tmp_path / "full").load()
    onnx_models.store_words(tmp_path / "reduced", reduced_range=True)
    DetoxifyToxicity(store=tmp_path / "reduced").load()
    cpu.write_text("processor : 0\nflags : fpu avx512_vnni\n")
    DetoxifyToxicity(store=tmp_path / "full").load()


def test_two_settings_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    onnx_models.store_words(tmp_path)
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path))
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(tmp_path / "model.ckpt"))
    with pytest.raises(CheckError, match=f"configured twice.*{CHECKPOINT_VARIABLE}.*guardrail models remove detoxify"):
        DetoxifyToxicity().load()


def test_a_store_that_is_named_and_missing_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path / "mistyped"))
    detector = DetoxifyToxicity()
    assert detector.configured  # or the guard would go without it in silence
    with pytest.raises(CheckError, match=r"mistyped is not there.*GUARDRAIL_MODELS"):
        detector.load()
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(tmp_path / "model.ckpt"))
    with pytest.raises(CheckError, match="mistyped is not there"):
        DetoxifyToxicity().load()


def test_a_stored_model_runs_without_torch(tmp_path: Path) -> None:
    onnx_models.store_words(tmp_path, bad=("fool",))
    script = (
        "import sys; from guardrail.detectors.bias.detoxify import DetoxifyToxicity as D; from guardrail.types import Context\n"
        "d = D(); d.load(); found = d.detect(['you fool'], Context())[0]\n"
        "assert found; print(sorted({'torch', 'transformers', 'detoxify', 'huggingface_hub'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=os.environ | {STORE_VARIABLE: str(tmp_path)}
    )
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


# ---- the real library, on tiny networks with random weights -------------------------------------------------------


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., tuple[Path, Path, networks.Made]]:
    """Writes a checkpoint and its directory as an operator would have them; gives them and what they were made of."""
    for library in ("torch", "detoxify", "transformers", "tokenizers"):
        pytest.importorskip(library, reason="needs the extra `detoxify`")

    def make(kind: str, **given: Any) -> tuple[Path, Path, networks.Made]:
        # with the weights of a new network every score is near one half
        made = networks.make(kind, tmp_path, WORDS, scale=4, **given)
        return made.checkpoint, made.config, made

    return make


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", networks.ARCHITECTURES)
def test_every_architecture_scores_as_its_own_network(kind: str, build: Callable[..., Any]) -> None:
    torch = pytest.importorskip("torch")
    checkpoint, directory, made = build(kind)
    names = networks.ARCHITECTURES[kind].classes
    detector = DetoxifyToxicity(checkpoint, directory)
    detector.load()
    texts = ["you are a fool.", "the weather is fine today", "you"]
    renamed = {"toxic": "toxicity", "severe_toxic": "severe_toxicity", "identity_hate": "identity_attack"}
    for text, findings in zip(texts, detector.detect(texts, Context()), strict=True):
        with torch.no_grad():
            scores = torch.sigmoid(made.model(**made.tokenizer(text, return_tensors="pt")).logits)[0].tolist()
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
def test_several_threads_may_ask_at_once(build: Callable[..., Any]) -> None:
    checkpoint, directory, _ = build("Bert")
    detector = DetoxifyToxicity(checkpoint, directory)
    detector.load()
    texts = [f"you are a fool {'. ' * at}" for at in range(40)]
    alone = [detector.detect([text], Context()) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda text: detector.detect([text], Context()), texts)) == alone


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
