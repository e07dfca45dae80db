"""What holds for every test: where GUARDRAIL_REQUIRE_SLOW is set, a slow test that is skipped has failed.

On a developer's machine an optional extra may be missing; `.ci/run` installs every extra and sets the variable, so that a
suite that could not run there is an error and not a green line.
"""

import os
import tempfile
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# No test asserts a time, so none may fail for one.  Where a change is judged, the cases are the same each time;
# elsewhere every run tries new ones.
settings.register_profile(
    "guardrail", deadline=None, derandomize=bool(os.environ.get("CI")), suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("guardrail")


# The models that a developer has added are none of the tests' business.
_NO_MODELS = tempfile.TemporaryDirectory(prefix="guardrail-no-models-")
os.environ["GUARDRAIL_MODELS"] = _NO_MODELS.name


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    wanted = os.environ.get("GUARDRAIL_REQUIRE_SLOW") and item.get_closest_marker("slow")
    if wanted and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where GUARDRAIL_REQUIRE_SLOW asks for it: {report.longrepr}"
    return report
