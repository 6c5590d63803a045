"""What a preview must leave as it was, and cells that try hard to change it."""

from __future__ import annotations

# Run in the kernel: `state()` is everything that could show a trace.
STATE = r"""
import gc, hashlib, json, mmap, multiprocessing.shared_memory, os, random, signal, sqlite3, sys, threading
import numpy as np, pandas as pd
from comprehend_nb.trial import digest
from comprehend_nb.preview import trials, CannotPreview
open("data.txt", "w").write("one\ntwo\nthree\n" * 100)
reading, writing = open("data.txt"), open("log.txt", "w+"); writing.write("begun\n"); writing.flush(); reading.readline()
shared = multiprocessing.shared_memory.SharedMemory(create=True, size=4096); shared.buf[:4] = b"live"
mapped = np.memmap("map.bin", dtype="int64", mode="w+", shape=(512,)); mapped[:] = 1; mapped.flush()
db = sqlite3.connect("d.sqlite"); db.execute("create table t(x)"); db.execute("insert into t values (1)"); db.commit()
r, w = os.pipe(); import socket; left, right = socket.socketpair(); left.setblocking(False); os.set_blocking(r, False)
a = np.arange(100_000.0); obj = [1, {"k": [2, 3]}, {4}]; text = "text"; df = pd.DataFrame({"x": np.arange(1000.0), "t": ["s"] * 1000}); n = 5
class Box:
    def __init__(self): self.items = []
box = Box(); box.items.append(1)
lock = threading.Lock(); it = iter(range(100)); next(it); gen = (i for i in range(9)); next(gen)
log = []
def heard(f):
    try: return f()
    except (BlockingIOError, OSError): return None
def files():
    out = {}
    for name in sorted(os.listdir(".")):
        if os.path.isfile(name): out[name] = hashlib.sha256(open(name, "rb").read()).hexdigest(), os.stat(name).st_mode, os.stat(name).st_mtime_ns
        else: out[name] = "folder"
    return out
def handles():
    "What is open, without the history of IPython, whose own fork hook closes it for a while."
    out = []
    for name in os.listdir("/proc/self/fd"):
        try: out.append(os.readlink("/proc/self/fd/" + name))
        except OSError: pass
    return sorted(x for x in out if "/profile_default" not in x and not x.startswith("/proc/"))
IGNORED = {"before", "after", "told", "batch", "e", "_dh", "wrong"}
def state():
    shell = get_ipython()
    ns = {k: (id(v), digest(v)) for k, v in list(shell.user_ns.items()) if k[:1] != "_" and k not in IGNORED and k not in ("In", "Out")}
    return dict(
        names=ns, box=(list(box.items), sorted(vars(box))), random=hash(random.getstate()), numpy=digest(list(np.random.get_state()[1])), gc=(gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()),
        count=shell.execution_count, history=len(shell.history_manager.input_hist_raw), out=sorted(shell.user_ns["Out"]), cwd=os.getcwd(), environ=dict(os.environ), path=list(sys.path),
        modules=set(sys.modules), signals=[signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)], timer=signal.getitimer(signal.ITIMER_REAL),
        streams=(id(sys.stdout), id(sys.stderr)), hooks=(id(sys.displayhook), id(sys.excepthook)), places=(reading.tell(), os.lseek(reading.fileno(), 0, 1), os.lseek(writing.fileno(), 0, 1)),
        shared=bytes(shared.buf[:8]), mapped=int(mapped.sum()), rows=db.execute("select count(*) from t").fetchone(), pipe=heard(lambda: os.read(r, 9)), socket=heard(lambda: left.recv(9)),
        files=files(), children=open(f"/proc/self/task/{os.getpid()}/children").read(), threads=sorted(t.name for t in threading.enumerate() if "istory" not in t.name), lock=lock.locked(),
        next=(it.__length_hint__(), gen.gi_frame.f_lasti), recursion=sys.getrecursionlimit(), umask=os.umask(os.umask(0o22)), handles=handles(),
        switch=sys.getswitchinterval(), limits=__import__("resource").getrlimit(__import__("resource").RLIMIT_AS),
    )
def unchanged(cells):
    before = state(); told = trials(cells, get_ipython().user_ns, timeout=20); after = state()
    wrong = {k: (before[k], after[k]) for k in before if before[k] != after[k]}
    if 'handles' in wrong: wrong['handles'] = [sorted(set(before['handles']) ^ set(after['handles'])), len(before['handles']), len(after['handles'])]
    return json.dumps({"wrong": repr(wrong)[:2000] if wrong else "", "ended": [t.outcome.ended for t in told], "errors": [t.outcome.error and t.outcome.error[0] for t in told]})
"""

# Each of these would leave a trace if it were run in the kernel.
HOSTILE = [
    "reading.readline(); reading.seek(0)", "writing.write('x'); writing.flush()", "open('data.txt', 'w').close()", "open('new.txt', 'x').write('x')",
    "shared.buf[:4] = b'copy'", "mapped[:] = 7; mapped.flush()", "db.execute('insert into t values (2)'); db.commit()", "db.execute('drop table t')",
    "os.write(w, b'x')", "right.send(b'x')", "a[:] = 0", "obj[1]['k'].append(9)", "df['x'] = 1; df.drop(columns='t', inplace=True)", "del a, df, obj", "n += 1; text = 'other'",
    "box.items.append(2); box.more = 1", "random.seed(3); random.random()", "np.random.seed(3); np.random.rand(9)", "gc.disable(); gc.set_threshold(1)", "gc.collect(); gc.freeze()",
    "signal.signal(signal.SIGINT, signal.SIG_IGN)", "signal.setitimer(signal.ITIMER_REAL, 100)", "sys.stdout = None", "sys.displayhook = print", "os.chdir('/')", "os.environ['NEW'] = '1'; os.environ.pop('PATH')",
    "sys.path.insert(0, '/nowhere')", "import this, wave, turtledemo", "os.mkdir('folder')", "os.remove('data.txt')", "os.rename('data.txt', 'b.txt')", "os.chmod('data.txt', 0)", "os.utime('data.txt', (1, 1))",
    "os.kill(os.getppid(), signal.SIGKILL)", "os.kill(0, signal.SIGTERM)", "os.killpg(os.getpgid(os.getppid()), 9)", "os.fork()", "import subprocess; subprocess.run(['touch', 'made'])", "!touch made", "%cd /",
    "lock.acquire()", "next(it); next(gen); list(gen)", "log.extend(range(1000))", "threading.Thread(target=lambda: __import__('time').sleep(9)).start()", "sys.setrecursionlimit(50_000)", "os.umask(0)",
    "get_ipython().user_ns.clear()", "get_ipython().history_manager.reset()", "get_ipython().set_next_input('x')", "%reset -f", "get_ipython().kernel.do_shutdown(False)", "os.closerange(3, 400)", "os._exit(0)",
    "import ctypes; ctypes.string_at(1)", "import ctypes; ctypes.memset(a.ctypes.data, 1, 8000)", "shared.unlink(); shared.close()", "import asyncio; asyncio.get_event_loop().stop()", "await asyncio.sleep(0)",
    "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))", "import socket; socket.create_connection(('127.0.0.1', 80), 1)", "get_ipython().kernel.iopub_socket.send(b'x')", "print('x' * 10_000_000)",
    "from IPython.display import display, HTML; display(HTML('x'))", "get_ipython().kernel.session.send(get_ipython().kernel.iopub_socket, 'stream', {'name': 'stdout', 'text': 'LEAK'})", "sys.__stdout__.write('LEAK')",
    "os.write(1, b'LEAK'); os.write(2, b'LEAK')", "x = [0] * 10_000_000", "raise SystemExit", "raise KeyboardInterrupt", "exit()", "import multiprocessing; multiprocessing.Pool(2)", "import atexit; atexit.register(lambda: open('late', 'w'))",
    "import weakref; weakref.finalize(box, lambda: open('late', 'w')); del box", "import logging; logging.warning('x'); logging.basicConfig(filename='l.log')", "import tempfile; open(tempfile.mktemp(), 'w')", "os.symlink('data.txt', 's')",
    "sys.modules.clear()", "globals().clear()", "__builtins__.len = None", "import builtins; builtins.open = None; builtins.print = None", "import gc; [o for o in gc.get_objects()]", "type(box).extra = 1; Box.__init__ = None",
    "sys.setswitchinterval(100)", "threading.excepthook = None; sys.settrace(lambda *a: None)", "import io; io.open('data.txt', 'ab').write(b'x')", "a.setflags(write=False)", "df.index.name = 'i'", "obj.clear(); obj = obj", "get_ipython().events.callbacks.clear()",
    "get_ipython().run_cell('n = 9')", "get_ipython().execution_count = 99", "In.append('x'); Out[99] = 1", "del _, __", "%store n", "%env NEW=1", "%config InlineBackend.figure_format = 'svg'", "%load_ext autoreload", "%%writefile new.py\nx = 1", "%%capture out\nprint(1)", "%timeit -n1 -r1 a.sum()",
]  # fmt: skip

# Shapes from which ordinary cells are made, at random.
TARGETS = ["a", "obj", "df", "n", "text", "box", "fresh"]
SHAPES = [
    "{t} = {v}", "{t}, other = {v}, {t}", "for {t} in range(3): pass", "def {t}(x): return x", "class {t}: pass", "import math as {t}", "del {t}", "with open('data.txt') as {t}: pass", "{t} = [{v} for _ in range(4)]", "global {t}\n{t} = {v}",
    "try: 1 / 0\nexcept ZeroDivisionError as {t}: pass", "({t} := {v})", "{t} = {v}\n{t}", "if n: {t} = {v}", "while n < 7: n += 1; {t} = {v}", "lambda: {t}", "{t} = (yield_ for yield_ in range(3)); next({t})", "async def {t}(): return {v}", "{t} = await __import__('asyncio').sleep(0, {v})",
    "a[{i}] = {i}; {t} = a.sum()", "df.loc[{i}, 'x'] = {i}; {t} = df['x'].mean()", "obj.append({v}); {t} = len(obj)", "box.items += [{v}]; {t} = box", "random.random(); {t} = np.random.rand()", "print({v}); {t} = repr(obj)", "{t} = df.assign(z={i}).query('x > {i}')", "%time {t} = {v}", "{t} = !echo {i}", "assert {v} == 0, {v}", "{t} = df.groupby('t').x.sum(); {t}",
]  # fmt: skip
VALUES = [
    "1",
    "'s'",
    "None",
    "[1, 2]",
    "{'k': 1}",
    "(1,)",
    "a[:5]",
    "df.head(2)",
    "obj",
    "1 / 0",
    "undefined",
    "3.5",
    "b'x'",
    "{1, 2}",
    "range(4)",
]
