"""What a cell's meaning rests on: everything it reaches, and nothing else."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comprehend_nb.cells import parse
from comprehend_nb.cells.closure import Scope, changed


def closure_of(use, *others, imported=None):
    "The closure of the cell `use` among `others`, which ran before it."
    cells = [parse(s) for s in others]
    return Scope([*cells, parse(use)], imported=imported).closure(parse(use))


def reaches(use, *others, name="RATE"):
    "Does a change of RATE from 7 to 9 in `others` change the closure of `use`, and is it named?"
    before, after = (closure_of(use, *(o.replace("NUM", rate) for o in others)) for rate in "79")
    hit = before.digest != after.digest
    assert any(n.startswith(name) and how == "changed" for n, how in changed(before.parts, after.parts)) == hit
    return hit


USES = [
    "def f(): return RATE",
    "def f(x=RATE): return x",
    "def f(*, x=RATE): return x",
    "def f(x: RATE): return x",
    "def f() -> RATE: pass",
    "async def f(): return RATE",
    "def f():\n    def g():\n        return RATE\n    return g",
    "def f(xs): return [x * RATE for x in xs]",
    "def f(xs): return {x: 1 for x in xs if x > RATE}",
    "def f(xs): return sum(x for x in range(RATE))",
    "def f(): return f'{RATE}'",
    "def f(): return f'{1:{RATE}}'",
    "f = lambda x: x * RATE",
    "def f(): return (lambda: RATE)()",
    "f = [RATE * i for i in range(3)]",
    "f = (1, {'a': RATE})",
    "f = RATE + 1",
    "f = max(RATE, 1)",
    "f = 1\nF = anything(RATE)\nf = (f, F)",
    "class f:\n    x = RATE",
    "class f:\n    def m(self): return RATE",
    "class f:\n    @property\n    def m(self): return RATE",
    "class f:\n    class g:\n        def m(self, x=RATE): pass",
    "class f(metaclass=RATE): pass",
    "@deco(RATE)\ndef f(): pass",
    "@RATE\nclass f: pass",
    "def f():\n    global RATE\n    return RATE",
    "def f(x):\n    match x:\n        case RATE.real: return 1",
    "def f():\n    with RATE as r: return r",
    "def f():\n    try: pass\n    except RATE: pass",
    "def f():\n    for _ in RATE: pass",
    "def f():\n    x: RATE = 1",
    "def f():\n    return (y := RATE)",
    "def f():\n    del RATE.x",
    "def f(): assert RATE",
    "def f(): yield from RATE",
    "def f():\n    RATE[0] = 1",
    "def f(): return RATE.real.imag",
    "if True:\n    def f(): return RATE",
    "try:\n    import f\nexcept ImportError:\n    f = RATE",
    "with open_():\n    def f(): return RATE",
    "#| export\nf = compute(RATE)",
    "f, g = RATE, 2",
    "f = g = RATE",
    "f: int = RATE",
    "f = 1\nf += RATE",
    "def f(): pass\nf.rate = RATE",
    "class f: pass\nf.rate = RATE",
    "def f(): pass\nf = lru(f, RATE)",
    "f = {}\nf.update(rate=RATE)",
    "f = {}\nf['a']['b'] = RATE",
    "class f: pass\nsetattr(f, 'rate', RATE)",
    "def f(): return getattr(sys.modules[__name__], 'RATE')",
]


@pytest.mark.parametrize("use", USES)
def test_a_constant_reaches_whoever_uses_it(use):
    assert reaches(use, "RATE = NUM")
    assert reaches("def top(): return f", "RATE = NUM", use), "through the definition"
    assert reaches("top()", "RATE = NUM", use, "def mid(): return f", "def top(): return mid()"), "far away"
    assert reaches("def top(): return f", use, "RATE = NUM"), "in any order"


@pytest.mark.parametrize(
    "rate",
    [
        "RATE = NUM",
        "RATE: int = NUM",
        "A, RATE = 1, NUM",
        "RATE = A = NUM",
        "RATE = 1\nRATE += NUM",
        "RATE_BASE = NUM\nRATE = RATE_BASE",
        "RATE = [NUM]",
        "RATE = load(NUM)",
        "if True:\n    RATE = NUM\nelse:\n    RATE = 0",
        "try:\n    RATE = NUM\nexcept E: pass",
        "def RATE(): return NUM",
        "class RATE: x = NUM",
        "RATE = lambda: NUM",
        "from mNUM import RATE",
        "import mNUM as RATE",
        "(RATE := NUM)",
        "for RATE in (NUM,): pass",
        "with a(NUM) as RATE: pass",
        "#| export\nRATE = f(NUM)",
        "RATE = 1\nif x: RATE = NUM",
        "RATE = {}\nRATE['a'] = NUM",
        "class RATE: pass\nRATE.x = NUM",
        "x = 1\nRATE = NUM",
    ],
)
def test_whatever_it_is_bound_by(rate):
    assert reaches("def f(): return RATE", rate)


@pytest.mark.parametrize(
    "more",
    [
        "RATE += NUM",
        "RATE.x = NUM",
        "RATE['k'] = NUM",
        "if x:\n    RATE = NUM",
        "RATE = RATE * NUM",
        "RATE.x.y = NUM",
        "RATE.x[0]['k'] = NUM",
        "RATE.update(NUM)",
        "for x in y: RATE.append(NUM)",
        "setattr(RATE.x, 'y', NUM)",
        "globals()['RATE'] = NUM",
        "#| export\nRATE.mount(NUM)",
    ],
)
def test_a_later_cell_that_adds_to_it(more):
    before, after = (closure_of("def f(): return RATE", "RATE = 1", more.replace("NUM", n)) for n in "79")
    assert before.digest != after.digest and len(changed(before.parts, after.parts)) >= 1
    both = closure_of("def f(): return RATE", "RATE = 2", more.replace("NUM", "7"))
    assert both.digest != before.digest, "and what it adds to still counts"


@pytest.mark.parametrize(
    "patch",
    [
        "@patch\ndef m(self: A): return NUM",
        "@patch(as_prop=True)\ndef m(self: A): return NUM",
        "@patch\ndef m(self: (A, B)): return NUM",
        "@patch\ndef m(self: 'A'): return NUM",
        "@patch\ndef m(self: B | A): return NUM",
        "@patch_to(A)\ndef m(self): return NUM",
        "@fc.patch\ndef m(self: A): return NUM",
        "@fc.patch_to(A)\ndef m(self): return NUM",
        "A.m = lambda self: NUM",
        "setattr(A, 'm', lambda self: NUM)",
        "@A.register\ndef _(x: int): return NUM",
        "@patch\nasync def m(self: A): return NUM",
    ],
)
def test_methods_added_elsewhere(patch):
    before, after = ([patch.replace("NUM", n) for n in ("RATE", "-RATE")] for _ in "ab")
    for use in ("class A: pass", "def f(): return A().m()", "class C(A): pass"):
        others = [] if use.startswith("class A") else ["class A: pass"]
        one, two = (closure_of(use, *others, p, "RATE = 7") for p in before)
        assert one.digest != two.digest and any(name.startswith("A") for name, _ in changed(one.parts, two.parts)), use
        assert "RATE" in one.parts
        assert closure_of(use, *others, after[0], "RATE = 9").digest != one.digest
    assert closure_of("def g(): return B2", "class A: pass", before[0]).parts == {}


def test_two_methods_are_two_parts():
    parts = closure_of(
        "A()", "class A: pass", "@patch\ndef m(self: A): pass", "@patch\ndef n(self: A): pass", "A.size = 3"
    ).parts
    assert set(parts) == {"A", "A.m", "A.n", "A.size"}
    again = closure_of("A()", "class A: pass", "@patch\ndef m(self: A): return 1", "@patch\ndef m(self: A): pass").parts
    assert again["A.m"] == parts["A.m"], "the latest method of a name wins"


DEAF = [
    ("a docstring", "def f():\n    'NUM'\n    return g()", "def g():\n    'NUM'\n    return 1"),
    ("a comment", "def f(): return g()  # NUM", "# NUM\ndef g(): return 1"),
    ("a neighbour", "def f(): return g()", "def g(): return 1\nOTHER = NUM\ndef h(): return NUM"),
    ("data", "def f(): return len(df)", "df = load(NUM)"),
    ("data made of data", "def f(): return n", "df = load(NUM)", "n = len(df) + 1"),
    ("what is done to data", "def f(): return df", "df = load(1)", "df['a'] = NUM", "df.columns = NUM"),
    ("a local name", "def f(RATE): return RATE", "RATE = NUM"),
    ("a local name bound late", "def f():\n    for RATE in y: RATE", "RATE = NUM"),
    ("a name of a class body", "class f:\n    RATE = 1\n    x = RATE", "RATE = NUM"),
    ("an attribute", "def f(x): return x.RATE", "RATE = NUM"),
    ("a keyword", "def f(x): return x(RATE=1)", "RATE = NUM"),
    ("a text", "def f(x): return 'RATE'", "RATE = NUM"),
    ("an overwritten binding", "def f(): return RATE", "RATE = NUM", "RATE = 1"),
    ("a deleted binding", "def f(): return RATE", "RATE = NUM", "del RATE"),
    ("a constant that became data", "def f(): return rate", "rate = NUM", "rate = load()"),
    ("a binding that nobody reads", "def f(): return 1", "RATE = NUM", "def g(): return RATE"),
    ("an unused method's class", "def f(): return 1", "class A: pass", "@patch\ndef m(self: A): return NUM"),
    ("a call that binds nothing", "def f(): return g()", "def g(): return 1", "g(NUM)", "print(NUM)"),
    ("what is only asked of it", "def f(): return g", "g = [1]", "g.index(NUM)"),
    (
        "what is done to what is imported",
        "def f(): return plt",
        "import plots as plt",
        "plt.title(NUM)",
        "plt.axis.add(NUM)",
    ),
    (
        "a route for a class",
        "def f(): return Item",
        "class Item: pass",
        "@app.patch('/NUM')\ndef m(item: Item): return NUM",
    ),
    ("a neighbouring import", "import re\ndef f(): return re", "import re as osNUM"),
]


@pytest.mark.parametrize(("why", "use", "others"), [(w, u, o) for w, u, *o in DEAF], ids=[d[0] for d in DEAF])
def test_what_does_not_reach(why, use, others):
    before, after = (closure_of(use.replace("NUM", n), *(o.replace("NUM", n) for o in others)) for n in "79")
    assert before == after, why
    assert before.parts == after.parts


def test_each_alias_is_its_own():
    parts = closure_of("def f(): return b.x", "import a, b.c as b, d").parts
    assert parts == closure_of("def f(): return b.x", "import b.c as b").parts and set(parts) == {"b"}
    assert closure_of("def f(): return x", "from m import x, y") == closure_of(
        "def f(): return x", "from m import (z, x)"
    )


def test_two_parts_of_one_package_are_one_name():
    one, two = (
        closure_of("def f(): return a.c.x", *cells)
        for cells in (["import a.b\nimport a.c"], ["import a.b", "import a.c"])
    )
    assert set(one.parts) == set(two.parts) == {"a"}
    assert one != closure_of("def f(): return a.c.x", "import a.b") != closure_of("def f(): return a.c.x", "import a.c")


def test_order_and_place_do_not_matter():
    cells = [
        "RATE = 7",
        "def a(): return b() + RATE",
        "def b(): return C().m()",
        "class C(D): pass",
        "class D:\n    def m(self): return a()",
        "@patch\ndef k(self: D): return RATE",
        "@patch\ndef l(self: D): return 1",
        "LIMIT = RATE * 2",
        "def z(x=LIMIT): return x",
    ]
    wanted = {c: Scope(map(parse, cells)).closure(parse(c)) for c in cells}
    for seed in range(20):
        shuffled = random.Random(seed).sample(cells, len(cells))
        if shuffled.index(cells[5]) < shuffled.index(cells[4]) or shuffled.index(cells[6]) < shuffled.index(cells[4]):
            continue
        scope = Scope(map(parse, shuffled))
        assert {c: scope.closure(parse(c)) for c in cells} == wanted
    joined = "\n".join(cells)
    assert (
        Scope([parse(joined)]).closure(parse("a()")).parts.keys()
        == Scope(map(parse, cells)).closure(parse("a()")).parts.keys()
    )


def test_recursion_ends():
    assert closure_of("def f(): return f()").parts == {}
    parts = closure_of("def a(): return b()", "def b(): return c()", "def c(): return a() + b() + c()").parts
    assert set(parts) == {"b", "c"}
    assert set(closure_of("X = Y + 1", "Y = Z + 1", "Z = X + 1").parts) == {"Y", "Z"}
    assert set(closure_of("x", "x = y", "y = x").parts) == {"x", "y"}, "a circle of constants speaks against nothing"


def test_exported_code_prefers_exported_bindings():
    lib = ["#| export\nRATE = 7", "#| export\ndef tax(x): return x * RATE"]
    scope = Scope(map(parse, [*lib, "RATE = 9", "tax(1) + RATE"]))
    exported, scratch = scope.closure(parse(lib[1])), scope.closure(parse("tax(1) + RATE"))
    seven, nine = (parse(s).definitions["RATE"].fingerprint for s in (lib[0], "RATE = 9"))
    assert exported.parts == {"RATE": seven}
    assert scratch.parts == {
        "tax": parse(lib[1]).definitions["tax"].fingerprint,
        "RATE": nine,
        "RATE (exported)": seven,
    }
    assert Scope(map(parse, lib)).closure(parse(lib[1])) == exported


def test_an_exported_cell_that_rests_on_a_scratch_cell_reaches_it():
    one, two = (closure_of("#| export\ndef f(): return helper()", f"def helper(): return {n}") for n in "79")
    assert one.digest != two.digest and set(one.parts) == {"helper"}


# ---- across the modules of a project


def project(**modules):
    "`imported` for modules given by their cells."
    scopes = {}

    def imported(module, name):
        return scopes[module].definition(name) if module in scopes else None

    for module, cells in modules.items():
        scopes[f"lib.{module}"] = Scope((parse(c, exported=True) for c in cells), imported=imported)
    return imported


@pytest.mark.parametrize(
    "how",
    [
        "from lib.b import g\ndef f(): return g()",
        "from lib.b import g as h\ndef f(): return h()",
        "import lib.b\ndef f(): return lib.b.g()",
        "import lib.b as b\ndef f(): return b.g()",
        "from lib.b import *\ndef f(): return g()",
        "from lib import b\ndef f(): return b.g()",
        "import lib\ndef f(): return lib.b.g()",
        "from lib.b import g\nclass f:\n    x = staticmethod(g)",
        "from lib.d import g\ndef f(): return g()",
    ],
)
def test_a_change_in_another_module_reaches(how):
    head, _, use = how.partition("\n")
    found = {}
    for rate in "79":
        imported = project(
            a=[f"RATE = {rate}", "def tax(x): return x * RATE", "OTHER = 1"],
            b=["from lib.a import tax", "def g(): return tax(1)"],
            d=["from lib.b import g"],
        )
        found[rate] = closure_of(use, head, imported=imported)
    assert "lib.a.RATE" in found["7"].parts, found["7"].parts
    assert changed(found["7"].parts, found["9"].parts) == [("lib.a.RATE", "changed")] and found["7"] != found["9"]
    assert "lib.a.OTHER" not in found["7"].parts


def test_import_and_use_in_one_cell():
    imported = project(a=["RATE = 7", "def tax(x): return x * RATE"])
    assert set(closure_of("from lib.a import tax\ntax(1)", imported=imported).parts) == {"lib.a.tax", "lib.a.RATE"}
    assert closure_of("from lib.a import tax", imported=imported).parts == {}, "glue says nothing of what it imports"
    assert closure_of("from lib.a import *\nimport lib.a\nprint(tax)", imported=imported).parts.keys() >= {
        "lib.a.tax",
        "lib.a.RATE",
    }


def test_methods_added_in_the_other_module():
    one, two = (
        closure_of(
            "def f(): return A()",
            "from lib.a import A",
            imported=project(a=["class A: pass", f"@patch\ndef m(self: A): return {n}"]),
        )
        for n in "79"
    )
    assert one != two


# ---- in general


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(2, 9), st.data())
def test_a_change_reaches_exactly_what_reaches_it(n, data):
    uses = [data.draw(st.sets(st.integers(0, n - 1), max_size=3)) for _ in range(n)]
    shapes = [
        data.draw(
            st.sampled_from(
                [
                    "def d{}(): return {}, {}",
                    "class d{}:\n    a = {}\n    b = {}",
                    "d{} = lambda: ({}, {})",
                    "D{} = ({}, {})",
                ]
            )
        )
        for _ in range(n)
    ]
    label = [("D" if s.startswith("D") else "d") + str(k) for k, s in enumerate(shapes)]

    def sources(value):
        return [
            s.format(k, value if k == 0 else 0, " + ".join(label[u] for u in sorted(uses[k])) or "1")
            for k, s in enumerate(shapes)
        ]

    reach = {0}
    while more := {k for k in range(n) if uses[k] & reach} - reach:
        reach |= more
    one, two = ([Scope(map(parse, s)).closure(parse(c)).digest for c in s] for s in (sources(7), sources(9)))
    assert {k for k in range(n) if one[k] != two[k]} == reach


def test_definitions_of_a_cell():
    cell = parse("import os, re as r\nfrom m import a\nX = 1\nlimit = X * 2\ndf = load()\ndef f(): return X\ndel limit")
    assert list(cell.definitions) == ["os", "r", "a", "X", "f"]
    assert (
        cell.definitions["f"].reads == {"X"}
        and cell.definitions["f"].line == 6
        and cell.definitions["a"].origin == ("m", "a")
    )
    assert parse("x = 1\nx = load()").definitions == {} and list(parse("#| export\nx = load()").definitions) == ["x"]
    alone = parse("def f(): return X").definitions["f"]
    assert alone.fingerprint == cell.definitions["f"].fingerprint == parse("def f(): return X").fingerprint


def test_changed():
    assert changed({}, {"A": "1"}) == [("A", "added")] and changed({"A": "1"}, {}) == [("A", "removed")]
    assert changed({"B": "1", "A": "1"}, {"B": "2", "A": "2"}) == [("A", "changed"), ("B", "changed")]
