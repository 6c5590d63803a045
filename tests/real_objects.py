"""Ninety objects as an analysis has them, and what a person would need to know of each to write the next line.

The facts were written from the objects, before what is told of them was looked at. A fact is one text, or several of
which one is enough, since there is more than one way to say `3 x 4`.
"""

from __future__ import annotations

import asyncio
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import importlib.util
import json
import pathlib
import re
import sqlite3
import threading
import types
import uuid
from typing import Any, NamedTuple

Fact = str | tuple[str, ...]


class Colour(enum.Enum):
    RED = 1
    GREEN = 2


@dataclasses.dataclass
class Trial:
    name: str
    score: float = 0.5
    tags: list[str] = dataclasses.field(default_factory=list)


class Point(NamedTuple):
    x: float
    y: float


class Account:
    "A bank account."

    def __init__(self, owner: str, balance: float = 0.0) -> None:
        self.owner, self.balance = owner, balance

    def deposit(self, amount: float) -> None:
        self.balance += amount


def growth(series: list[float], periods: int = 12, *, log: bool = False) -> float:
    "Mean growth over some periods."
    return sum(series) / periods


async def fetch(url: str, timeout: float = 30.0) -> bytes:
    "Fetch one address."
    await asyncio.sleep(0)
    return b""


def plain(folder: pathlib.Path) -> dict[str, tuple[Any, list[Fact]]]:
    "What Python itself brings."
    left = (i for i in range(3))
    found: dict[str, tuple[Any, list[Fact]]] = {
        "n_rows": (344, ["int", "344"]),
        "rate": (0.0725, ["float", "0.0725"]),
        "done": (False, ["False"]),
        "nothing": (None, ["None"]),
        "impedance": (3 + 4j, ["complex", "3+4j"]),
        "title": ("Body mass of penguins", ["str", "Body mass of penguins"]),
        "essay": ("word " * 5000, ["25000", "word word"]),
        "raw": (b"\x89PNG\r\n", ["bytes", "PNG"]),
        "buffer": (bytearray(2000), ["bytearray", "2000"]),
        "scores": ([3, 1, 4, 1, 5, 9, 2, 6], ["list of 8", ("of int", " int"), "3, 1, 4"]),
        "names": (["Ada", "Grace", "Emmy"], ["3", "'Ada'"]),
        "records": ([{"id": 1, "city": "Oslo"}, {"id": 2, "city": "Rome"}], ["2", "city", "Oslo"]),
        "lookup": ({"NO": "Norway", "IT": "Italy"}, ["dict of 2", "'NO'", "'Norway'"]),
        "config": ({"lr": 0.01, "layers": [64, 32], "optimizer": "adam"}, ["lr", "0.01", "layers"]),
        "corner": ((1.5, 2.5), ["tuple", "1.5, 2.5"]),
        "seen": ({"a", "b"}, ["set of 2", "'a'"]),
        "steps": (range(0, 100, 5), ["range(0, 100, 5)"]),
        "queue": (collections.deque([1, 2, 3], maxlen=5), ["deque", "3", "1, 2, 3"]),
        "counts": (collections.Counter("abracadabra"), ["Counter", "'a': 5"]),
        "groups": (collections.defaultdict(list, {"x": [1]}), ["defaultdict", "'x'"]),
        "point": (Point(1.0, 2.0), ["Point", ("x=1.0", "x=1"), ("y=2.0", "y=2")]),
        "options": (types.SimpleNamespace(depth=3, loss="mse"), ["depth=3", "loss='mse'"]),
        "when": (
            datetime.datetime(2026, 3, 1, 12, 30, tzinfo=datetime.UTC),
            ["datetime", "2026-03-01", ("+00:00", "UTC")],
        ),
        "day": (datetime.date(2026, 3, 1), ["date", "2026-03-01"]),
        "wait": (datetime.timedelta(hours=36), ["timedelta", ("1 day, 12:00:00", "36")]),
        "price": (decimal.Decimal("19.90"), ["Decimal", "19.90"]),
        "half": (fractions.Fraction(1, 2), ["Fraction", "1/2"]),
        "run_id": (uuid.UUID("12345678123456781234567812345678"), ["UUID", "12345678-1234"]),
        "source_file": (pathlib.PurePosixPath("data/raw/penguins.csv"), ["Path", "data/raw/penguins.csv"]),
        "pattern": (re.compile(r"(\d+)-(\w+)"), ["Pattern", r"(\\d+)-(\\w+)"]),
        "favourite": (Colour.GREEN, ["Colour", "GREEN"]),
        "Colour": (Colour, ["enum", "RED", "GREEN"]),
        "trial": (Trial("first", 0.9), ["Trial", "name='first'", "score=0.9"]),
        "Trial": (Trial, ["dataclass", "name", "score"]),
        "account": (Account("ada", 10.0), ["Account", "owner"]),
        "Account": (Account, ["class", "deposit", "owner", "A bank account."]),
        "growth": (growth, ["series", "periods: int=12", "log", "Mean growth over some periods."]),
        "fetch": (fetch, ["async", "url", "timeout"]),
        "yearly": (functools.partial(growth, periods=1), ["partial", "growth", "periods=1"]),
        "deposit": (Account("x").deposit, ["method", "amount", "Account"]),
        "json": (json, ["module", "json"]),
        "left": (left, ["generator", "not finished"]),
        "failure": (ValueError("no column 'mass'"), ["ValueError", "no column"]),
        "lock": (threading.Lock(), ["lock"]),
    }
    db = sqlite3.connect(":memory:")
    db.execute("create table birds (name text, mass real)")
    found["db"] = (db, ["sqlite3.Connection"])
    found["cursor"] = (db.execute("select name, mass from birds"), ["Cursor", "name", "mass"])
    return found


def tables(folder: pathlib.Path) -> dict[str, tuple[Any, list[Fact]]]:
    "numpy and pandas."
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(1)
    n = 344
    penguins = pd.DataFrame(
        {
            "species": pd.Categorical(["Adelie"] * 152 + ["Chinstrap"] * 68 + ["Gentoo"] * 124),
            "island": ["Torgersen"] * n, "bill_length_mm": rng.normal(44, 5, n), "body_mass_g": [3750.0, None] * (n // 2),
            "year": np.full(n, 2007), "sampled": pd.date_range("2007-11-11", periods=n),
        }
    )  # fmt: skip
    sales = pd.DataFrame(
        {"units": range(6)},
        index=pd.MultiIndex.from_product([["north", "south"], [2024, 2025, 2026]], names=["region", "year"]),
    )
    mapped = np.memmap(folder / "mapped.bin", dtype="float32", mode="w+", shape=(100, 4))
    arrays: dict[str, tuple[Any, list[Fact]]] = {
        "X": (rng.normal(size=(150, 4)), [("150 x 4", "(150, 4)"), "float64"]),
        "y": (rng.integers(0, 3, 150), ["150", "int64"]),
        "mask": (np.array([True, False, True]), ["bool", ("True, False, True",)]),
        "days": (np.array(["2026-01-01", "2026-01-02"], dtype="datetime64[D]"), ["datetime64[D]", "2026-01-01"]),
        "particles": (np.zeros(50, dtype=[("id", "i4"), ("energy", "f8")]), ["50", "id int32", "energy float64"]),
        "hidden_cells": (np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0]), ["masked", "3", "float64"]),
        "mapped": (mapped, ["memmap", ("100 x 4", "(100, 4)"), "float32"]),
        "temperature": (np.float32(21.5), ["float32", "21.5"]),
        "rng": (rng, ["Generator"]),
        "penguins": (
            penguins,
            ["344 rows", "species category of 3", "body_mass_g float64", "year int64", "sampled datetime64"],
        ),
        "sales": (sales, ["6 rows", "region", "year", "units int64"]),
        "empty": (pd.DataFrame({"a": pd.Series(dtype="int64")}), ["0 rows", "a int64"]),
        "wide": (
            pd.DataFrame(np.zeros((5, 300)), columns=[f"gene_{i}" for i in range(300)]),
            [("5 rows x 300 columns",), "gene_0"],
        ),
        "sparse": (pd.DataFrame({"s": pd.arrays.SparseArray([0, 0, 1])}), ["Sparse[int64", "3 rows"]),
        "prices": (
            pd.Series([9.5, 10.25], name="close", index=pd.to_datetime(["2026-01-01", "2026-01-02"])),
            ["2 rows", "close", "float64", "DatetimeIndex"],
        ),
        "cities": (pd.Series(["Oslo", None, "Rome"], name="city"), ["city", "'Oslo'", "missing"]),
        "labels": (pd.Index(["a", "b"], name="letter"), ["Index", "letter", "'a'"]),
        "by_species": (penguins.groupby("species", observed=True), ["GroupBy", "species"]),
        "cut_points": (
            pd.Categorical(["low", "high", "low"], categories=["low", "high"], ordered=True),
            ["category", "'low'"],
        ),
        "now": (pd.Timestamp("2026-03-01 12:00"), ["Timestamp", "2026-03-01"]),
    }
    return arrays


def libraries(folder: pathlib.Path) -> dict[str, tuple[Any, list[Fact]]]:
    "The libraries of the `test` extra."
    import attrs
    import dask.array
    import dask
    import duckdb
    import matplotlib.figure
    import networkx
    import numpy as np
    import PIL.Image
    import polars
    import pyarrow
    import pydantic
    import scipy.sparse
    import sqlalchemy
    import xarray
    from sklearn.compose import ColumnTransformer
    from sklearn.datasets import load_iris
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    class Order(pydantic.BaseModel):
        item: str
        units: int = 1

    @attrs.define
    class Sensor:
        place: str
        hertz: int = 50

    iris = load_iris(as_frame=True)
    model = LogisticRegression(max_iter=500).fit(iris.data, iris.target)
    flights = polars.DataFrame({"carrier": ["SK", "AZ"], "delay": [3, None]})
    figure = matplotlib.figure.Figure(figsize=(6, 4))
    axes = figure.subplots()
    axes.plot([1, 2, 3], label="mass")
    axes.set(title="Mass by year", xlabel="year", ylabel="g")
    graph = networkx.DiGraph([("a", "b"), ("b", "c")])
    engine = sqlalchemy.create_engine("sqlite:///birds.db")
    users = sqlalchemy.Table(
        "users",
        sqlalchemy.MetaData(),
        sqlalchemy.Column("id", sqlalchemy.Integer, primary_key=True),
        sqlalchemy.Column("email", sqlalchemy.String(80)),
    )
    climate = xarray.Dataset(
        {"t2m": (("time", "lat"), np.zeros((3, 2)))}, coords={"lat": [10.0, 20.0]}, attrs={"units": "K"}
    )
    return {
        "flights": (flights, ["polars", "2 rows", "carrier String", "delay Int64"]),
        "delays": (flights["delay"], ["Series", "delay", "Int64"]),
        "plan": (flights.lazy().filter(polars.col("delay") > 1), ["LazyFrame", ("lazy", "not collected")]),
        "trips": (pyarrow.table({"km": [1.5, 2.5], "city": ["Oslo", "Rome"]}), ["pyarrow", "2 rows", "km double", "city string"]),
        "arrow_ids": (pyarrow.array([1, 2, None]), ["of 3", "int64"]),
        "weights": (scipy.sparse.csr_matrix(np.eye(4)), ["csr", ("4 x 4",), "4 stored"]),
        "climate": (climate, ["t2m", "time 3", "lat 2"]),
        "t2m": (climate["t2m"], ["DataArray", "time 3", "float64"]),
        "blocks": (dask.array.zeros((1000, 1000), chunks=(100, 500)), [("1000 x 1000",), ("chunks",), "not computed"]),
        "later": (dask.delayed(growth)([1.0]), ["Delayed", "not computed"]),
        "relation": (duckdb.sql("select 42 as answer, 'x' as label"), ["answer", "label", "not run"]),
        "engine": (engine, ["Engine", "sqlite", "birds.db"]),
        "users": (users, ["users", "id", "email", "primary key"]),
        "model": (model, ["LogisticRegression", "max_iter=500", "fitted", "4 features"]),
        "forest": (RandomForestClassifier(n_estimators=50), ["RandomForestClassifier", "n_estimators=50", "not fitted"]),
        "pipe": (make_pipeline(StandardScaler(), LogisticRegression()), ["Pipeline", "StandardScaler", "LogisticRegression"]),
        "columns_prep": (ColumnTransformer([("num", StandardScaler(), ["a"])]), ["ColumnTransformer", "num", "StandardScaler"]),
        "iris": (iris, ["Bunch", "data", "target"]),
        "graph": (graph, ["DiGraph", "3 nodes", "2 edges"]),
        "figure": (figure, ["Figure", "Mass by year"]),
        "axes": (axes, ["Axes", "year", ("Line2D", "line")]),
        "picture": (PIL.Image.new("RGB", (640, 480)), [("640 x 480",), "RGB"]),
        "order": (Order(item="tea", units=3), ["Order", "item='tea'", "units=3"]),
        "sensor": (Sensor("roof"), ["Sensor", "place='roof'", "hertz=50"]),
    }  # fmt: skip


def heavy() -> dict[str, tuple[Any, list[Fact]]]:
    "torch and jax, where they are installed."
    found: dict[str, tuple[Any, list[Fact]]] = {}
    if importlib.util.find_spec("torch"):
        import torch

        net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
        found |= {
            "images": (torch.zeros(32, 3, 8, 8), [("32 x 3 x 8 x 8",), "float32", "cpu"]),
            "bias": (torch.ones(3, requires_grad=True), ["3", "requires grad"]),
            "net": (net, ["Sequential", "67 parameters", "Linear"]),
            "optimiser": (torch.optim.Adam(net.parameters(), lr=0.001), ["Adam", "lr=0.001"]),
            "loader": (
                torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.zeros(10, 2)), batch_size=4),
                ["DataLoader", "batch size 4"],
            ),
        }
    if importlib.util.find_spec("jax"):
        import jax.numpy as jnp

        found["params"] = (jnp.zeros((2, 3)), [("2 x 3",), "float32"])
    return found


def everything(folder: pathlib.Path, large: bool = True) -> dict[str, tuple[Any, list[Fact]]]:
    "All of them by name, each with its facts."
    return plain(folder) | tables(folder) | libraries(folder) | (heavy() if large else {})
