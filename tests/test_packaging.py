"""What is shipped keeps its promises: the locks, the wheel, the container, the deployment files and the pages on them.

Rule: each test reads the file that an operator would use, not a copy of what it should say.
"""

import ast
import asyncio
import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

import guardrail
from guardrail.app import prepare
from guardrail.cli.serve import serve
from guardrail.policy.load import load

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
PIN = re.compile(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.!+]+)( ; [^\\]+)?")
# Never named in an import statement: uvicorn loads two of them, and one detector loads the third when a policy needs it.
LOADED_BY_NAME = {"uvloop", "httptools", "presidio-analyzer"}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def names(requirements: list[str]) -> set[str]:
    return {canonical(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]) for requirement in requirements}


def tracked() -> list[Path]:
    """The files of the repository; of an unpacked archive, which has no git, every file outside hidden places."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True)
    if listed.returncode == 0:
        return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]
    top = [path for path in ROOT.iterdir() if path.name == ".ci" or not path.name.startswith(".")]
    return [path for one in top for path in (one.rglob("*") if one.is_dir() else [one]) if path.is_file()]


# ---- locks --------------------------------------------------------------------------------------------------------


def entries(lock: Path) -> dict[str, list[str]]:
    """The requirements of a lock, each with its hashes."""
    found: dict[str, list[str]] = {}
    for block in re.split(r"\n(?=\S)", lock.read_text().strip()):
        first, *rest = [line.strip().removesuffix("\\").strip() for line in block.splitlines()]
        found[first] = rest
    return found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_requirement_of_a_lock_is_one_version_with_hashes(lock):
    found = entries(lock)
    assert found
    for requirement, hashes in found.items():
        assert PIN.fullmatch(requirement), requirement
        assert hashes and all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", one) for one in hashes), requirement


@pytest.mark.parametrize(
    ("lock", "needed"),
    [
        ("run.lock", [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["models"]]),
        ("dev.lock", [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"], "hatchling", "editables"]),
        ("detoxify.lock", [r for r in PROJECT["optional-dependencies"]["detoxify"] if not r.startswith("torch")]),
        ("build.lock", ["hatchling", "editables"]),
    ],
)
def test_a_lock_holds_what_pyproject_asks_for(lock, needed):
    assert names(needed) <= names(list(entries(ROOT / "requirements" / lock)))


def test_the_locks_agree_with_one_another():
    run, build, dev = (set(entries(ROOT / "requirements" / f"{name}.lock")) for name in ("run", "build", "dev"))
    assert run <= dev and build <= dev
    versions: dict[str, set[str]] = {}
    for requirement in dev | set(entries(ROOT / "requirements" / "detoxify.lock")):
        versions.setdefault(requirement.split("==")[0], set()).add(requirement)
    for name, several in versions.items():
        assert len(several) == 1 or all(";" in one for one in several), f"{name}: nothing tells its versions apart"


def test_no_file_names_a_package_registry():
    # Spelled in parts, so that this file does not name one either.
    hosts = "|".join(
        re.escape(host)
        for host in (
            "pypi" + ".org",
            "python" + "hosted.org",
            "download.py" + "torch.org",
            "registry.npm" + "js.org",
        )
    )
    options = "--(?:extra-)?index" + "-url[ =]|--find" + "-links[ =]+http"
    found = re.compile(f"{hosts}|{options}".encode())
    named = [str(path.relative_to(ROOT)) for path in tracked() if found.search(path.read_bytes())]
    assert named == []


# ---- dependencies -------------------------------------------------------------------------------------------------


def declared() -> set[str]:
    extras = [one for extra in PROJECT["optional-dependencies"].values() for one in extra]
    return names([*PROJECT["dependencies"], *extras])


def test_every_dependency_is_justified_and_nothing_else():
    page = (ROOT / "docs" / "dependencies.md").read_text()
    justified = {canonical(match[1]) for match in re.finditer(r"^\| ([A-Za-z0-9_.-]+) \| \S.*\S \|$", page, re.M)}
    assert justified - {"package", "-"} == declared()


LATER = {"compression"}
"""Modules of the standard library that Python 3.11 does not have yet."""


def imported(directory: str) -> set[str]:
    """Top-level names of foreign modules that the files of a directory import."""
    found: set[str] = set()
    for path in (ROOT / directory).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - LATER - {"guardrail"}


def test_what_is_imported_is_declared_and_what_is_declared_is_used():
    distributions = importlib.metadata.packages_distributions()
    used = {canonical(name) for module in imported("guardrail") for name in distributions.get(module, [module])}
    run = names(PROJECT["dependencies"])
    extras = PROJECT["optional-dependencies"]
    assert used - run <= names([one for name, extra in extras.items() if name != "dev" for one in extra])
    assert run - used == LOADED_BY_NAME


# ---- wheel --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in the wheel that pyproject.toml makes."""
    pytest.importorskip("hatchling", reason="the build backend comes with requirements/dev.lock")
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)], cwd=ROOT, check=True)
    [built] = out.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_every_policy(wheel):
    policies = {f"guardrail/policy/packaged/{path.name}" for path in (ROOT / "policies").glob("*.yaml")}
    assert policies and policies <= wheel


def test_the_wheel_holds_every_module_and_model(wheel):
    package = [path for path in (ROOT / "guardrail").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert {str(path.relative_to(ROOT)) for path in package} <= wheel
    assert any(name.startswith("guardrail/models/") and name.endswith(".bin") for name in wheel)


def test_the_wheel_holds_nothing_else(wheel):
    assert {name.split("/")[0] for name in wheel} == {"guardrail", f"guardrail-{guardrail.__version__}.dist-info"}


# ---- container ----------------------------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"(?m)^#.*\n", "", (ROOT / "Dockerfile").read_text()).replace("\\\n", " ")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in text.splitlines()) if word]


def last_stage() -> list[tuple[str, str]]:
    found = instructions()
    return found[max(i for i, (word, _) in enumerate(found) if word == "FROM") :]


def test_every_base_image_is_a_named_version():
    bases = [rest.split()[0] for word, rest in instructions() if word == "FROM"]
    assert len(bases) == 2 and len(set(bases)) == 1
    assert all(re.fullmatch(r"python:3\.\d+-slim-[a-z]+", base) for base in bases)


def test_the_container_is_never_root_and_starts_without_a_shell():
    last = last_stage()
    users = [rest for word, rest in last if word == "USER"]
    assert users == ["10001:10001"]
    after = last[[word for word, _ in last].index("USER") :]
    assert not any(word in ("RUN", "COPY", "ADD") for word, _ in after)
    assert ("ENTRYPOINT", '["guardrail"]') in last and ("CMD", '["serve"]') in last
    assert ("STOPSIGNAL", "SIGTERM") in last


def test_the_container_installs_by_hash_alone():
    commands = [rest for word, rest in instructions() if word == "RUN" and '"install"' in rest]
    assert len(commands) == 3
    for command in commands:
        assert '"--require-hashes"' in command or ('"--no-deps"' in command and '"--no-index"' in command)
    assert not any(re.search(r"apt-get|curl|wget|\bADD\b", f"{word} {rest}") for word, rest in instructions())


def test_the_container_writes_to_its_volume_only():
    last = last_stage()
    [volume] = [rest for word, rest in last if word == "VOLUME"]
    assert volume == '["/var/lib/guardrail/audit"]'
    [settings] = [rest for word, rest in last if word == "ENV"]
    for setting in ("GUARDRAIL_AUDIT=/var/lib/guardrail/audit", "GUARDRAIL_HOST=0.0.0.0", "PYTHONDONTWRITEBYTECODE=1"):
        assert setting in settings.split()
    assert ("EXPOSE", "8080") in last and "GUARDRAIL_PORT=8080" in settings.split()


def test_the_container_s_health_check_asks_the_sidecar(tmp_path):
    [check] = [rest for word, rest in last_stage() if word == "HEALTHCHECK"]
    words = ast.literal_eval(check[check.index("[") :])
    assert words[:2] == ["python", "-c"] and "/_guardrail/healthz" in words[2]
    # Nothing listens on port 1: the check must fail, and in its own time.
    failed = subprocess.run([sys.executable, *words[1:]], env={"GUARDRAIL_PORT": "1"}, capture_output=True, timeout=30)
    assert failed.returncode != 0


def test_what_the_container_copies_is_let_through():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    let_through = {line[1:].rstrip("/") for line in ignored if line.startswith("!")}
    copied = [rest.split()[:-1] for word, rest in instructions() if word == "COPY" and "--from" not in rest]
    assert {name for names_ in copied for name in names_} == let_through
    assert all((ROOT / name).exists() for name in let_through)


# ---- deployment files ---------------------------------------------------------------------------------------------


def variables_of_serve() -> set[str]:
    return {str(option.envvar) for option in serve.params if isinstance(option, click.Option) and option.envvar}


def compose_sidecar() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]["guardrail"]
    return found


def pod() -> dict[str, Any]:
    documents = list(yaml.safe_load_all((ROOT / "deploy" / "kubernetes.yaml").read_text()))
    [spec] = [one["spec"]["template"]["spec"] for one in documents if one["kind"] == "Deployment"]
    return dict(spec)


def seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def test_compose_shuts_the_sidecar_in():
    sidecar = compose_sidecar()
    assert sidecar["read_only"] is True and sidecar["cap_drop"] == ["ALL"]
    assert sidecar["security_opt"] == ["no-new-privileges:true"]
    assert "ports" not in sidecar and any(one.endswith(":/var/lib/guardrail/audit") for one in sidecar["volumes"])
    assert set(sidecar["environment"]) <= variables_of_serve()
    assert seconds(sidecar["stop_grace_period"]) > float(sidecar["environment"]["GUARDRAIL_DRAIN"])
    assert sidecar["image"] == f"guardrail:{guardrail.__version__}"


def test_compose_points_the_application_at_the_sidecar():
    document = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
    assert document["services"]["app"]["environment"]["OPENAI_BASE_URL"] == "http://guardrail:8080/v1"
    assert document["services"]["app"]["depends_on"] == {"guardrail": {"condition": "service_healthy"}}
    [policy] = [one for one in document["services"]["guardrail"]["volumes"] if "policy.yaml" in one]
    default = re.search(r":-([^}]+)}", policy)
    assert default and (ROOT / "deploy" / default[1]).resolve() == ROOT / "policies" / "hk-baseline.yaml"


def test_the_pod_meets_the_restricted_standard():
    spec = pod()
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["securityContext"]["fsGroupChangePolicy"] == "OnRootMismatch"
    for container in [*spec["initContainers"], *spec["containers"]]:
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False and context["capabilities"] == {"drop": ["ALL"]}
        assert context["readOnlyRootFilesystem"] is True and context["runAsUser"] > 0
        assert container["resources"]["limits"]["memory"] and not container["image"].endswith(":latest")


def test_the_pod_s_sidecar_comes_first_and_leaves_last():
    spec = pod()
    [sidecar] = spec["initContainers"]
    settings = {one["name"]: one["value"] for one in sidecar["env"]}
    assert sidecar["restartPolicy"] == "Always" and set(settings) <= variables_of_serve()
    assert spec["terminationGracePeriodSeconds"] > float(settings["GUARDRAIL_DRAIN"])
    assert sidecar["startupProbe"]["httpGet"]["path"] == sidecar["readinessProbe"]["httpGet"]["path"]
    assert sidecar["readinessProbe"]["httpGet"]["path"] == "/_guardrail/readyz"
    assert sidecar["livenessProbe"]["httpGet"]["path"] == "/_guardrail/healthz"
    [app] = spec["containers"]
    assert {"name": "OPENAI_BASE_URL", "value": "http://localhost:8080/v1"} in app["env"]
    volumes = {one["name"] for one in spec["volumes"]}
    assert {mount["name"] for mount in sidecar["volumeMounts"]} <= volumes


def test_the_pod_s_policy_is_one_that_serves(tmp_path):
    documents = yaml.safe_load_all((ROOT / "deploy" / "kubernetes.yaml").read_text())
    [policy] = [one["data"]["policy.yaml"] for one in documents if one["kind"] == "ConfigMap"]
    path = tmp_path / "policy.yaml"
    path.write_text(policy)
    guard = asyncio.run(prepare(load(path)))  # raises when a rule cannot be served or a case fails
    guard.scanner.close()
    assert guard.policy.rules
    assert guard.scanner.checks


# ---- docs/running.md ----------------------------------------------------------------------------------------------

PAGE = (ROOT / "docs" / "running.md").read_text()


def rows(header: str) -> list[list[str]]:
    """The rows of the table under the header line that starts with `header`."""
    lines = PAGE.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(header)) + 2
    found = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def shown(option: click.Option) -> str:
    """The default as the page writes it."""
    if option.required:
        return "required"
    if option.name == "policy":
        return "the packaged `hk-baseline`"
    value = str(option.default)
    return f"`{value.lower() if option.is_flag else value}`"


def test_the_page_lists_every_flag_with_its_variable_and_default():
    expected = {}
    for option in serve.params:
        assert isinstance(option, click.Option)
        flags = " / ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
        assert option.envvar == f"GUARDRAIL_{str(option.name).upper()}", f"the variable of {flags}"
        expected[flags] = (f"`{option.envvar}`", shown(option))
    assert {flags: (variable, default) for flags, variable, default, _ in rows("| flag |")} == expected


def test_the_page_lists_every_error_code_with_its_status():
    raised = re.compile(r"(?:RequestError|UpstreamError|ExchangeError)\(\s*(\d{3}),\s*\"([a-z_]+)\"")
    sources = [path.read_text() for path in (ROOT / "guardrail").rglob("*.py")]
    found = {(status, code) for source in sources for status, code in raised.findall(source)}
    listed = {(status, code.strip("`")) for status, code, _ in rows("| status |")}
    assert listed == found | {("400", "content_filter")}


def test_the_page_lists_every_header():
    source = (ROOT / "guardrail" / "notes.py").read_text()
    assert {header.strip("`") for header, _ in rows("| header |")} == set(
        re.findall(r'b"(x-guardrail-[a-z-]+)"', source)
    )


def test_files_that_the_page_links_to_are_there():
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", PAGE):
        assert (ROOT / "docs" / target).resolve().is_file(), target
