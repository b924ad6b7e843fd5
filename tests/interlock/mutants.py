"""Mutants of the gate, of single use and of the wire: each small fault that could be in the source must fail a test.

python tests/interlock/mutants.py [MODULE...]; exits 1 if a mutant lives that ALLOWED does not explain.
Each mutant is one change to one place; its tests run in a fork, in this process's warm interpreter.
"""

import ast
import contextlib
import copy
import importlib.abc
import importlib.machinery
import io
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FIRMWARE = ROOT / "firmware/interlock"
WIRE_TESTS = ["../wire/test_version_1.py", "../wire/test_frames.py"]
MODULES = {
    "sallyport_interlock.gate": ["test_gate.py", "test_loop.py"],
    "sallyport_interlock.once": ["test_once.py", "test_power_cuts.py"],
    "sallyport_wire.mac": WIRE_TESTS,
    "sallyport_wire.messages": WIRE_TESTS,
    "sallyport_wire.frames": WIRE_TESTS,
}
SECONDS = 60  # of processor time; a mutant that runs longer hangs: that is a failing test too

# (module, source line, change): why no test can tell it from the original.
ALLOWED: dict[tuple[str, str, str], str] = {
    (
        "sallyport_wire.frames",
        "_NIBBLES = tuple([0x1021 * n for n in range(16)])  # CRC of each high nibble",
        "16 -> 17",
    ): "one entry more, that no nibble reaches",
    (
        "sallyport_interlock.gate",
        "return self.retire(NO_NONCE, 0) + self._refuse(m, reason)",
        "0 -> 1",
    ): "where no nonce was shown there is no event, so its kind is not read",
    ("sallyport_interlock.gate", "self.inputs = 0", "0 -> 1"): "both are not good; the first tick comes before any use",
}

SWAPS: dict[type[ast.AST], list[type[ast.AST]]] = {
    ast.Lt: [ast.LtE, ast.GtE],
    ast.LtE: [ast.Lt, ast.Gt],
    ast.Gt: [ast.GtE, ast.LtE],
    ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
    ast.And: [ast.Or],
    ast.Or: [ast.And],
    ast.Add: [ast.Sub],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.Add],
    ast.FloorDiv: [ast.Mult],
    ast.BitAnd: [ast.BitOr],
    ast.BitOr: [ast.BitAnd],
    ast.BitXor: [ast.BitOr],
    ast.LShift: [ast.RShift],
    ast.RShift: [ast.LShift],
}


class Mutant:
    """One change: `line` of the source, what was changed, and the changed module's code."""

    def __init__(self, line: int, change: str, tree: ast.Module) -> None:
        self.line, self.change = line, change
        self.code = ast.unparse(ast.fix_missing_locations(tree))


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a module."""
    tree = ast.parse(source)
    for number, node in enumerate(ast.walk(tree)):
        for change in _changes(node):
            changed = copy.deepcopy(tree)
            target = list(ast.walk(changed))[number]
            what = _apply(target, change, changed)
            if what:
                yield Mutant(getattr(node, "lineno", 0), what, changed)


def _changes(node: ast.AST) -> list[tuple[str, object]]:
    if isinstance(node, ast.Compare) and len(node.ops) >= 1:
        return [("compare", (i, new)) for i, op in enumerate(node.ops) for new in SWAPS.get(type(op), [])]
    if isinstance(node, ast.BoolOp | ast.BinOp):
        return [("op", new) for new in SWAPS.get(type(node.op), [])]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return [("not", None)]
    if isinstance(node, ast.Constant) and type(node.value) in (int, bool):
        return [("constant", not node.value if isinstance(node.value, bool) else node.value + 1)]
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        return [("test", True), ("test", False)] if not isinstance(node, ast.While) else [("test", False)]
    if isinstance(node, ast.FunctionDef | ast.If | ast.For):
        return []
    if isinstance(node, ast.Expr | ast.Assign | ast.AugAssign | ast.Raise):
        return [("delete", None)]
    return []


def _apply(node: ast.AST, change: tuple[str, object], tree: ast.Module) -> str:
    kind, new = change
    if kind == "compare":
        assert isinstance(node, ast.Compare)
        index, op = new  # type: ignore[misc]
        node.ops[index] = op()
        return f"{ast.unparse(node)}"
    if kind == "op":
        assert isinstance(node, ast.BoolOp | ast.BinOp)
        node.op = new()  # type: ignore[operator]
        return f"{ast.unparse(node)}"
    if kind == "constant":
        assert isinstance(node, ast.Constant)
        old, node.value = node.value, new  # type: ignore[assignment]
        return f"{old} -> {new}"
    if kind == "test":
        assert isinstance(node, ast.If | ast.IfExp | ast.While)
        old_test, node.test = ast.unparse(node.test), ast.Constant(new)
        return f"({old_test}) -> {new}"
    return _replace(node, kind, tree)


def _replace(node: ast.AST, kind: str, tree: ast.Module) -> str:
    """Put something else in the place of a whole node."""
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if kind == "not" and value is node:
                assert isinstance(node, ast.UnaryOp)
                setattr(parent, name, node.operand)
                return f"no not: {ast.unparse(node.operand)}"
            if isinstance(value, list) and any(item is node for item in value):
                index = next(i for i, item in enumerate(value) if item is node)
                if kind == "not":
                    assert isinstance(node, ast.UnaryOp)
                    value[index] = node.operand
                    return f"no not: {ast.unparse(node.operand)}"
                docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
                if docstring or (isinstance(parent, ast.Module) and isinstance(node, ast.Assign)):
                    return ""
                value[index] = ast.Pass()
                return f"deleted: {ast.unparse(node)}"
    return ""


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module from changed source."""

    def __init__(self, name: str, code: str, path: Path) -> None:
        self._name, self._code, self._path = name, code, path

    def find_spec(self, fullname: str, path: object, target: object = None) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, origin=str(self._path))

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._code, str(self._path), "exec"), module.__dict__)


def killed(name: str, path: Path, mutant: Mutant | None) -> bool:
    """Whether some test fails with this mutant (None: the source as it is), in a fork."""
    child = os.fork()
    if child == 0:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        import pytest

        if mutant:
            sys.meta_path.insert(0, Finder(name, mutant.code, path))
        tests = [str((HERE / test).resolve()) for test in MODULES[name]]
        options = ["-x", "-q", "-c", os.devnull, f"--rootdir={HERE}", f"--confcutdir={HERE}"]
        options += ["--import-mode=importlib", "-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
        options += ["-k", "not six_hundred and not ten_thousand and not flood and not junk and not pages_are"]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            result = pytest.main([*options, *tests])
        os._exit(0 if result == 0 else 1)
    _, status = os.waitpid(child, 0)
    return status != 0


def main() -> None:
    import hypothesis  # warm
    import pytest  # warm

    assert hypothesis and pytest
    sys.path[:0] = [str(FIRMWARE), str(HERE / "simulation"), str(ROOT / "protocol")]
    alive = total = 0
    for name in sys.argv[1:] or MODULES:
        path = (FIRMWARE if "interlock" in name else ROOT / "protocol") / (name.replace(".", "/") + ".py")
        source = path.read_text()
        if killed(name, path, None):
            sys.exit(f"the tests of {name} fail without any mutant: mend them first")
        found = list(mutants(source))
        start = time.monotonic()
        for mutant in found:
            if not killed(name, path, mutant):
                line = source.splitlines()[mutant.line - 1].strip()
                reason = ALLOWED.get((name, line, mutant.change))
                alive += reason is None
                word = "LIVES" if reason is None else "equal"
                print(f"{word} {name}:{mutant.line}: {line}\n      {mutant.change}", flush=True)
        total += len(found)
        print(f"{name}: {len(found)} mutants in {time.monotonic() - start:.0f} s", flush=True)
    print(f"{total} mutants, {alive} live")
    sys.exit(1 if alive else 0)


if __name__ == "__main__":
    main()
