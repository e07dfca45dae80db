"""The import rules of docs/architecture.md: what may know what, read from the source."""

import ast
from pathlib import Path

import pytest

import guardrail

ROOT = Path(guardrail.__file__).parent
PROJECT = ROOT.parent
FILES = {
    ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(ROOT.rglob("*.py"))
}
HEAVY = {
    *("torch", "transformers", "detoxify", "spacy", "presidio_analyzer", "onnxruntime", "sklearn"),
    *("jsonschema", "sqlglot", "tree_sitter", "tree_sitter_bash", "holidays"),
}
LOW = ("guardrail.types", "guardrail.errors", "guardrail.text")
PURE = (
    "guardrail.wire",
    "guardrail.gate",
    "guardrail.dialects",
    "guardrail.policy.decide",
    "guardrail.edits",
    "guardrail.notes",
    "guardrail.material",
    "guardrail.confidence",
)
IO = {"socket", "asyncio", "httpx", "aiohttp", "logging", "time", "os", "subprocess", "threading", "random", "datetime"}


def imports(module: str, *, top_level: bool = False) -> set[str]:
    """The modules that `module` imports; with `top_level`, only those imported when it is imported."""
    tree = ast.parse(FILES[module].read_text())
    nodes = tree.body if top_level else list(ast.walk(tree))
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names if f"{node.module}.{alias.name}" in FILES}
    return found


def ours(module: str) -> set[str]:
    return {name for name in imports(module) if name in FILES and name != module}


def under(name: str, *prefixes: str) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


@pytest.mark.parametrize("module", [m for m in FILES if under(m, *LOW)])
def test_the_lowest_layer_imports_the_standard_library_and_itself_alone(module):
    import sys

    for name in imports(module):
        assert name.split(".")[0] in sys.stdlib_module_names or under(name, *LOW), name


@pytest.mark.parametrize("module", [m for m in FILES if under(m, *PURE)])
def test_the_pure_core_does_no_io_and_reads_no_clock(module):
    assert not {name.split(".")[0] for name in imports(module)} & IO


@pytest.mark.parametrize("module", [m for m in FILES if under(m, "guardrail.dialects", "guardrail.detectors")])
def test_dialects_and_detectors_know_neither_each_other_nor_the_policy(module):
    other = "guardrail.detectors" if under(module, "guardrail.dialects") else "guardrail.dialects"
    assert not [name for name in ours(module) if under(name, other, "guardrail.policy", "guardrail.proxy")]


@pytest.mark.parametrize("module", FILES)
def test_heavy_libraries_are_imported_only_where_they_are_used(module):
    assert not {name.split(".")[0] for name in imports(module, top_level=True)} & HEAVY


@pytest.mark.parametrize(
    "module", [m for m in FILES if not under(m, "guardrail.app", "guardrail.cli", "guardrail.__main__")]
)
def test_nothing_imports_the_composition_root_or_the_command_line(module):
    assert not [name for name in ours(module) if under(name, "guardrail.app", "guardrail.cli")]


def test_there_is_no_import_cycle():
    graph = {module: ours(module) for module in FILES}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path[path.index(module) :], module))
        if module not in done:
            for name in graph[module]:
                visit(name, (*path, module))
            done.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize("module", FILES)
def test_every_module_says_what_it_is(module):
    source = FILES[module].read_text()
    assert not source.strip() or ast.get_docstring(ast.parse(source)), (
        f"{module} opens without a sentence on what it is"
    )
