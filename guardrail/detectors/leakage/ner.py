"""Names of persons, places and organisations by a model that the operator has put on disk: spaCy, through Presidio's
engine, or a transformers checkpoint.

Rules:
1. Nothing is downloaded.  Presidio's engine fetches a spaCy model that it does not find; here the model is looked for
   first and loaded without it.  A transformers directory is read with the hub switched off and files only.
2. Half a setting is an error, not a wish to go without; so is a model that marks no persons, places or organisations.
3. Which label means what is Presidio's table (`NerModelConfiguration`), so models of either kind agree.
4. A person is `pii.person` where a sign beside the name says that a private person is meant, else `pii.name`: the kinds
   mean what they mean in `names.py`, and so do their thresholds.
5. Text longer than a transformers model reads is given to it in overlapping windows, never cut off.
"""

import importlib
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from guardrail.detectors.leakage.names import sign_of
from guardrail.errors import CheckError
from guardrail.types import Context, Finding, Unit

ENGINE_VARIABLE = "GUARDRAIL_NER_ENGINE"
MODEL_VARIABLE = "GUARDRAIL_NER_MODEL"
ENGINES = ("spacy", "transformers")
SPACY_CONFIDENCE = 0.85
"""spaCy tells no confidence; Presidio assumes this one."""
_KINDS: Mapping[str, str] = {"PERSON": "pii.person", "LOCATION": "pii.location", "ORGANIZATION": "pii.organization"}
_BARE = "pii.name"
_WINDOW = 350  # characters given to a transformers model at once; fewer than its 512 tokens for any script
_SHARED = 60  # characters that two windows share

Entity = tuple[int, int, str, float]
"""Start, end, Presidio's name of the entity, confidence."""


class LocalNer:
    """Detector `leakage.ner`; see the module's rules.

    `engine` is "spacy" or "transformers"; `model` a directory, or for spaCy also an installed package.  Each defaults
    to its environment variable (GUARDRAIL_NER_ENGINE, GUARDRAIL_NER_MODEL).
    """

    name = "leakage.ner"
    setup = f"set {ENGINE_VARIABLE} to `spacy` or `transformers`, and {MODEL_VARIABLE} to the directory of the model"
    kinds: tuple[str, ...] = (*_KINDS.values(), _BARE)
    unit = Unit.SENTENCE
    heavy = True

    def __init__(self, engine: str | None = None, model: str | None = None) -> None:
        self._engine = (engine or os.environ.get(ENGINE_VARIABLE, "")).strip().lower()
        self._model = (model or os.environ.get(MODEL_VARIABLE, "")).strip()
        self._entities: Callable[[Sequence[str]], Iterator[list[Entity]]] | None = None

    @property
    def configured(self) -> bool:
        """Whether the operator has named an engine or a model; `load` asks for both."""
        return bool(self._engine or self._model)

    def load(self) -> None:
        """Import the libraries and read the model.  Raises CheckError with the cure when a setting is missing or wrong,
        or when the model cannot be used."""
        if self._entities is not None:
            return
        if self._engine not in ENGINES or not self._model:
            raise CheckError(
                f"leakage.ner needs {ENGINE_VARIABLE} (spacy or transformers; it is {self._engine or 'not set'!r}) "
                f"and {MODEL_VARIABLE} (the model's directory; it is {self._model or 'not set'!r})"
            )
        try:
            self._entities = _spacy(self._model) if self._engine == "spacy" else _transformers(self._model)
        except CheckError:
            raise
        except Exception as error:  # whatever a library makes of a model that is not one
            first = (str(error).splitlines() or [type(error).__name__])[0]
            raise CheckError(
                f"the {self._engine} model {self._model} does not load ({type(error).__name__}: {first[:200]}); "
                f"check {MODEL_VARIABLE} and the versions it was made with"
            ) from error

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """What the model marks in each text, in its own offsets.  Raises CheckError before `load`, and when the model
        gives no number."""
        if self._entities is None:
            raise CheckError("leakage.ner was asked before load()")
        found = list(self._entities(texts))
        return [
            [self._finding(text, entity) for entity in entities] for text, entities in zip(texts, found, strict=True)
        ]

    def _finding(self, text: str, entity: Entity) -> Finding:
        start, end, label, confidence = entity
        if not math.isfinite(confidence):
            raise CheckError("the model of leakage.ner gave no number")
        evidence = f"the local model says {label.lower()}"
        if label != "PERSON":
            return Finding(_KINDS[label], round(confidence, 4), start, end, self.name, evidence)
        sign = sign_of(text, start, end)
        kind, score = ("pii.person", 0.6 + 0.35 * confidence) if sign else (_BARE, confidence)
        return Finding(kind, round(score, 4), start, end, self.name, f"{evidence}; {sign or 'nothing says whose'}")


def _table() -> dict[str, str]:
    """Presidio's table from a model's labels to the entities that are wanted here."""
    engines = importlib.import_module("presidio_analyzer.nlp_engine")
    mapping: Mapping[str, str] = engines.NerModelConfiguration().model_to_presidio_entity_mapping
    return {label: entity for label, entity in mapping.items() if entity in _KINDS}


def _spacy(model: str) -> Callable[[Sequence[str]], Iterator[list[Entity]]]:
    table = _table()
    spacy = importlib.import_module("spacy")
    engines = importlib.import_module("presidio_analyzer.nlp_engine")
    if not (Path(model).expanduser().is_dir() or spacy.util.is_package(model)):
        raise CheckError(
            f"{MODEL_VARIABLE}={model} is neither a directory nor an installed spaCy package; install the model first, "
            "nothing is downloaded"
        )
    nlp = spacy.load(Path(model).expanduser() if Path(model).expanduser().is_dir() else model)
    labels = {
        label for pipe in ("ner", "entity_ruler") if pipe in nlp.pipe_names for label in nlp.get_pipe(pipe).labels
    }
    _check_labels(labels, table, model)
    settings = engines.NerModelConfiguration(
        labels_to_ignore=sorted(labels - table.keys()), default_score=SPACY_CONFIDENCE
    )
    engine = engines.SpacyNlpEngine(
        models=[{"lang_code": "any", "model_name": model}], ner_model_configuration=settings
    )
    engine.nlp = {"any": nlp}  # instead of its load(), which downloads

    def entities(texts: Sequence[str]) -> Iterator[list[Entity]]:
        for _, artifacts in engine.process_batch(list(texts), language="any"):
            yield [
                (entity.start_char, entity.end_char, entity.label_, float(score))
                for entity, score in zip(artifacts.entities, artifacts.scores, strict=True)
                if entity.label_ in _KINDS
            ]

    return entities


def _transformers(model: str) -> Callable[[Sequence[str]], Iterator[list[Entity]]]:
    directory = Path(model).expanduser()
    if not (directory / "config.json").is_file():
        raise CheckError(f"{MODEL_VARIABLE}={model} is not a directory with a config.json; nothing is downloaded")
    table = _table()
    os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"  # read when the libraries are imported
    try:
        library = importlib.import_module("transformers")
        importlib.import_module("torch")
    except ImportError as error:
        raise CheckError(
            f"leakage.ner needs the extra that brings {error.name or 'transformers'}: pip install 'guardrail[detoxify]'"
        ) from error
    tokenizer = library.AutoTokenizer.from_pretrained(str(directory), local_files_only=True)
    network = library.AutoModelForTokenClassification.from_pretrained(
        str(directory), local_files_only=True, use_safetensors=True
    )
    network.eval()
    labels = {label.split("-", 1)[-1] for label in network.config.id2label.values()}
    _check_labels(labels, table, model)
    tagger = library.pipeline("token-classification", model=network, tokenizer=tokenizer, aggregation_strategy="simple")

    def entities(texts: Sequence[str]) -> Iterator[list[Entity]]:
        for text in texts:
            best: dict[tuple[int, int, str], float] = {}
            for begin in range(0, max(1, len(text) - _SHARED), _WINDOW - _SHARED):
                for each in tagger(text[begin : begin + _WINDOW]) if text.strip() else ():
                    label = table.get(each["entity_group"])
                    if label is not None:
                        place = (begin + int(each["start"]), begin + int(each["end"]), label)
                        best[place] = max(best.get(place, 0.0), float(each["score"]))
            yield [(*place, score) for place, score in sorted(best.items())]

    return entities


def _check_labels(labels: set[str], table: Mapping[str, str], model: str) -> None:
    if not labels & table.keys():
        raise CheckError(
            f"the model {model} marks {', '.join(sorted(labels)) or 'nothing'}; leakage.ner needs one that marks "
            f"one of {', '.join(sorted(table))}"
        )
