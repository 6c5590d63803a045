"""What libraries do that a copy of the kernel may hang in: each is warm in the live kernel first, then previewed."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    "`needs`: packages, `warm`: run in the live kernel, `source`: previewed, `where`: where it is expected to run."

    name: str
    needs: str
    warm: str
    source: str
    where: str = "fork"


ARRAY = "import numpy as np\nA = np.random.default_rng(0).random((600, 600)); (A @ A).sum()"
FRAME = "import numpy as np, pandas as pd\npdf = pd.DataFrame({'k': np.arange(20000) % 7, 'v': np.arange(20000.0)}); pdf.groupby('k').sum()"
ARROW = "import pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq, io\nT = pa.table({'k': list(range(1000)) * 20, 'v': [1.5] * 20000})\nT.group_by('k').aggregate([('v', 'sum')]); pq.write_table(T, 't.parquet'); pq.read_table('t.parquet')"
POLARS = "import polars as pl\nD = pl.DataFrame({'k': list(range(100)) * 50, 'v': [1.0] * 5000}); D.lazy().group_by('k').agg(pl.col('v').sum()).collect(); D.sort('k')"
DUCK = "import duckdb\nduckdb.sql('select sum(range) from range(100000)').fetchall(); con = duckdb.connect(); con.sql('create table t as select range as x from range(1000)'); con.sql('select sum(x) from t').fetchall()"
SKLEARN = "import numpy as np\nfrom sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor\nfrom sklearn.cluster import KMeans\nfrom sklearn.linear_model import LinearRegression, Ridge\nfrom sklearn.model_selection import GridSearchCV\nX = np.random.default_rng(0).random((500, 5)); y = X.sum(1)\nHistGradientBoostingRegressor(max_iter=5).fit(X, y); KMeans(3, n_init=2).fit(X); RandomForestRegressor(10, n_jobs=2).fit(X, y)"
GRID = "GridSearchCV(Ridge(), {'alpha': [0.1, 1.0]}, n_jobs=2).fit(X, y)"
TORCH = "import torch\nW = torch.rand(600, 600); (W @ W).sum(); conv = torch.nn.Conv2d(3, 8, 3); conv(torch.rand(2, 3, 32, 32))"
PLOT = "import matplotlib.pyplot as plt\n%matplotlib inline\nfig, ax = plt.subplots(); ax.plot([1, 2]); plt.show()"
SQL = "import sqlite3\ndb = sqlite3.connect('d.sqlite'); db.execute('create table if not exists t(x)'); db.execute('insert into t values (1)'); db.commit(); mem = sqlite3.connect(':memory:'); mem.execute('create table t(x)')"
ASYNC = "import asyncio\nasync def tick(n):\n    await asyncio.sleep(0.01); return n\nticking = asyncio.create_task(asyncio.sleep(30))\nawait tick(1)"
POOL = "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(2); list(pool.map(abs, range(10)))"
JOBLIB = "from joblib import Parallel, delayed\nParallel(n_jobs=2)(delayed(abs)(i) for i in range(4))"

CASES = [
    Case("numpy matmul", "numpy", ARRAY, "float((A @ A).sum()) > 0"),
    Case("numpy svd", "numpy", ARRAY, "np.linalg.svd(A[:200, :200])[1].shape"),
    Case("numpy solve", "numpy", ARRAY, "np.linalg.solve(A, A[0]).shape"),
    Case("numpy in place", "numpy", ARRAY, "A[0, 0] = 7.0"),
    Case("pandas groupby", "pandas", FRAME, "pdf.groupby('k')['v'].mean().shape"),
    Case(
        "pandas merge",
        "pandas",
        FRAME,
        "m = pdf.merge(pdf.groupby('k')['v'].sum().rename('s').reset_index(), on='k'); m.shape",
    ),
    Case("pandas sort", "pandas", FRAME, "pdf.sort_values('v', ascending=False).head(3)"),
    Case("pandas read_csv", "pandas", FRAME + "\npdf.to_csv('p.csv')", "pd.read_csv('p.csv').shape"),
    Case("pandas eval", "pandas", FRAME, "pdf.eval('v * 2').sum()"),
    Case("pyarrow compute", "pyarrow", ARROW, "pc.sum(T['v']).as_py()"),
    Case("pyarrow group_by", "pyarrow", ARROW, "T.group_by('k').aggregate([('v', 'sum')]).num_rows"),
    Case("pyarrow parquet", "pyarrow", ARROW, "pq.read_table('t.parquet').num_rows"),
    Case("pandas read_parquet", "pandas pyarrow", FRAME + "\n" + ARROW, "pd.read_parquet('t.parquet').shape"),
    Case("duckdb default", "duckdb", DUCK, "duckdb.sql('select sum(range) from range(1000000)').fetchall()"),
    Case("duckdb connection", "duckdb", DUCK, "con.sql('select count(*) from t').fetchall()"),
    Case("duckdb fresh", "duckdb", DUCK, "duckdb.connect().sql('select 41 + 1').fetchall()"),
    Case("sqlite file", "", SQL, "db.execute('select count(*) from t').fetchone()"),
    Case("sqlite memory", "", SQL, "mem.execute('insert into t values (2)').rowcount"),
    Case("sklearn linear", "sklearn", SKLEARN, "LinearRegression().fit(X, y).coef_.shape"),
    Case(
        "sklearn HistGradientBoosting",
        "sklearn",
        SKLEARN,
        "HistGradientBoostingRegressor(max_iter=5).fit(X, y).n_iter_",
    ),
    Case("sklearn KMeans", "sklearn", SKLEARN, "KMeans(3, n_init=2).fit(X).cluster_centers_.shape"),
    Case(
        "sklearn RandomForest n_jobs=2",
        "sklearn",
        SKLEARN,
        "len(RandomForestRegressor(10, n_jobs=2).fit(X, y).estimators_)",
    ),
    Case("sklearn GridSearchCV n_jobs=2", "sklearn", SKLEARN + "\n" + GRID, GRID + ".best_params_"),
    Case("joblib processes", "joblib", JOBLIB, "Parallel(n_jobs=2)(delayed(abs)(i) for i in range(4))"),
    Case("torch matmul", "torch", TORCH, "float((W @ W).sum()) > 0"),
    Case("torch conv", "torch", TORCH, "conv(torch.rand(2, 3, 32, 32)).shape"),
    Case(
        "torch backward",
        "torch",
        TORCH,
        "w = torch.rand(50, 50, requires_grad=True); (w @ w).sum().backward(); w.grad.shape",
    ),
    Case("matplotlib new figure", "matplotlib", PLOT, "f2, a2 = plt.subplots(); a2.plot([1, 2, 3]); plt.show()"),
    Case("matplotlib existing figure", "matplotlib", PLOT, "ax.plot([3, 1]); fig"),
    Case("asyncio await", "", ASYNC, "await tick(3)"),
    Case("asyncio gather", "", ASYNC, "await asyncio.gather(tick(1), tick(2))"),
    Case("thread pool new", "", POOL, "with ThreadPoolExecutor(2) as q: r = list(q.map(abs, range(5)))\nr"),
    Case("thread pool of the kernel", "", POOL, "list(pool.map(abs, range(5)))"),
    Case("polars lazy", "polars", POLARS, "D.lazy().group_by('k').agg(pl.col('v').sum()).collect().shape", "process"),
    Case("polars filter", "polars", POLARS, "D.filter(pl.col('v') > 0).shape", "process"),
    Case("polars join", "polars", POLARS, "E = D.join(D, on='k'); E.shape", "process"),
    Case("polars sort", "polars", POLARS, "D.sort('v').head(2)", "process"),
    Case("polars describe", "polars", POLARS, "D.describe().shape", "process"),
    Case("polars beside plain Python", "polars", POLARS, "n = 1 + 1"),
]
