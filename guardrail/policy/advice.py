"""What a policy that is well formed may still have overlooked: words for its officer, none of them an error.

Rule: advice is given only where something was said (a setting, a list) that no rule makes use of, or where nothing
would be judged; what a policy leaves out on purpose is its own business.
"""

from collections.abc import Iterable, Iterator

from guardrail.detectors.registry import AnyDetector
from guardrail.policy.decide import covers
from guardrail.types import Policy


def advice(policy: Policy, detectors: Iterable[AnyDetector]) -> Iterator[str]:
    """A sentence for each thing that was overlooked; `detectors` are those that are configured."""
    if not policy.rules:
        yield "it has no rules, so nothing is judged"
    for detector in detectors:
        # A detector that says how it is set up is there because somebody set it up.
        if hasattr(detector, "setup") and not _covered(policy, detector.kinds):
            yield f"`{detector.name}` is configured, but no rule covers {', '.join(detector.kinds)}: it is not asked"
    if policy.link_hosts and not _covered(policy, ("carrier.image", "carrier.link")):
        yield "`link_hosts` names hosts, but no rule covers carrier.image or carrier.link: links go anywhere"


def _covered(policy: Policy, kinds: Iterable[str]) -> bool:
    return any(covers(rule, kind) for rule in policy.rules for kind in kinds)
