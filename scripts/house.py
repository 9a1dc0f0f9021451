"""The rules of the house, read from the source without importing it, for `scripts/check` and for `tests/house`."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAX_LINES, MAX_FUNCTION, MAX_PARAMETERS = 400, 60, 7

# Imports run down: a file may import from its own room and from rooms that stand strictly lower. The whole numbers are
# the floors of ARCHITECTURE.md; the decimals order the rooms of one floor.
FLOORS: Mapping[str, float] = {
    "errors": 0, "seeding": 0, "storage": 0,
    "records": 0.5, "forecasts": 0.5,
    "contracts": 1,
    "arrangement": 2.0,
    "registry": 2.0, "run": 2.0, "numbers": 2.0, "layers": 2.0, "objectives": 2.0,
    "config": 2.1, "statistics": 2.1, "weights": 2.1, "classifier": 2.1,
    "sides": 2.15, "tabular": 2.15, "baselines": 2.15, "timeline": 2.15, "foretelling": 2.15,
    "sources": 2.2, "codecs": 2.2, "augment": 2.2, "degrade": 2.2, "embeddings": 2.2, "augmentation": 2.2,
    "stakes": 2.2,
    "degradation": 2.25,
    "hugging_face": 2.15, "decoding": 2.3,
    "data": 2.5,
    "sampling": 2.6, "tiling": 2.6, "pictures": 2.6,
    "games": 3, "training": 3, "watching": 3, "metrics": 3, "compression": 3, "exporters": 3,
    "perceiving": 3.2,
    "generated": 3.5,
    "models": 4,
    "recipe": 4.5, "corpus": 4.6, "series_data": 4.6, "opening": 4.7,
    "experiment": 5, "fitting": 5, "planning": 5.1, "trained": 5.1, "synthesis": 5.15, "relating": 5.15,
    "forecasting": 5.15,
    "backtesting": 5.17, "prediction": 5.17, "walking": 5.18,
    "judging": 5.2, "translation": 5.2, "exporting": 5.2, "drawing": 5.2, "writing": 5.2, "directions": 5.2,
    "showing": 5.4, "session": 5.5, "evaluation": 5.7, "preparation": 5.8,
    "api": 6,
    "jobs": 6.5, "gallery": 6.5, "laboratory": 6.5, "web": 6.5,
    "serving": 7, "studio": 7.5,
    "cli": 8, "__main__": 9,
}  # fmt: skip

# Rooms whose files stand side by side: one can be taken out, or a new one put in, without touching another.
STARRED = {
    "sources",
    "codecs",
    "objectives",
    "augment",
    "degrade",
    "embeddings",
    "games",
    "metrics",
    "exporters",
    "models",
}
REGISTRIES = STARRED - {"objectives", "games"}  # the folder is the registry: one public name a file
NEIGHBOURS: set[tuple[str, str]] = set()  # ("games.cycle", "games.gan"): a game that is another with one more player

DRAWERS = {"util", "utils", "misc", "common", "helper", "helpers", "base", "manager", "managers"}
SAFE_LOADER = "src/mintage/weights.py"  # published weights come as .pth; it reads tensors only (weights_only=True)
PICKLERS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}

# What must be larger than the rules allow, by "path" or "path:function", each with its reason.
LARGER: Mapping[str, str] = {
    "src/mintage/api.py": "the whole public face in one place: each verb is a few lines and its docstring",
    "src/mintage/cli/start.py:train": "a parameter is a flag of the command line",
    "src/mintage/cli/judge.py:evaluate": "a parameter is a flag of the command line",
    "src/mintage/cli/judge.py:compare": "a parameter is a flag of the command line",
    "src/mintage/cli/foretell.py:backtest": "a parameter is a flag of the command line",
    "src/mintage/cli/make.py:generate": "a parameter is a flag of the command line",
    "src/mintage/api.py:generate": "one keyword for each flag of `mintage generate`",
    "src/mintage/api.py:train": "one keyword for each flag of `mintage train`, so that both faces say the same",
}


@dataclass(frozen=True, slots=True)
class Breach:
    """One place where a rule is broken."""

    path: str
    line: int
    rule: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}"


@dataclass(frozen=True)
class Module:
    """A parsed file, with its place in the house: `name` is dotted below the package, "" outside of it."""

    path: str  # below the repository, with forward slashes
    text: str
    name: str = ""

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def room(self) -> str:
        return self.name.partition(".")[0]


def modules(root: Path = ROOT) -> list[Module]:
    """Every Python file of the repository that is ours to keep in order."""
    found = []
    for folder in ("src/mintage", "tests", "benchmarks", "scripts"):
        for file in sorted((root / folder).rglob("*.py")):
            parts = list(file.relative_to(root / folder).with_suffix("").parts)
            if parts[-1] == "__init__":
                parts.pop()
            name = ".".join(parts) if folder == "src/mintage" else ""
            found.append(Module(file.relative_to(root).as_posix(), file.read_text("utf-8"), name))
    return found


def breaches(module: Module) -> Iterator[Breach]:
    """Every rule that a file breaks."""
    yield from opens_with_a_sentence(module)
    yield from has_no_drawer_name(module)
    yield from is_small(module)
    if module.path.startswith("src/"):
        yield from imports_run_down(module)
        yield from neighbours_do_not_meet(module)
        yield from has_one_public_name(module)
        yield from does_not_print(module)
        yield from does_not_pickle(module)


def opens_with_a_sentence(module: Module) -> Iterator[Breach]:
    """The first paragraph of a file's docstring is a sentence that says what the file is for."""
    opening = (ast.get_docstring(module.tree) or "").split("\n\n")[0].strip()
    if not re.match(r"[A-Z`'\"0-9].*\s.*[.!?:]$", opening, re.DOTALL):
        yield Breach(module.path, 1, "opens without a sentence that says what the file is for")


def has_no_drawer_name(module: Module) -> Iterator[Breach]:
    """Nothing is called after a drawer in which anything may lie."""
    if module.path.startswith("tests/"):
        return
    for part in Path(module.path).with_suffix("").parts:
        if drawers := DRAWERS & set(part.lower().split("_")):
            yield Breach(module.path, 1, f"{part!r} has a drawer's name ({', '.join(drawers)}): say what is in it")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef):
            words = {word.lower() for word in re.findall(r"[A-Z][a-z]+", node.name)}
            if drawers := DRAWERS & words:
                yield Breach(module.path, node.lineno, f"{node.name} has a drawer's name ({', '.join(drawers)})")


def is_small(module: Module) -> Iterator[Breach]:
    """A file, a function and its list of parameters each fit in a reader's head."""
    lines = len(module.text.splitlines())
    if lines > MAX_LINES and module.path not in LARGER:
        yield Breach(module.path, MAX_LINES, f"has {lines} lines, more than {MAX_LINES}")
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or f"{module.path}:{node.name}" in LARGER:
            continue
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if length > MAX_FUNCTION:
            yield Breach(module.path, node.lineno, f"{node.name} has {length} lines, more than {MAX_FUNCTION}")
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        count = len([argument for argument in arguments if argument.arg not in ("self", "cls")])
        if count > MAX_PARAMETERS:
            yield Breach(module.path, node.lineno, f"{node.name} has {count} parameters, more than {MAX_PARAMETERS}")


def imports_run_down(module: Module) -> Iterator[Breach]:
    """A file imports from its own room and from lower floors, also inside functions and for types alone."""
    if not module.name:
        return  # mintage/__init__.py is the front door: it shows the public face, and only when asked
    if module.room not in FLOORS:
        yield Breach(module.path, 1, f"the room {module.room!r} has no floor yet: give it one in scripts/house.py")
        return
    for line, target in _imports(module):
        room = target.partition(".")[0]
        if room == module.room:
            continue
        if room not in FLOORS:
            yield Breach(module.path, line, f"imports mintage.{target}, whose room has no floor")
        elif FLOORS[room] >= FLOORS[module.room]:
            yield Breach(module.path, line, f"imports run down: {module.room} may not know {room}")


def neighbours_do_not_meet(module: Module) -> Iterator[Breach]:
    """Files of a starred room never import each other."""
    own = module.name.split(".")
    if module.room not in STARRED or len(own) < 2:
        return
    for line, target in _imports(module):
        other = target.split(".")
        if other[0] != own[0] or len(other) < 2 or other[1] == own[1]:
            continue
        if (".".join(own[:2]), ".".join(other[:2])) not in NEIGHBOURS:
            yield Breach(module.path, line, f"files of {own[0]}/ do not know each other, but this imports {target}")


def has_one_public_name(module: Module) -> Iterator[Breach]:
    """In a room that is a registry, a file's `__all__` holds the one thing that its name stands for."""
    if module.room not in REGISTRIES or module.name.count(".") != 1:
        return
    for node in module.tree.body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]:
            if len(ast.literal_eval(node.value)) != 1:
                yield Breach(module.path, node.lineno, "a file of a registry has exactly one public name in __all__")
            return
    yield Breach(module.path, 1, "a file of a registry names its one public thing in __all__")


def does_not_print(module: Module) -> Iterator[Breach]:
    """Below the command line nothing prints: what there is to say is returned, logged or raised."""
    if module.room in ("cli", "__main__"):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in (
            "print",
            "sys.stdout.write",
            "rich.print",
            "input",
        ):
            yield Breach(module.path, node.lineno, f"{ast.unparse(node.func)}() below the command line")


def does_not_pickle(module: Module) -> Iterator[Breach]:
    """A file that runs code when it is opened is never written nor read."""
    nodes = list(ast.walk(module.tree))
    safe = {id(node.func) for node in nodes if isinstance(node, ast.Call) and _reads_tensors_only(node)}
    for node in nodes:
        if module.path == SAFE_LOADER and id(node) in safe:
            continue
        named: list[str] = []
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            named = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Attribute):
            named = [ast.unparse(node)]
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            named = [] if isinstance(node.value, ast.Constant) and node.value.value is False else ["pickle"]
        for name in named:
            if name.partition(".")[0] in PICKLERS or name in ("torch.save", "torch.load"):
                line = getattr(node, "lineno", 1)
                yield Breach(module.path, line, f"{name}: no pickles here; tensors are kept as safetensors")
                break


def _reads_tensors_only(call: ast.Call) -> bool:
    told = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    return ast.unparse(call.func) == "torch.load" and told.get("weights_only") == "True"


def _imports(module: Module) -> Iterator[tuple[int, str]]:
    """Lines and dotted names below the package of all that a file imports from it."""
    package = module.name.split(".") if module.path.endswith("/__init__.py") else module.name.split(".")[:-1]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("mintage."):
                    yield node.lineno, alias.name.removeprefix("mintage.")
        elif isinstance(node, ast.ImportFrom):
            start = ".".join(package[: len(package) - node.level + 1]) if node.level else None
            if start is None:
                if (node.module or "").split(".")[0] != "mintage":
                    continue
                start = (node.module or "").partition(".")[2]
            elif node.module:
                start = f"{start}.{node.module}".strip(".")
            for alias in node.names:
                target = f"{start}.{alias.name}".strip(".")
                if target not in ("__version__", ""):  # the version belongs to the package itself
                    yield node.lineno, target


def main() -> int:
    """Print every breach; the exit status says whether there is one."""
    found = [breach for module in modules() for breach in breaches(module)]
    for breach in found:
        print(breach)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
