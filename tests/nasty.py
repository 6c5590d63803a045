"Objects that do harm when they are asked anything: every call of theirs is counted, and then raises."

import collections
import types
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

CALLS: list[str] = []
ARMED = [False]
_SKIP = {
    "__class__",
    "__new__",
    "__init_subclass__",
    "__del__",
    "__getattribute__",
    "__dict__",
    "__doc__",
    "__module__",
    "__weakref__",
    "__slots__",
}
_DUNDERS = sorted(
    {
        n
        for t in (int, float, str, bytes, list, dict, set, type, object, memoryview, types.GeneratorType)
        for n in dir(t)
        if n[:2] == "__" and callable(getattr(t, n, None))
    }
    | set(
        "__len__ __bool__ __iter__ __next__ __getattr__ __enter__ __exit__ __await__ __aiter__ __array__ __array_ufunc__ __array_interface__ __dataframe__ __fspath__ __index__ __missing__ __length_hint__ __sizeof__ __reduce_ex__ __instancecheck__ __subclasscheck__ __prepare__".split()  # noqa: SIM905
    )
)
_DUNDERS = [
    n
    for n in _DUNDERS
    if n
    not in _SKIP
    | {
        "__init__",
        "__set_name__",
        "__class_getitem__",
        "__mro_entries__",
        "__call__",
        "__prepare__",
        "__setattr__",
        "__delattr__",
        "__subclasshook__",
    }
]


@contextmanager
def armed() -> Iterator[list[str]]:
    "While this lasts, every call of a nasty object is counted and raises."
    CALLS.clear()
    ARMED[0] = True
    try:
        yield CALLS
    finally:
        ARMED[0] = False


def _trap(name: str, how: type[BaseException]) -> Callable[..., Any]:
    def trap(*args: Any, **kwargs: Any) -> Any:
        if ARMED[0]:
            CALLS.append(name)
            raise how(name)
        return (
            NotImplemented
            if name.endswith(("__eq__", "__ne__"))
            else 1
            if name.endswith(("__hash__", "__len__"))
            else None
        )

    return trap


def hostile(
    base: type = object, how: type[BaseException] = SystemExit, names: Any = None, metaclass: type = type
) -> type:
    "A class of which every special method, and every attribute read, counts and raises."
    body: dict[str, Any] = {n: _trap(f"{base.__name__}.{n}", how) for n in (names or _DUNDERS)}

    def __getattribute__(self: Any, name: str) -> Any:
        if ARMED[0]:
            CALLS.append(f"getattribute {name}")
            raise how(name)
        return base.__getattribute__(self, name)

    if not names:
        body["__getattribute__"] = __getattribute__
        body["__class__"] = property(_trap("__class__", how))
    return types.new_class(f"Nasty{base.__name__}", (base,), {"metaclass": metaclass}, lambda ns: ns.update(body))


class Meta(type):
    "A metaclass that cannot be asked anything."

    def __getattribute__(cls, name: str) -> Any:
        if ARMED[0]:
            CALLS.append(f"meta {name}")
            raise KeyboardInterrupt
        return type.__getattribute__(cls, name)

    def __eq__(cls, other: object) -> bool:
        if ARMED[0]:
            CALLS.append("meta eq")
            raise KeyboardInterrupt
        return cls is other

    def __hash__(cls) -> int:
        if ARMED[0]:
            CALLS.append("meta hash")
            raise KeyboardInterrupt
        return type.__hash__(cls)

    __repr__ = __str__ = __instancecheck__ = __subclasscheck__ = __bool__ = __len__ = __iter__ = _trap(
        "meta", KeyboardInterrupt
    )  # type: ignore


def _deep(n: int, kind: type = list) -> Any:
    obj: Any = kind()
    for _ in range(n):
        obj = [obj] if kind is list else {"k": obj} if kind is dict else (obj,)
    return obj


def _recursive() -> list[Any]:
    a: list[Any] = []
    a.append(a)
    return a


def _self_dict() -> dict[Any, Any]:
    d: dict[Any, Any] = {}
    d["d"] = d
    return d


def _tombs() -> dict[int, int]:
    d = dict.fromkeys(range(400_000), 0)
    for i in range(399_999):
        del d[i]
    return d


def _generator() -> Iterator[int]:
    CALLS.append("generator ran")
    yield 1


async def _coroutine() -> None:
    CALLS.append("coroutine ran")


def _closed() -> Any:
    c = _coroutine()
    c.close()
    return c


def _dead() -> Any:
    class T: ...

    return weakref.ref(T())


def _dead_proxy() -> Any:
    class T: ...

    return weakref.proxy(T())


def _function_with(obj: Any) -> Any:
    def f(a: int = obj, *, b: Any = obj) -> None: ...

    f.__doc__ = "x" * 10_000
    return f


def _named(name: str) -> Any:
    return type(name, (), {})()


class _Property:
    @property
    def value(self) -> int:
        CALLS.append("property")
        raise SystemExit

    @property
    def __dict__(self) -> Any:  # type: ignore
        CALLS.append("__dict__")
        raise SystemExit


class _Slots:
    __slots__ = ("a", "b")


class _Error(Exception):
    def __str__(self) -> str:
        CALLS.append("str of error")
        raise SystemExit

    __repr__ = __str__


def _error() -> Exception:
    try:
        raise _Error(hostile()(), "x" * 10**6)
    except _Error as e:
        return e


class _Fields(collections.namedtuple("_Fields", "a b")):
    __repr__ = __len__ = __iter__ = __getitem__ = _trap("namedtuple", SystemExit)  # type: ignore


def _with_attributes() -> Any:
    class Holder: ...

    h = Holder()
    h.__dict__.update({f"a{i}": hostile()() for i in range(50)})
    return h


def _module() -> Any:
    class M(types.ModuleType):
        def __getattribute__(self, name: str) -> Any:
            if ARMED[0]:
                CALLS.append("module attribute")
                raise SystemExit
            return super().__getattribute__(name)

    return M("m")


def _module_getattr() -> Any:
    m = types.ModuleType("m")
    m.__getattr__ = _trap("module getattr", SystemExit)  # type: ignore
    m.__name__ = hostile(str)("x")  # type: ignore
    return m


BASES: tuple[type, ...] = (
    object,
    int,
    float,
    str,
    bytes,
    list,
    dict,
    set,
    tuple,
    frozenset,
    bytearray,
    complex,
    Exception,
    collections.OrderedDict,
    collections.deque,
)
FACTORIES: dict[str, Callable[[], Any]] = {
    **{f"all_{b.__name__}": (lambda b=b: hostile(b)()) for b in BASES},
    **{f"interrupt_{b.__name__}": (lambda b=b: hostile(b, KeyboardInterrupt)()) for b in (object, dict, list)},
    "meta": lambda: Meta("M", (), {})(),
    "meta_class": lambda: Meta("M", (), {"__doc__": hostile(str)("d")}),
    "meta_hostile": lambda: hostile(object, metaclass=Meta)(),
    "meta_dict": lambda: hostile(dict, metaclass=Meta)(a=1),
    "lying_class": lambda: type("L", (), {"__class__": property(lambda s: dict)})(),
    "hostile_items": lambda: [hostile()(), hostile(str)("x"), hostile(int)(3)] * 5,
    "hostile_keys": lambda: {hostile()(): hostile()(), hostile(str)("password"): 1},
    "hostile_set": lambda: {hostile()(), 1},
    "hostile_tuple": lambda: (hostile(list)([1]), Meta("M", (), {})),
    "recursive": _recursive,
    "self_dict": _self_dict,
    "deep_list": lambda: _deep(100_000),
    "deep_dict": lambda: _deep(10_000, dict),
    "deep_tuple": lambda: _deep(10_000, tuple),
    "tombstones": _tombs,
    "big_str": lambda: "é" * 10**7,
    "big_bytes": lambda: b"x" * 10**7,
    "big_int": lambda: 1 << 10**7,
    "big_list": lambda: [0] * 10**6,
    "big_range": lambda: range(10**1000),
    "surrogates": lambda: "\ud800\udfff" * 100,
    "bidi": lambda: "\u202eabc\u2066\u200b" * 100,
    "escapes": lambda: "\x1b]52;c;aGk=\x07\x1b[2J" * 50,
    "hostile_key_text": lambda: {"\u202e\x1b[2J\n": "\r\n"},
    "generator": _generator,
    "coroutine": _closed,
    "map": lambda: map(_trap("map", SystemExit), [1]),
    "zip": lambda: zip(iter([1]), iter([2]), strict=False),
    "iterator": lambda: iter([1, 2]),
    "dead_ref": _dead,
    "dead_proxy": _dead_proxy,
    "live_proxy": lambda: weakref.proxy(KEPT[0]),
    "function": lambda: _function_with(hostile()()),
    "lambda": lambda: _function_with(hostile()),
    "method": lambda: types.MethodType(_function_with(1), hostile()()),
    "method_of_nasty": lambda: types.MethodType(hostile(object, names=["__repr__", "__call__"])(), hostile()()),
    "property": _Property,
    "slots": _Slots,
    "slots_filled": lambda: _filled(),
    "error": _error,
    "namedtuple": lambda: tuple.__new__(_Fields, (hostile()(), 1)),
    "attributes": _with_attributes,
    "odd_name": lambda: _named("x\n\u202e\x1b[2J" * 50),
    "module": _module,
    "module_getattr": _module_getattr,
    "doc": lambda: type("D", (), {"__doc__": property(_trap("doc", SystemExit)), "__module__": hostile(str)("m")}),
    "memoryview": lambda: memoryview(b"abc"),
    "frozen_nasty": lambda: frozenset([hostile()()]),
    "deque": lambda: collections.deque([hostile()()]),
    "defaultdict": lambda: collections.defaultdict(_trap("factory", SystemExit), {1: hostile()()}),
    "ordered": lambda: collections.OrderedDict(a=hostile()()),
    "counter": lambda: collections.Counter({"a": hostile(int)(1)}),
    "mappingproxy": lambda: types.MappingProxyType(hostile(dict)(a=1)),
    "namespace": lambda: types.SimpleNamespace(a=hostile()(), password="hunter2-and-more"),
    "userdict": lambda: collections.UserDict({"a": hostile()()}),
    "chainmap": lambda: collections.ChainMap({"a": hostile()()}),
    "alias": lambda: list[int],
    "file": lambda: open(__file__),  # noqa: SIM115
}
KEPT = [hostile()()]


def _filled() -> Any:
    s = _Slots()
    s.a = hostile()()
    return s
