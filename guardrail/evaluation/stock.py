"""Stock Presidio as the named baseline: its own default English recognisers, without a language model.

Rules:
1. As shipped: the recognisers that its registry loads for English, its own scores and expressions, no threshold.  Only
   what would reach the network is taken out: the NLP engine is its no-op one, the public suffix list the bundled one.
2. It runs on the text as it stands and is judged kindly: a finding of any kind that touches a value has found it.
3. It is measured in the run whose figures stand beside it.
"""

import importlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from guardrail.errors import CheckError
from guardrail.evaluation.matching import Span

ENTITIES = {
    "CREDIT_CARD": "pii.payment_card",
    "CRYPTO": "pii.crypto_address",
    "EMAIL_ADDRESS": "pii.email",
    "IBAN_CODE": "pii.iban",
    "IP_ADDRESS": "pii.ip_address",
    "MAC_ADDRESS": "pii.mac_address",
    "PHONE_NUMBER": "pii.phone",
    "US_SSN": "pii.us_ssn",
    "UK_NHS": "pii.uk_nhs",
    "US_PASSPORT": "pii.us_passport",
    "US_DRIVER_LICENSE": "pii.us_driver_license",
    "US_BANK_NUMBER": "pii.us_bank_number",
    "US_ITIN": "pii.us_itin",
    "MEDICAL_LICENSE": "pii.medical_licence",
    "DATE_TIME": "pii.date",
    "URL": "pii.url",
}
"""What Presidio calls things, in our words; others become `pii.` and their name in lower case."""
NOT_PERSONAL = frozenset({"pii.date", "pii.url"})
"""Entities that name no person: left out of its alarms, which would otherwise be mostly these."""


class StockPresidio:
    """Presidio's analyzer with nothing of ours in it."""

    def __init__(self) -> None:
        """Raises CheckError when presidio-analyzer cannot be used."""
        try:
            self._engine = _engine()
        except Exception as error:
            raise CheckError(
                f"presidio-analyzer cannot be used ({error}); reinstall guardrail's dependencies, or use --no-baseline"
            ) from error

    @property
    def recognisers(self) -> int:
        """How many recognisers are loaded."""
        return len(self._engine.registry.recognizers)

    def find(self, text: str) -> list[Span]:
        """Everything it reports in `text`."""
        results = self._engine.analyze(text, language="en")
        return [
            Span(ENTITIES.get(one.entity_type, f"pii.{one.entity_type.lower()}"), one.start, one.end) for one in results
        ]

    def personal(self, text: str) -> list[Span]:
        """What it reports in `text` but dates and links."""
        return [span for span in self.find(text) if span.kind not in NOT_PERSONAL]


def _engine() -> Any:
    with _quiet():
        presidio = importlib.import_module("presidio_analyzer")
        engines = importlib.import_module("presidio_analyzer.nlp_engine")
        nlp = engines.NoOpNlpEngine(models=[{"lang_code": "en", "model_name": "none"}])
        nlp.load()
        registry = presidio.RecognizerRegistry(supported_languages=["en"])
        registry.load_predefined_recognizers(languages=["en"], nlp_engine=nlp)
        registry.remove_recognizer("SpacyRecognizer")
        _stay_offline()
        return presidio.AnalyzerEngine(registry=registry, nlp_engine=nlp, supported_languages=["en"])


def _stay_offline() -> None:
    """E-mail addresses are split by a list that is fetched on first use; the bundled snapshot serves as well."""
    tldextract = importlib.import_module("tldextract")
    bundled = tldextract.TLDExtract(suffix_list_urls=())
    module = importlib.import_module("presidio_analyzer.predefined_recognizers.generic.email_recognizer")
    module.tldextract.extract = bundled


@contextmanager
def _quiet() -> Iterator[None]:
    logger = logging.getLogger("presidio-analyzer")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
