"""Reading one cell: fingerprints that hold, names that are true, kinds, and text that is no code."""

import ast
import contextlib
import copy
import inspect
import json
import os
import random
import shutil
import subprocess
import sys
import symtable
import types
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from comprehend_nb.cells.canonical import canonical
from comprehend_nb.cells import Cell, CellError, fingerprint, parse
from comprehend_nb.cells.names import names

HERE = Path(__file__).parent
GOLDEN = json.loads((HERE / "data" / "fingerprints.json").read_text())


def examples(n):
    "Settings for `n` examples, the same ones on every run."
    phases = [Phase.explicit, Phase.generate, Phase.shrink]
    return settings(
        deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True, max_examples=n, phases=phases
    )


def corpus(limit, lines=(2, 40)):
    "Functions and classes of the standard library and of installed packages, the same ones on every run."
    import argparse
    import asyncio
    import dataclasses
    import typing

    import IPython.core.interactiveshell
    import msgspec._utils
    import nbformat.v4.convert
    import rich.console

    modules = [argparse, asyncio.tasks, dataclasses, inspect, typing, symtable, shutil, subprocess, random]
    modules += [rich.console, nbformat.v4.convert, IPython.core.interactiveshell, msgspec._utils]
    out = []
    for module in modules:
        text = inspect.getsource(module)
        rows = text.split("\n")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)) and not node.col_offset:
                piece = "\n".join(rows[node.lineno - 1 : node.end_lineno])
                if lines[0] <= piece.count("\n") + 1 <= lines[1]:
                    out.append(piece)
    random.Random(3).shuffle(out)
    return out[:limit]


# ---- one fingerprint on every Python


def on(python, sources):
    "What another interpreter answers; None where it cannot be asked."
    script = HERE / "cells_support.py"
    done = subprocess.run(
        [python, "-B", script], input=json.dumps(sources), capture_output=True, text=True, check=False
    )
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr


def expected(version):
    known = [g for g in GOLDEN if tuple(map(int, g["since"].split("."))) <= version]
    return [g["source"] for g in known], [g["fingerprint"] for g in known]


def test_golden_here():
    for source, known in zip(*expected(sys.version_info[:2]), strict=True):
        try:
            found = fingerprint(source)
        except CellError:
            found = "CellError"
        assert found == known, source


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13), (3, 14)])
def test_golden_on_other_interpreters(version):
    python = shutil.which("python{}.{}".format(*version))
    probe = python and subprocess.run(
        [python, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, text=True
    )
    if not probe or probe.stdout.strip() != str(version):
        pytest.skip("not on PATH")
    sources, known = expected(version)
    assert on(python, sources) == known


def test_needs_the_standard_library_alone():
    bare = [
        sys.executable,
        "-I",
        "-S",
        "-B",
        "-c",
        f"import sys; sys.path.insert(0, {str(HERE)!r}); import cells_support; "
        "print(cells_support.answers(['x = 1'])[0]); assert 'IPython' not in sys.modules",
    ]
    assert subprocess.check_output(bare, text=True).strip() == fingerprint("x = 1")


def test_golden_fingerprints_differ_where_meaning_does():
    same = {}
    for g in GOLDEN:
        if g["fingerprint"] != "CellError":
            same.setdefault(g["fingerprint"], []).append(g["source"])
    assert [v for v in same.values() if len(v) > 1] == [
        ["", "# only a comment"],
        ["x = 1", "x=1 # one", "x = 0x1", "\ufeffx = 1", "x = 1;", "x = \\\n  1"],
        ["def f():\n    'doc'", "def f(): pass"],
        ["def f():\n    'doc'\n    return 1", "def f(): return 1"],
        ["del (a, b)", "del a, b"],
        ["f'{x}'", "f'{x:}'", "f'''{\nx\n}'''", "f'{x # c\n}'"],
        ["with a, b: c", "with (a, b): c"],
        ["x = 1\r\ny = 2\r\n", "x = 1\n\x0cy = 2"],
    ]


# ---- what does not change it


@pytest.fixture(scope="module")
def pieces():
    return corpus(150)


def formatted(source, width, ipynb):
    import black

    mode = black.Mode(line_length=width, is_ipynb=ipynb, string_normalization=True, magic_trailing_comma=False)
    return black.format_str(source, mode=mode)


@examples(60)
@given(st.data())
def test_formatting_changes_nothing(pieces, data):
    source = data.draw(st.sampled_from(pieces))
    width = data.draw(st.integers(1, 120))
    assert fingerprint(formatted(source, width, data.draw(st.booleans()))) == fingerprint(source)


def test_respelling_changes_nothing(pieces):
    for source in pieces[:80]:
        tree = ast.parse(source)
        assert fingerprint(ast.unparse(tree)) == fingerprint(source)
        rows = [row + ("  # note" if row and not row.endswith("\\") else "") for row in ast.unparse(tree).split("\n")]
        assert '"""' in "".join(rows) or fingerprint("\n\n".join(rows)) == fingerprint(source)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 'a'", 'x = "a"'),
        ("x = 16", "x = 0x1_0"),
        ("x = (((1)))", "x = 1"),
        ("f(a,)", "f(a)"),
        ("x = 'a' 'b'", "x = 'ab'"),
        ("def f():\n  'one'\n  return 1", "def f():\n  '''Two.\n\n  More.'''\n  return 1"),
        ("class A:\n 'doc'\n x = 1", "class A:\n x = 1"),
        ("async def f(): 'doc'", "async def f(): pass"),
        ("x = 1\r\ny = 2", "x = 1\ny = 2"),
        ("if a:\n\tb", "if a:\n    b"),
        ("a if (b) else (c)", "a if b else c"),
        ("x = 1; y = 2", "x = 1\ny = 2"),
        ("f'{x}' ''", "f'{x}'"),
        ("x = '\\x41'", "x = 'A'"),
        ("#| export\nx = 1", "x = 1"),
        ("%matplotlib inline", "# plots\n%matplotlib inline"),
        ("    x = 1\n    y = 2", "x = 1\ny = 2"),
    ],
)
def test_same(one, other):
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 1.0"),
        ("x = 1", "x = True"),
        ("x = 'a'", "x = b'a'"),
        ("x = 0.0", "x = -0.0"),
        ("x = 1", "X = 1"),
        ("'a'", "'b'"),
        ("'a'\nx", "x"),
        ("f(a, b)", "f(b, a)"),
        ("a - b - c", "a - (b - c)"),
        ("def f(): 'd'; return 1", "def f(): return 2"),
        ("def f(): pass", "def f(): ..."),
        ("def f(a=1): pass", "def f(*, a=1): pass"),
        ("def f(a, /): pass", "def f(a): pass"),
        ("f'{x}'", "f'{x!s}'"),
        ("f'{x:a}'", "f'{x}a'"),
        ("f'{x}'", "'{x}'"),
        ("import a.b", "import a.c"),
        ("from a import b", "from .a import b"),
        ("async def f(): pass", "def f(): pass"),
        ("x: int = 1", "x = 1"),
        ("{**a}", "{a}"),
        ("f(*a)", "f(a)"),
        ("f(**a)", "f(*a)"),
        ("x = 'ab'", "x = 'a', 'b'"),
        ("del a, b", "del b, a"),
        ("for x in y: a\nelse: b", "for x in y: a; b"),
        ("%time x", "%timeit x"),
        ("!ls", "!ls -l"),
        ("try: a\nexcept B: c", "try: a\nexcept* B: c"),
    ],
)
def test_different(one, other):
    assert fingerprint(one) != fingerprint(other)


# ---- what does: every change of one node


def is_docstring(node, parent):
    return (
        isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        and node is parent.body[0]
        and isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def instead(node, field, value):
    "Every other value we try in this place: (what was done, new value)."
    operators = (ast.operator, ast.unaryop, ast.cmpop, ast.boolop)
    if isinstance(value, operators):
        family = next(f for f in operators if isinstance(value, f))
        others = [c for c in family.__subclasses__() if c is not type(value)]
        yield from ((c.__name__, c()) for c in others)
    elif isinstance(value, ast.expr):
        yield "name", ast.Name("mutant", ast.Load())
        yield "negated", ast.UnaryOp(ast.Not(), value)
        if field in ("returns", "annotation", "msg", "cause", "format_spec", "lower", "upper", "step"):
            yield "dropped", None
    elif isinstance(node, ast.Constant) and field == "value":
        for other in (0, 1, 2, 0.0, True, None, "", "x", b"", ..., 1j):
            if not (type(other) is type(value) and other == value):
                yield repr(other), other
    elif isinstance(value, str):
        yield "renamed", value + "_"
    elif isinstance(value, int) and field in ("level", "is_async", "conversion", "simple"):
        yield "number", {"conversion": 97 if value != 97 else 115}.get(field, 1 - min(value, 1))
    elif isinstance(value, list) and value:
        for k in range(len(value)):
            if len(value) > 1 or field not in (
                "body",
                "targets",
                "names",
                "ops",
                "values",
                "generators",
                "handlers",
                "cases",
                "items",
            ):
                yield f"without {k}", value[:k] + value[k + 1 :]
            yield f"{k} twice", value[: k + 1] + value[k:]
            if k and ast_text(value[k]) != ast_text(value[k - 1]):
                yield f"{k} earlier", [*value[: k - 1], value[k], value[k - 1], *value[k + 1 :]]


def ast_text(value):
    return ast.dump(value) if isinstance(value, ast.AST) else repr(value)


def mutants(tree):
    "Every single-node change outside docstrings; each is undone before the next."
    for parent in list(ast.walk(tree)):
        if isinstance(parent, ast.expr_context):
            continue
        for field, value in list(ast.iter_fields(parent)):
            if field in ("ctx", "kind", "type_comment") or (isinstance(parent, ast.JoinedStr) and field == "values"):
                continue
            kept = value
            if field == "body" and isinstance(value, list) and value and is_docstring(value[0], parent):
                head, kept = value[:1], value[1:]
            else:
                head = []
            for what, other in instead(parent, field, kept):
                setattr(parent, field, head + other if head else other)
                yield f"{type(parent).__name__}.{field} {what}"
                setattr(parent, field, value)


def docstrings_blanked(tree):
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and is_docstring(body[0], node):
            body[0].value.value = "doc"
    return tree


def test_every_change_of_a_node_changes_it():
    count = 0
    for source in corpus(300, (3, 25)):
        tree = docstrings_blanked(ast.parse(source))
        before, dump = canonical(tree), ast.dump(tree)
        for what in mutants(tree):
            count += 1
            if canonical(tree) == before:
                # the only change that may go unseen is one inside a docstring
                assert ast.dump(docstrings_blanked(copy.deepcopy(tree))) == dump, (what, source)
        assert canonical(tree) == before
    assert count > 20_000


@examples(100)
@given(st.text(), st.text())
def test_texts_keep_apart(a, b):
    trees = [canonical(ast.Expr(ast.Constant(v))) for v in (a, b)]
    assert (trees[0] == trees[1]) == (a == b)


# ---- names


def symbols_of(table, out):
    for s in table.get_symbols():
        is_module = table.get_type() == "module"
        if s.is_referenced() and (is_module or s.is_global()):
            out["read"].add(s.get_name())
        if is_module and (s.is_assigned() or s.is_imported()):
            out["bound"].add(s.get_name())
        if not is_module and s.is_declared_global() and s.is_assigned():
            out["bound"].add(s.get_name())
    for child in table.get_children():
        symbols_of(child, out)
    return out


@pytest.mark.parametrize(
    "name",
    [
        "argparse",
        "dataclasses",
        "typing",
        "inspect",
        "ast",
        "enum",
        "functools",
        "contextlib",
        "traceback",
        "tokenize",
        "asyncio.tasks",
        "os",
        "re",
        "logging",
        "threading",
        "random",
    ],
)
def test_names_agree_with_symtable(name):
    import importlib

    module = importlib.import_module(name)
    code = Path(inspect.getsourcefile(module)).read_text()
    ours = names(ast.parse(code).body)
    real = symbols_of(symtable.symtable(code, "m", "exec"), {"read": set(), "bound": set()})
    assert set(ours.stores) | ours.deletes | ours.passing == real["bound"]
    # a private name in a class stays as written in ours where the class itself binds it
    assert ours.free <= real["read"] | {n for n in ours.free if n.startswith("_") and "__" in n}
    assert real["read"] - real["bound"] - {"__class__"} <= ours.free


NAMES = ["x", "y", "z", "f", "g"]
a_name = st.sampled_from(NAMES)
an_atom = st.one_of(a_name, st.sampled_from(["1", "x.real", "y.real"]))


def expressions(inner):
    name = a_name
    return st.one_of(
        st.builds("({} + {})".format, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} < {} < {})".format, inner, inner, inner),
        st.builds("({} := {})".format, name, inner),
        st.builds("sum([{} for {} in [{}] if {}])".format, inner, name, inner, inner),
        st.builds("sum([{} for x in [1] for y in [x] if {}])".format, inner, inner),
        st.builds("sum([{} for x in [1] if ({} := {})])".format, inner, st.sampled_from(["f", "z"]), inner),
        st.builds("(lambda {}, y={}: {})(1)".format, st.sampled_from(["x", "z"]), inner, inner),
        st.builds("[i for i in {{{}: {}}}][0]".format, inner, inner),
        st.builds("len(f'{{{}}}')".format, name),
    )


an_expr = st.recursive(an_atom, expressions, max_leaves=5)


def indented(body):
    return "".join("    " + row + "\n" for part in body for row in part.rstrip("\n").split("\n"))


def statements(inner):
    body = st.lists(inner, min_size=1, max_size=3).map(indented)
    return st.one_of(
        st.builds("if {}:\n{}else:\n{}".format, an_expr, body, body),
        st.builds("if {}:\n{}".format, an_expr, body),
        st.builds("for {} in [{}]:\n{}".format, a_name, an_expr, body),
        st.builds("for {} in []:\n{}".format, a_name, body),
        st.builds("try:\n{}except NameError as {}:\n{}".format, body, a_name, body),
        st.builds("try:\n{}finally:\n{}".format, body, body),
        st.builds("with nothing() as {}:\n{}".format, a_name, body),
        st.builds("match {}:\n    case 0:\n        pass\n    case {}:\n        z = 1\n".format, an_expr, a_name),
        st.builds("class C{}:\n{}".format, a_name, body),
        st.builds("def {}(x={}):\n{}    return 1\n".format, a_name, an_expr, body),
        st.builds(
            "def {}():\n    global y\n    y = {}\n{}    return 1\n".format, st.sampled_from(["f", "g"]), an_expr, body
        ),
    )


a_simple = st.one_of(
    st.builds("{} = {}".format, a_name, an_expr),
    st.builds("{} += {}".format, a_name, an_expr),
    st.builds("{}".format, an_expr),
    st.builds("{}, {} = {}, 1".format, a_name, a_name, an_expr),
    st.builds("del {}".format, a_name),
    st.builds("{}: int = {}".format, a_name, an_expr),
    st.builds("f()".format),
    st.builds("import os as {}".format, a_name),
    st.builds("{} = {} = 1".format, a_name, a_name),
)
a_program = st.lists(st.recursive(a_simple, statements, max_leaves=4), min_size=1, max_size=5).map("\n".join)


class Watched(dict):
    """A namespace that notes which names were looked up before the cell bound them.

    What it hands out is a copy: so a value that is still the first one was not put there by the cell (whose `global`
    stores pass by `__setitem__`).
    """

    def __init__(self, outside, others):
        super().__init__({**others, **outside})
        self.outside, self.read, self.stored = outside, set(), set()

    def __getitem__(self, key):
        known = self.outside.keys() | self.stored
        if (key not in known) if key not in self else (self.get(key) is self.outside.get(key, self)):
            self.read.add(key)
        value = super().__getitem__(key)
        return Number(value) if type(value) is Number else value

    def __setitem__(self, key, value):
        self.stored.add(key)
        super().__setitem__(key, value)


class Number(int):
    "An outside value: calling it, comparing it and adding to it all work."

    def __call__(self, *args):
        return Number(1)


class Quiet:
    def __enter__(self):
        return Number(3)

    def __exit__(self, *exc):
        return False


@examples(600)
@given(a_program, st.sets(a_name))
def test_names_agree_with_what_happens(code, missing):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = compile(code, "cell", "exec")
    except SyntaxError:
        return
    before = {n: Number(2) for n in NAMES if n not in missing}
    space = Watched(before, {"__builtins__": __builtins__, "nothing": Quiet, "__name__": "cell"})
    with contextlib.suppress(NameError, TypeError, AttributeError, ValueError, RecursionError):
        exec(program, space)
    read = set(space.read)
    cell = parse(code)
    assert read & set(NAMES) <= cell.reads, (code, read)
    passing = names(ast.parse(code).body).passing
    after = {n for n in NAMES if dict.get(space, n) is not before.get(n)}
    assert after <= cell.writes | cell.deletes | passing, code
    assert {n for n in space.stored if n in NAMES} <= cell.writes | cell.deletes | passing, code


@pytest.mark.parametrize(
    ("code", "reads", "writes", "deletes"),
    [
        ("x = x", "x", "x", ""),
        ("x += 1", "x", "x", ""),
        ("a.b = c", "a c", "", ""),
        ("a[b] = c", "a b c", "", ""),
        ("def f(a, b=c, *d, e: g = h) -> i: return a, j", "c g h i j", "f", ""),
        ("@d\nclass A(B, m=C): x = D; y = x", "d B C D", "A", ""),
        ("class A:\n x = 1\n def m(self): return x", "x", "A", ""),
        ("class A:\n x = [1]\n y = [x for z in x]", "x", "A", ""),
        ("[a for a in b if c]", "b c", "", ""),
        ("lambda a, b=c: a + d", "c d", "", ""),
        ("def f():\n x = 1\n def g():\n  nonlocal x\n  x = y", "y", "f", ""),
        ("def f():\n global a\n a = b", "b", "f a", ""),
        ("try: a\nexcept B as e: print(e)", "a B print", "", ""),
        ("from a import *", "", "", ""),
        ("import a.b, c as d", "", "a d", ""),
        ("match a:\n case B(c, d=e) if c: f\n case {'k': g, **h}: g", "a B f", "c e g h", ""),
        ("del a", "", "", "a"),
        ("a = 1\ndel a", "", "", "a"),
        ("del a\na = 1", "", "a", ""),
        ("(a := b)", "b", "a", ""),
        ("x: int", "int", "", ""),
        ("x: int = y", "int y", "x", ""),
        ("def f(): return g()\ndef g(): return f()", "", "f g", ""),
        ("def f(): return X\nf()\nX = 1", "X", "f X", ""),
        ("def f(): return X\nX = 1\nf()", "", "f X", ""),
        ("for i in a: b = i\nprint(b)", "a b print", "i b", ""),
        ("with a as b: c = b\nc", "a", "b c", ""),
        ("%time x = f(y)", "f y", "x", ""),
        ("%%capture out\nx = f()", "f get_ipython", "out x", ""),
        ("x = !ls {a}", "get_ipython", "x", ""),
        ("%%bash\nx=1", "get_ipython", "", ""),
        ("class A:\n def m(self): return __a, self.__b", "_A__a", "A", ""),
        ("def f(x=[y for y in z]): return y", "z y", "f", ""),
    ],
)
def test_names(code, reads, writes, deletes):
    cell = parse(code)
    assert (cell.reads, cell.writes, cell.deletes) == (set(reads.split()), set(writes.split()), set(deletes.split()))


@pytest.mark.skipif(sys.version_info < (3, 12), reason="grammar of 3.12")
def test_names_with_type_parameters():
    assert parse("def f[T: B](x: T) -> C: return T, D").reads == {"B", "C", "D"}
    assert parse("class A[T](B[T]): x: T = E").reads == {"B", "E"}
    assert parse("type X[T] = list[T, Y]").reads == {"list", "Y"} and parse("type X = Y").symbols == ("X",)


# ---- IPython


def test_plain_python_is_what_ipython_would_run():
    from IPython.core.inputtransformer2 import TransformerManager

    transform = TransformerManager().transform_cell
    extra = [
        "x = '''\n%magic\n!ls\n'''",
        "x = (1\n% y)",
        "x \\\n% y",
        "# what?",
        "x  # why?",
        "'why?'",
        "f(a,\n  ? ,)" if 0 else "x",
        "a = b; c",
    ]
    for source in [*corpus(120), *extra, *(g["source"] for g in GOLDEN if g["fingerprint"] != "CellError")]:
        if "\r" in source or "\ufeff" in source:
            continue
        try:
            tree = ast.parse(source)
        except (SyntaxError, RecursionError):
            continue
        assert canonical(ast.parse(transform(source))) == canonical(tree), source


def test_plain_cells_do_not_import_ipython():
    code = (
        "import sys, comprehend_nb.cells as c; c.parse('x = 1'); assert 'IPython' not in sys.modules; "
        "c.parse('%time x'); assert 'IPython' in sys.modules; assert not {'numpy', 'pandas', 'nbdev'} & set(sys.modules)"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=HERE.parent, env={**os.environ, "PYTHONPATH": str(HERE.parent)}
    )


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("%matplotlib inline", "get_ipython().run_line_magic('matplotlib', 'inline')"),
        ("df?", "get_ipython().run_line_magic('pinfo', 'df')"),
        ("!ls", "get_ipython().system('ls')"),
        ("x = %env A", "x = get_ipython().run_line_magic('env', 'A')"),
        ("%%html\n<b>", "get_ipython().run_cell_magic('html', '', '<b>\\n')"),
        (">>> x = 1\n>>> x", "x = 1\nx"),
        ("In [3]: x = 1", "x = 1"),
        (
            "if a:\n    %time b\nelse:\n    !c",
            "if a:\n    get_ipython().run_line_magic('time', 'b')\nelse:\n    get_ipython().system('c')",
        ),
    ],
)
def test_ipython_syntax(source, code):
    cell = parse(source)
    assert cell.code.strip() == code and cell.uses_ipython
    assert fingerprint(source) == fingerprint(code)


@pytest.mark.parametrize(
    "source",
    [
        "%ai why is df empty?",
        "%%ai\n",
        "%%ai\nwhat {x}?",
        '%%ai_explain\nwhat: it\'s "so"',
        "%%latex\n\\d",
        "%%js\nlet x = {",
    ],
)
def test_magics_with_any_text_are_looks(source):
    cell = parse(source)
    assert cell.kind == "look" and cell.uses_ipython and not cell.symbols


# ---- kinds, directives, symbols


@pytest.mark.parametrize(
    "source",
    [
        "#| export\nx",
        "#|export\nx",
        "# |export x",
        "#| hide\n\n#| exporti\nx",
        "#| export core\nx",
        "#| exports: core\nx",
        "#|exportd\nx",
        "%%time\n#| export\nx",
        "# export\nx",
        "#| exported\nx",
        "x\n#| export",
        "# note\n#| export\nx",
        "#| eval: false\nx",
        "#| default_exp core",
        "",
        "#|\nx",
        "#| export",
    ],
)
def test_directives_are_nbdevs(source):
    from fastcore.nbio import mk_cell

    theirs = set(mk_cell(source).directives) & {"export", "exports", "exporti", "exportd"}
    try:
        assert parse(source).exported == bool(theirs)
    except CellError:
        assert not source.startswith("#")


def test_exported_is_never_a_look():
    for source in ("df.head()", "", "print(1)", "'text'", "%time x"):
        assert parse(source).kind == "look" != parse(source, exported=True).kind
    assert parse("#| export\nimport os\nA = 1").kind == "glue"


@pytest.mark.parametrize(
    ("source", "symbols"),
    [
        ("def f(): pass\nclass A: pass\nx = 1", "f A x"),
        ("import a\nfrom b import c\nx, (y, *z) = d", "x y z"),
        ("x = 1\ndel x", ""),
        ("@patch\ndef m(self: A): pass", "A.m"),
        ("@patch\ndef m(self: A | B): pass", "A.m B.m"),
        ("@cache\ndef f(): pass", "f"),
        ("for i in x: y = i", "i y"),
        ("try: import x\nexcept ImportError: x = None", "x"),
        ("f = lambda: 1", "f"),
        ("df.a = 1", ""),
    ],
)
def test_symbols(source, symbols):
    assert parse(source).symbols == tuple(symbols.split())


def test_statements_are_counted_without_docstrings():
    assert parse("def f():\n    'doc'\n    if x:\n        return 1\n    return 2").statements == 4
    assert parse("").statements == 0 and parse("class A:\n    'doc'\n    def m(self): 'doc'").statements == 2


# ---- text that is no code


def read(source):
    "The cell, or the error that refuses it."
    try:
        return parse(source)
    except CellError as e:
        return e


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = (", 1),
        ("x = 1\ny = = 2", 2),
        ("x\n\n\0", 3),
        ("x\n'\ud800'", 2),
        ("x\n  y", 2),
        ("a = 1\nb = 'x", 2),
        ("if a:\n\tb\n        c", 3),
        ("'\\N{no such}'", 1),
        ("x\n0777", 2),
        ("9" * 5000, 1),
        ("%%time\n(", None),
        ("!", None),
    ],
)
def test_errors_say_the_line(source, line):
    found = read(source)
    if line is None:
        assert isinstance(found, Cell)
    else:
        assert isinstance(found, CellError) and found.line == line and f"line {line}" in str(found)


DEEP = [
    "-" * 60_000 + "1",
    "(" * 500 + ")" * 500,
    "+".join(["1"] * 60_000),
    "a" + ".b" * 30_000,
    "not " * 20_000 + "x",
    "f(" * 190 + ")" * 190,
    "if a: b\n" + "elif c: d\n" * 3000,
    "[" * 199 + "]" * 199,
    "lambda: " * 900 + "1",
    "x = " * 3000 + "1",
    "await " * 3000 + "x",
    "x = '" + "a" * 1_000_000 + "'",
    "x" + "[0]" * 2500,
    "x" + "()" * 5000,
    "@a\n" * 3000 + "def f(): pass",
    "f'{" * 140 + "}'" * 140,
]


@pytest.mark.parametrize("source", DEEP, ids=range(len(DEEP)))
def test_deep_nesting_is_read_or_refused(source):
    def attempt():
        found = read(source)
        return found.fingerprint if isinstance(found, Cell) else str(found)

    def further(n):
        return attempt() if n == 0 else further(n - 1)

    first = attempt()
    assert first.startswith("fp1:") or "line " in first
    parse.__globals__["_parse"].cache_clear()
    assert further(700) == first or "deeply" in further(700), "the caller's own depth does not decide"


def test_a_long_sum_is_no_deep_nesting():
    assert parse("total = " + " + ".join(["x"] * 900)).reads == {"x"}


MIXED = st.lists(
    st.sampled_from(
        [
            "x",
            "=",
            " ",
            "\n",
            "%",
            "%%",
            "!",
            "?",
            "??",
            "\\",
            "'",
            '"',
            "'''",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            ":",
            "def f",
            "class A",
            "if",
            "    ",
            "\t",
            "\r",
            "\r\n",
            "\x0c",
            "\0",
            "\ud800",
            "\ufeff",
            "#|",
            "export",
            "f'",
            "await",
            "return",
            "yield",
            "lambda",
            "In [1]:",
            ">>>",
            "...",
            "1",
            "0x",
            "1e999",
            ",",
            ";",
            "/",
            "@",
            "\x1a",
            "é",
            "\u2028",
            "$",
            "~",
            "*",
        ]
    ),
    max_size=25,
).map("".join)


@examples(1500)
@given(
    st.one_of(
        st.text(max_size=60),
        MIXED,
        st.text(alphabet=st.characters(categories=["Cc", "Cs", "Po", "Zs", "Nd"]), max_size=20),
    )
)
def test_any_text_is_read_or_refused(source):
    found = read(source)
    if isinstance(found, CellError):
        assert found.line >= 1
    else:
        assert found.fingerprint.startswith("fp1:") and len(found.fingerprint) == 36
        ast.parse(found.code)


def test_reading_warns_of_nothing(recwarn):
    parse("x = '\\d' + 1if y else 2")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse("z = '\\d'; a = 1if y else 2").kind == "logic"
    assert not recwarn.list


# ---- grammar that is not there yet


def test_a_field_that_a_later_python_adds():
    Import = type("Import", (ast.Import,), {"_fields": ("names", "is_lazy")})
    plain, lazy = (Import(names=[ast.alias("a")], is_lazy=v) for v in (0, 1))
    assert canonical(plain) == canonical(ast.parse("import a").body[0]) != canonical(lazy)


def test_template_strings():
    Interpolation = type("Interpolation", (ast.expr,), {"_fields": ("value", "str", "conversion", "format_spec")})
    TemplateStr = type("TemplateStr", (ast.expr,), {"_fields": ("values",)})

    def form(*parts):
        x = [
            Interpolation(value=ast.Name("x"), str=p[1:], conversion=-1, format_spec=None)
            if p[0] == "{"
            else ast.Constant(p)
            for p in parts
        ]
        return canonical(TemplateStr(values=x))

    assert form("a", "b", "{x") == form("ab", "{x") != form("ab", "{ x"), (
        "the text of an interpolation is seen when it runs"
    )


def test_a_cell_is_frozen():
    cell = parse("x = 1")
    with pytest.raises(AttributeError):
        cell.kind = "look"
    with pytest.raises(TypeError):
        cell.definitions["x"] = None
    assert isinstance(cell.definitions, types.MappingProxyType)
