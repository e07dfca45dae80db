"""What somebody who brings a model of their own types and sees; (slow) with real checkpoints of every architecture.

If these fail, a checkpoint that nobody vouches for would judge, or a converted one that decides otherwise.
"""

import hashlib
import json
import pickle
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import detoxify_networks as networks
from guardrail.cli.models import models
from guardrail.detectors.bias import detoxify_add, detoxify_parity, detoxify_torch
from guardrail.detectors.bias.detoxify import DetoxifyToxicity, stored_engine
from guardrail.detectors.bias.detoxify_parity import LEAST_SAME, Parity, compare, embedded_texts
from guardrail.errors import GuardrailError
from guardrail.models.installed import STORE_VARIABLE
from guardrail.types import Context
from tests import onnx_models

SENTENCES = [text for text in embedded_texts() if len(text) < 120]


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path / "store"))
    for variable in ("GUARDRAIL_DETOXIFY_CHECKPOINT", "GUARDRAIL_DETOXIFY_CONFIG", "GUARDRAIL_DETOXIFY_SHA256"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path / "store"


@pytest.fixture
def run(store):
    def run(*arguments, status=0):
        """Standard output and standard error together; the words of an error of ours."""
        result = CliRunner().invoke(models, list(map(str, arguments)))
        if isinstance(result.exception, GuardrailError):
            assert status == 2, result.exception
            return result.output + str(result.exception)
        assert result.exit_code == status, result.output
        return result.output

    return run


def content(store):
    """What is in a store, but for its lock."""
    return sorted(path.name for path in store.iterdir() if path.name != ".lock") if store.exists() else []


# ---- list, verify, remove -----------------------------------------------------------------------------------------


def test_an_empty_store(run, store):
    assert f"No models in {store}" in run("list")
    assert json.loads(run("list", "--json")) == []
    assert "holds no models" in run("verify", status=2)
    assert "holds no model `detoxify`" in run("remove", "detoxify", status=2)


def test_what_is_in_the_store_is_listed_verified_and_removed(run, store):
    model = onnx_models.store_words(store)
    line = run("list").splitlines()[-2]
    assert all(word in line for word in ("detoxify", "own", "onnx", "Words", "100.0%"))
    assert json.loads(run("list", "--json")) == [dict(model.manifest)]
    assert "detoxify: 2 files" in run("verify")
    assert "as they were stored" in run("verify", "detoxify")
    assert run("remove", "detoxify") == "detoxify: removed\n"
    assert content(store) == []


def test_verify_names_every_file_that_is_not_as_it_was(run, store):
    folder = onnx_models.store_words(store).folder
    (folder / "model.onnx").write_bytes(b"another")
    (folder / "tokenizer.json").unlink()
    (folder / "added.json").write_text("")
    told = run("verify", status=1)
    assert "model.onnx: has changed" in told and "tokenizer.json: is missing" in told and "added.json: is not" in told
    assert "no such model" in run("verify", "presidio", status=2)


def test_a_manifest_that_cannot_be_read(run, store):
    onnx_models.store_words(store).path.write_text("{")
    assert "detoxify.json: the manifest cannot be read" in run("list", status=2)
    assert "cannot be read" in run("verify", status=2)
    run("remove", "detoxify")
    assert content(store) == []


def test_another_store_can_be_named(run, tmp_path):
    onnx_models.store_words(tmp_path / "elsewhere")
    assert "detoxify" in run("list", "--store", tmp_path / "elsewhere")
    assert "No models" in run("list")


# ---- add: what it refuses before anything is read ------------------------------------------------------------------


@pytest.fixture
def operator(tmp_path):
    """A file that is no release, and a directory as it should be."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.json").write_text('{"num_labels": 6}')
    (tmp_path / "model.ckpt").write_bytes(b"not a checkpoint")
    return tmp_path / "model.ckpt", tmp_path / "config"


def test_a_checkpoint_that_nobody_vouches_for_is_refused(run, store, operator):
    checkpoint, config = operator
    found = hashlib.sha256(b"not a checkpoint").hexdigest()
    told = run("add", "detoxify", "--checkpoint", checkpoint, "--config", config, status=2)
    assert "none of Detoxify's releases (toxic_original-c1212f89.ckpt" in told and f"add --sha256 {found}" in told
    told = run("add", "detoxify", "--checkpoint", checkpoint, "--config", config, "--sha256", "0" * 64, status=2)
    assert f"its SHA-256 is {found}, and --sha256 says 0000" in told
    assert content(store) == []


@pytest.mark.parametrize(
    ("found", "variant", "by"),
    [
        ("c1212f89ac23307ab33932ce29dc446a6e030fb3f384a500890bbe662b7b544a", "original", "that of Detoxify's release"),
        ("c7548aa0" + "0" * 56, "unbiased", "begins as"),
        ("0b549669" + "0" * 56, "multilingual", "begins as"),
        ("0e1d6498" + "0" * 56, "original-small", "begins as"),
        ("c8519128" + "0" * 56, "unbiased-small", "begins as"),
    ],
)
def test_releases_are_told_by_their_hash(found, variant, by, operator, monkeypatch):
    monkeypatch.setattr(detoxify_add, "digest", lambda path: found)
    source = detoxify_add.vouched(operator[0])
    assert source.variant == variant and by in source.by and source.sha256 == found


def test_a_file_that_only_begins_as_a_release_whose_whole_hash_is_known_is_none(operator, monkeypatch):
    monkeypatch.setattr(detoxify_add, "digest", lambda path: "c1212f89" + "0" * 56)
    with pytest.raises(GuardrailError, match="none of Detoxify's releases"):
        detoxify_add.vouched(operator[0])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda c, d: c.unlink(), "is not a file"),
        (lambda c, d: (c.unlink(), (d / "config.json").unlink()), "is not a file"),
        (
            lambda c, d: (d / "config.json").unlink(),
            r"config.json and the tokenizer files of the base network (bert-base",
        ),
    ],
)
def test_what_is_missing_is_named(change, told, run, operator, store):
    change(*operator)
    checkpoint, config = operator
    assert told in run("add", "detoxify", "--checkpoint", checkpoint, "--config", config, status=2)
    assert content(store) == []


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("t.txt", "\n \n", "holds no text"),
        ("t.jsonl", '{"text": "fine"}\n{"txt": 1}\n', "line 2 is not a JSON object with the key `text`"),
        ("t.jsonl", '{"text": 3}\n', "line 1: `text` is not a text"),
        ("t.jsonl", "[]\n", "line 1"),
        ("t.txt", None, "cannot be read"),
    ],
)
def test_texts_that_are_none_are_refused(name, text, told, run, operator, tmp_path):
    if text is not None:
        (tmp_path / name).write_text(text)
    checkpoint, config = operator
    given = ("--checkpoint", checkpoint, "--config", config, "--texts", tmp_path / name)
    assert told in run("add", "detoxify", *given, status=2)


def test_texts_of_the_operator(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"text": "one\\ntwo", "id": 1}\n\n{"text": "佢話 you fool"}\n')
    assert detoxify_parity.read_texts(tmp_path / "t.jsonl") == ["one\ntwo", "佢話 you fool"]
    (tmp_path / "t.txt").write_text("one\r\n\ntwo\n")
    assert [text.strip() for text in detoxify_parity.read_texts(tmp_path / "t.txt")] == ["one", "two"]


def test_a_missing_extra_names_the_command(run, operator, store, monkeypatch):
    def refuse(name):
        raise ImportError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(detoxify_torch.importlib, "import_module", refuse)
    checkpoint, config = operator
    digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    told = run("add", "detoxify", "--checkpoint", checkpoint, "--config", config, "--sha256", digest, status=2)
    assert "pip install 'guardrail[detoxify]'" in told
    assert content(store) == []


# ---- parity ---------------------------------------------------------------------------------------------------------


class Scores:
    """An engine that scores by a table."""

    limit = 1000

    def __init__(self, **table):
        self.table = table

    def length(self, text):
        return len(text)

    def scores(self, pieces):
        return [{"toxicity": self.table[piece], "insult": 0.1} for piece in pieces]


def test_what_differs_is_counted_by_text():
    first, second = Scores(a=0.9, b=0.45, c=0.1, d=0.2), Scores(a=0.8, b=0.52, c=0.1, d=0.2)
    found = compare(first, second, ["a", "b", "c", "d"])
    assert (found.same, found.differing, found.found, found.texts) == (0.75, (1,), 1, 4)
    assert (found.largest, found.largest_class) == (pytest.approx(0.1), "toxicity")
    assert found.plain()["same_decisions"] == 0.75


def test_the_set_of_our_own_is_of_varied_length_and_both_kinds():
    lengths = sorted(map(len, embedded_texts()))
    assert len(lengths) == 132 and lengths[0] < 20 and lengths[-1] > 900
    assert LEAST_SAME == 0.99


@pytest.mark.parametrize(
    ("differing", "force", "stored"), [(0, False, True), (1, False, True), (2, False, False), (2, True, True)]
)
def test_a_network_that_decides_otherwise_is_stored_by_force_alone(differing, force, stored):
    texts = ["text"] * 132
    parity = Parity(132, 0.3, "insult", 0.01, tuple(range(differing)), 60)
    said = []
    if stored:
        detoxify_add._judge(parity, texts, force, said.append)
    else:
        with pytest.raises(GuardrailError, match=r"2 of 132 texts.*not stored; use --engine torch, or --force"):
            detoxify_add._judge(parity, texts, force, said.append)
    assert "largest difference of a score 0.3000 (insult)" in said[0]


# ---- add: the real thing ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory):
    """Checkpoints by architecture, made when asked for: trained, so that their scores spread over 0..1."""
    for library in ("torch", "detoxify", "transformers", "tokenizers", "onnxscript"):
        pytest.importorskip(library, reason="needs the extra `detoxify`")
    import torch

    torch.set_num_threads(1)  # threads that wait for one another cost tiny networks most of their time
    made = {}

    def checkpoint(kind, steps=700):
        if (kind, steps) not in made:
            made[kind, steps] = networks.make(kind, tmp_path_factory.mktemp(f"{kind}{steps}"), SENTENCES, steps=steps)
        return made[kind, steps]

    return checkpoint


def given(made, *more):
    digest = hashlib.sha256(made.checkpoint.read_bytes()).hexdigest()
    return ("add", "detoxify", "--checkpoint", made.checkpoint, "--config", made.config, "--sha256", digest, *more)


def assert_quantised(path):
    """Every matrix of weights is int8: ALBERT's are used several times, which exporters write so that they are not."""
    import onnx

    graph = onnx.load(str(path)).graph
    constant = {weight.name for weight in graph.initializer}
    products = [node for node in graph.node if node.op_type == "MatMul" and node.input[1] in constant]
    assert len(products) <= 2  # the head
    assert sum(node.op_type == "MatMulInteger" for node in graph.node) >= 12


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", networks.ARCHITECTURES)
def test_a_checkpoint_is_converted_compared_and_used(kind, run, store, checkpoints):
    made = checkpoints(kind)
    # how well so small a network separates differs from run to run: those whose scores lie near 0.5 may fall below 99 %
    told = run(*given(made, "--force"))
    assert hashlib.sha256(made.checkpoint.read_bytes()).hexdigest() in told
    assert "parity with Detoxify's predict on 132 texts: the same decisions at 0.5 on" in told
    [manifest] = json.loads(run("list", "--json"))
    parity = manifest["parity"]
    # A score may move far where such a network is steep (0.28 was seen); what must hold are the decisions.
    assert parity["same_decisions"] >= 0.96 and parity["largest_difference"] < 0.5
    assert 20 < parity["texts_found_by_reference"] < 112  # there was something to decide
    assert set(manifest["files"]) == {"model.onnx", "tokenizer.json"}
    assert manifest["settings"]["outputs"] == networks.ARCHITECTURES[kind].outputs
    assert_quantised(store / manifest["folder"] / "model.onnx")
    assert run("verify") and content(store) == sorted(["detoxify.json", manifest["folder"]])

    detector = DetoxifyToxicity()
    detector.load()
    reference = detoxify_torch.load_engine(made.checkpoint, made.config)
    texts = SENTENCES[:20]
    for text, findings in zip(texts, detector.detect(texts, Context()), strict=True):
        expected = reference.scores([text])[0]
        scores = {finding.kind: finding.score for finding in findings}
        assert all(abs(scores.get(f"bias.{name}", 0) - score) <= 0.2 for name, score in expected.items())
    # the tail of what is longer than the network reads, in what this network thinks of harm
    ranked = sorted(SENTENCES, key=lambda text: reference.scores([text])[0]["toxicity"])
    long = f"{ranked[0]} " * 40
    clean, tail = detector.detect([long, long + f"{ranked[-1]} " * 10], Context())
    # without a margin: how far apart such a network puts them differs from training to training
    assert max(finding.score for finding in tail) > max((finding.score for finding in clean), default=0)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_range_is_said_in_the_manifest(run, checkpoints):
    run(*given(checkpoints("Bert", 0), "--force", "--reduced-range"))
    assert json.loads(run("list", "--json"))[0]["settings"]["reduced_range"] is True
    stored_engine()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_checkpoint_is_kept_as_it_is_for_torch(run, store, checkpoints):
    made = checkpoints("Bert", 0)
    run(*given(made, "--engine", "torch"))
    [manifest] = json.loads(run("list", "--json"))
    assert "parity" not in manifest and "checkpoint.ckpt" in manifest["files"]
    texts = SENTENCES[:5]
    assert stored_engine().scores(texts) == detoxify_torch.load_engine(made.checkpoint, made.config).scores(texts)
    (store / manifest["folder"] / "added_tokens.json").write_text('{"fool": 1}')  # transformers would read it
    with pytest.raises(GuardrailError, match=r"added_tokens\.json: is not part of the model"):
        DetoxifyToxicity().load()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_stock_configuration_of_a_base_network_will_do(run, store, checkpoints, tmp_path):
    made = checkpoints("Bert", 0)
    stock = tmp_path / "bert-base-uncased"
    stock.mkdir()
    for file in made.config.iterdir():
        (stock / file.name).write_bytes(file.read_bytes())
    config = json.loads((stock / "config.json").read_text())
    for key in ("id2label", "label2id", "num_labels"):
        config.pop(key, None)
    (stock / "config.json").write_text(json.dumps(config))
    (stock / "model.safetensors").write_bytes(b"the weights of the base network")
    arguments = [*given(made, "--force"), "--config", stock]
    assert "is for 2 labels; the stored one is for the 6" in run(*arguments)
    assert json.loads((stock / "config.json").read_text()) == config  # the operator's own stays as it is


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("engine", ["onnx", "torch"])
def test_a_directory_of_another_network_is_refused_and_leaves_nothing(engine, run, store, checkpoints):
    told = run(
        *given(checkpoints("Bert", 0), "--engine", engine, "--config", checkpoints("Roberta", 0).config), status=2
    )
    assert "does not load with" in told or "another network" in told or "tokens and the network" in told
    assert content(store) == []


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_failed_replacement_leaves_the_old_model(run, store, checkpoints):
    before = onnx_models.store_words(store)
    made = checkpoints("Bert", 0)
    assert "holds a model `detoxify` already; --replace" in run(*given(made), status=2)
    made.config.joinpath("config.json").rename(made.config / "kept")
    try:
        run(*given(made, "--replace"), status=2)
    finally:
        (made.config / "kept").rename(made.config / "config.json")
    assert content(store) == sorted(["detoxify.json", before.folder.name])
    run(*given(made, "--replace", "--force"))
    assert before.folder.name not in content(store) and len(content(store)) == 2


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_checkpoint_that_holds_objects_is_read_with_a_hash_and_stored_without_them(run, store, tmp_path, checkpoints):
    checkpoints("Bert", 0)  # skips where the extra is missing
    made = networks.make("Bert", tmp_path, SENTENCES, extra=Path("an object"))
    run(*given(made, "--engine", "torch"))
    [manifest] = json.loads(run("list", "--json"))
    stored = store / manifest["folder"] / "checkpoint.ckpt"
    assert set(detoxify_torch.read_checkpoint(stored)) == {"config", "state_dict"}


@pytest.mark.slow
def test_a_file_that_is_no_checkpoint_is_refused(run, store, operator):
    pytest.importorskip("torch", reason="needs the extra `detoxify`")
    checkpoint, config = operator
    for bad in (b"not a checkpoint", pickle.dumps({"config": {}}), b""):
        checkpoint.write_bytes(bad)
        arguments = ("--checkpoint", checkpoint, "--config", config, "--sha256", hashlib.sha256(bad).hexdigest())
        assert "checkpoint" in run("add", "detoxify", *arguments, status=2)
    assert content(store) == []


# ---- a network for entailment -------------------------------------------------------------------------------------


def test_options_that_mean_nothing_for_entailment_are_refused(run, store, tmp_path):
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"x")
    assert "--engine is for detoxify" in run("add", "nli", "--checkpoint", weights, "--engine", "torch", status=2)
    assert "--reduced-range is for detoxify" in run("add", "nli", "--checkpoint", weights, "--full-range", status=2)
    assert content(store) == []


def test_entailment_needs_its_configuration(run, store, tmp_path):
    assert "is not a file" in run("add", "nli", "--checkpoint", tmp_path / "none.safetensors", status=2)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"x")
    assert "holds no config.json" in run("add", "nli", "--checkpoint", weights, status=2)
    (tmp_path / "config.json").write_text('{"model_type": "bert", "id2label": {"0": "yes", "1": "no"}}')
    assert "entailment, neutral, contradiction" in run("add", "nli", "--checkpoint", weights, status=2)
    assert content(store) == []
