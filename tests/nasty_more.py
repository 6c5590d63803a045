"Objects of libraries that run code, fetch, compute or never end when they are asked anything."

import asyncio
import collections
import contextvars
import ctypes
import dataclasses
import datetime
import decimal
import enum
import functools
import itertools
import mmap
import pathlib
import socket
import sqlite3
import tempfile
import threading
import unittest.mock
import weakref
import zipfile
from collections.abc import Callable
from typing import Any

import nasty
from nasty import CALLS, _trap, hostile


class QuerySet:
    "Rows that are fetched when they are looked at."

    def __init__(self) -> None:
        self.filters = {"city": "Oslo"}

    __iter__ = __len__ = __getitem__ = __repr__ = __bool__ = __contains__ = __reversed__ = _trap("query", SystemExit)


class Anything:
    "Has every attribute, is every type and can be called with everything."

    def __getattr__(self, name: str) -> Any:
        if nasty.ARMED[0]:
            CALLS.append(f"any {name}")
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if nasty.ARMED[0]:
            CALLS.append("called")
        return self


class Awaitable:
    __await__ = __aiter__ = __anext__ = __aenter__ = _trap("await", KeyboardInterrupt)


async def _agen() -> Any:
    CALLS.append("agen ran")
    yield 1


def _loop(make: Callable[[Any], Any]) -> Any:
    loop = asyncio.new_event_loop()
    try:
        return make(loop)
    finally:
        loop.close()


class _Cached:
    @functools.cached_property
    def rows(self) -> int:
        CALLS.append("cached property")
        raise SystemExit


class _Zone(datetime.tzinfo):
    utcoffset = tzname = dst = fromutc = _trap("zone", SystemExit)


class _Path(pathlib.PurePosixPath):
    __str__ = __fspath__ = __repr__ = _trap("path", SystemExit)


class _Decimal(decimal.Decimal):
    __str__ = __repr__ = __format__ = _trap("decimal", SystemExit)


@dataclasses.dataclass
class _Record:
    a: Any = 1

    __repr__ = __eq__ = _trap("record", SystemExit)

    @property
    def b(self) -> int:
        CALLS.append("b")
        raise SystemExit


class _Local(threading.local):
    __getattribute__ = _trap("local", SystemExit) if False else object.__getattribute__
    __repr__ = _trap("local", SystemExit)


class _Odd(enum.Enum):
    A = hostile()

    __repr__ = __str__ = __format__ = _trap("enum", SystemExit)


def _weak() -> Any:
    class T: ...

    t = T()
    return [
        weakref.ref(t, _trap("callback", SystemExit)),
        t,
        weakref.WeakValueDictionary({"t": t}),
        weakref.WeakSet([t]),
    ]


def _mapped() -> Any:
    f = tempfile.TemporaryFile()  # noqa: SIM115
    f.write(b"x" * 5000)
    f.flush()
    return mmap.mmap(f.fileno(), 5000)


def _generator_with(obj: Any) -> Any:
    g = (x for x in [obj])
    next(g)
    return g


def _numpy(make: Callable[[Any], Any]) -> Callable[[], Any]:
    def made() -> Any:
        import numpy

        return make(numpy)

    return made


def _pandas(make: Callable[[Any, Any], Any]) -> Callable[[], Any]:
    def made() -> Any:
        import numpy
        import pandas

        return make(pandas, numpy)

    return made


def _objects(np: Any) -> Any:
    found = np.empty(2, dtype=object)
    found[0] = hostile()()
    return found


def _object_field(np: Any) -> Any:
    found = np.zeros(1, dtype=[("o", "O"), ("n", "i4")])
    found["o"][0] = hostile()()
    return found


def _subarray(np: Any) -> Any:
    class Sub(np.ndarray):  # type: ignore
        __array_finalize__ = _trap("finalize", SystemExit)
        __array_ufunc__ = __array_function__ = __getitem__ = __len__ = __repr__ = __str__ = _trap(
            "subarray", SystemExit
        )

    return np.zeros(3).view(Sub)


def _vanished(np: Any) -> Any:
    with tempfile.NamedTemporaryFile() as f:
        return np.memmap(f.name, dtype="u1", mode="w+", shape=(100,))


def _subframe(pd: Any, np: Any) -> Any:
    class Sub(pd.DataFrame):  # type: ignore
        __len__ = __repr__ = __getitem__ = _repr_html_ = __getattr__ = _trap("subframe", SystemExit)

        @property
        def shape(self) -> Any:
            CALLS.append("shape")
            raise SystemExit

    return Sub({"a": [1, 2]})


def _polars_lazy() -> Any:
    import polars

    def run(frame: Any) -> Any:
        CALLS.append("lazy frame ran")
        return frame

    return polars.LazyFrame({"a": [1]}).map_batches(run)


def _polars_object() -> Any:
    import polars

    odd = hostile(object, names=["__repr__", "__str__", "__eq__", "__hash__", "__len__", "__iter__"])
    return polars.DataFrame({"o": polars.Series([odd(), 1], dtype=polars.Object), "n": [1, 2]})


def _dask_delayed() -> Any:
    import dask

    return dask.delayed(_trap("delayed", SystemExit))(1)


def _dask_array() -> Any:
    import dask.array

    return dask.array.from_delayed(_dask_delayed(), (10, 10), dtype="f8")


def _duckdb_relation() -> Any:
    import duckdb

    return duckdb.sql("select * from range(1000000000000) a, range(1000000000000) b")


def _engine() -> Any:
    import sqlalchemy

    return sqlalchemy.create_engine("sqlite://", creator=_trap("connects", SystemExit))


def _sqlite() -> Any:
    db = sqlite3.connect(":memory:")
    db.row_factory = _trap("row factory", SystemExit)
    db.set_trace_callback(_trap("trace", SystemExit))
    return db


def _xarray() -> Any:
    import numpy
    import xarray
    from xarray.backends.common import BackendArray
    from xarray.core.indexing import LazilyIndexedArray

    class Backend(BackendArray):
        shape, dtype = (10, 10), numpy.dtype("f8")

        def __getitem__(self, key: Any) -> Any:
            CALLS.append("loaded")
            return numpy.zeros((10, 10))[key.tuple]

    return xarray.DataArray(LazilyIndexedArray(Backend()), dims=("x", "y"))


def _estimator() -> Any:
    from sklearn.base import BaseEstimator

    class Estimator(BaseEstimator):  # type: ignore
        def __init__(self, depth: Any = 3) -> None:
            self.depth = depth

        get_params = __repr__ = _repr_html_ = __sklearn_is_fitted__ = __sklearn_tags__ = _trap("estimator", SystemExit)

        @property
        def coef_(self) -> Any:
            CALLS.append("coef_")
            raise SystemExit

    return Estimator(hostile()())


def _graph() -> Any:
    import networkx

    class Graph(networkx.Graph):  # type: ignore
        __len__ = __iter__ = __repr__ = __str__ = number_of_edges = size = _trap("graph", SystemExit)

    g = Graph()
    networkx.Graph.add_edge(g, "a", "b", weight=hostile()())
    return g


def _image() -> Any:
    import PIL.Image

    class Lazy(PIL.Image.Image):
        load = __repr__ = _repr_png_ = tobytes = __getattr__ = _trap("image", SystemExit)  # type: ignore

    return Lazy.__new__(Lazy)


def _figure() -> Any:
    import matplotlib.figure

    class Figure(matplotlib.figure.Figure):
        __repr__ = __str__ = draw = savefig = _trap("figure", SystemExit)  # type: ignore

    return Figure()


def _pydantic() -> Any:
    import pydantic

    class Model(pydantic.BaseModel):
        model_config = {"arbitrary_types_allowed": True}
        a: Any = None

        @pydantic.computed_field  # type: ignore
        @property
        def b(self) -> int:
            CALLS.append("computed")
            raise SystemExit

        __repr__ = __str__ = __iter__ = _trap("model", SystemExit)  # type: ignore

    return Model(a=hostile()())


def _attrs() -> Any:
    import attrs

    @attrs.define(repr=False, eq=False)
    class Sensor:
        a: Any

        __repr__ = __eq__ = _trap("attrs", SystemExit)

    return Sensor(hostile()())


def _arrow_extension() -> Any:
    import pyarrow

    class Kind(pyarrow.ExtensionType):  # type: ignore
        def __init__(self) -> None:
            super().__init__(pyarrow.int64(), "kind")

        def __arrow_ext_serialize__(self) -> bytes:
            return b""

        __str__ = __repr__ = _trap("extension", SystemExit)

    return pyarrow.ExtensionArray.from_storage(Kind(), pyarrow.array([1]))


FACTORIES: dict[str, Callable[[], Any]] = {
    "query_set": QuerySet,
    "anything": Anything,
    "mock": unittest.mock.MagicMock,
    "awaitable": Awaitable,
    "async_generator": _agen,
    "future": lambda: _loop(lambda loop: loop.create_future()),
    "cached_property": _Cached,
    "zone": lambda: datetime.datetime(2026, 1, 1, tzinfo=_Zone()),
    "path": lambda: _Path("a"),
    "decimal": lambda: _Decimal("1.5"),
    "record": lambda: _Record(hostile()()),
    "thread_local": _Local,
    "odd_enum": lambda: _Odd.A,
    "odd_enum_class": lambda: _Odd,
    "weak": _weak,
    "mmap": _mapped,
    "socket": socket.socket,
    "zip_file": lambda: zipfile.ZipFile(tempfile.TemporaryFile(), "w"),  # noqa: SIM115
    "generator_with": lambda: _generator_with(hostile()()),
    "endless": lambda: itertools.count(),
    "cycle": lambda: itertools.cycle([hostile()()]),
    "tee": lambda: itertools.tee(iter([1]))[0],
    "filter": lambda: filter(_trap("filter", SystemExit), [1]),
    "enumerate": lambda: enumerate(iter([1])),
    "null_pointer": lambda: ctypes.POINTER(ctypes.c_int)(),
    "bad_pointer": lambda: ctypes.cast(16, ctypes.POINTER(ctypes.c_int)),
    "py_object": lambda: ctypes.py_object(),
    "context": lambda: contextvars.ContextVar("v", default=(hostile()(),)),
    "group": lambda: ExceptionGroup("g", [nasty._Error(hostile()())]),
    "partial": lambda: functools.partial(_trap("partial", SystemExit), hostile()(), k=hostile()()),
    "lru": lambda: functools.lru_cache(_trap("lru", SystemExit)),
    "userlist": lambda: collections.UserList([hostile()()]),
    "deep_tuple_100k": lambda: nasty._deep(100_000, tuple),
    "deep_dict_100k": lambda: nasty._deep(100_000, dict),
    "many_keys": lambda: dict.fromkeys(range(300_000)),
    "many_attributes": lambda: _wide_object(),
    "numpy_objects": _numpy(_objects),
    "numpy_object_field": _numpy(_object_field),
    "numpy_subclass": _numpy(_subarray),
    "numpy_vanished": _numpy(_vanished),
    "numpy_broadcast": _numpy(lambda np: np.broadcast_to(np.zeros(1), (10**6, 10**6))),
    "million_columns": _pandas(lambda pd, np: pd.DataFrame(np.zeros((1, 1_000_000)))),
    "frame_of_nasty": _pandas(lambda pd, np: pd.DataFrame({"o": pd.Series([hostile()(), 1], dtype=object), "n": [1, 2]})),
    "frame_named_nasty": _pandas(lambda pd, np: pd.DataFrame(np.zeros((1, 2)), columns=pd.Index([hostile()(), "b\u202e\x1b[2J"], dtype=object))),
    "frame_subclass": _pandas(_subframe),
    "frame_attrs": _pandas(lambda pd, np: _with_attrs(pd)),
    "groupby_function": _pandas(lambda pd, np: pd.DataFrame({"a": [1]}).groupby(lambda i: i)),
    "polars_lazy": _polars_lazy,
    "polars_object": _polars_object,
    "dask_delayed": _dask_delayed,
    "dask_array": _dask_array,
    "duckdb_relation": _duckdb_relation,
    "engine": _engine,
    "sqlite": _sqlite,
    "xarray_lazy": _xarray,
    "estimator": _estimator,
    "graph": _graph,
    "image": _image,
    "figure": _figure,
    "pydantic": _pydantic,
    "attrs": _attrs,
    "arrow_extension": _arrow_extension,
}  # fmt: skip


def _wide_object() -> Any:
    class Wide: ...

    w = Wide()
    w.__dict__.update((f"a{i}", i) for i in range(200_000))
    return w


def _with_attrs(pd: Any) -> Any:
    frame = pd.DataFrame({"a": [1]})
    frame.attrs["x"] = hostile()()
    return frame
