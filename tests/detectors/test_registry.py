"""The door that detectors come through: a broken plug-in is an error, an unconfigured one is simply not there."""

from importlib.metadata import EntryPoint

import pytest

from guardrail.detectors import registry
from guardrail.detectors.protocol import Consulting, Detector, PatternSource, Watcher
from guardrail.errors import SettingsError
from guardrail.types import Unit


def test_the_built_in_detectors_keep_the_protocol():
    found = registry.available()
    assert {"leakage.identifiers", "leakage.secrets", "leakage.presidio", "bias.toxicity", "errors.arithmetic"} <= {
        d.name for d in found
    }
    for detector in found:
        detector.load()
        others = Consulting if hasattr(detector, "consult") else Detector
        seam = {Unit.SPAN: PatternSource, Unit.PASSAGE: Watcher}.get(detector.unit, others)
        assert isinstance(detector, seam), detector.name
        assert all("." in kind for kind in detector.kinds)


def test_detoxify_is_there_only_when_a_checkpoint_is_configured(monkeypatch):
    monkeypatch.delenv("GUARDRAIL_DETOXIFY_CHECKPOINT", raising=False)
    assert "bias.detoxify" not in {d.name for d in registry.available()}
    monkeypatch.setenv("GUARDRAIL_DETOXIFY_CHECKPOINT", "/models/toxic.ckpt")
    assert "bias.detoxify" in {d.name for d in registry.available()}


def test_a_plug_in_that_cannot_be_imported_is_named(monkeypatch):
    broken = EntryPoint("acme.pii", "acme_nowhere:Detector", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [broken])
    with pytest.raises(SettingsError, match=r"detector `acme.pii` \(acme_nowhere:Detector\) cannot be imported"):
        registry.available()


@pytest.mark.parametrize("kind", ["document.passage", "document.*"])
def test_a_kind_of_a_detector_that_is_not_configured_is_answered_with_how_to(monkeypatch, kind):
    monkeypatch.delenv("GUARDRAIL_FINGERPRINTS", raising=False)
    monkeypatch.delenv("GUARDRAIL_FINGERPRINT_KEY", raising=False)
    words = registry.nearest_kind(kind, registry.available())
    assert "`leakage.documents` does" in words and "set GUARDRAIL_FINGERPRINTS to" in words
