"""Jupyter's own kernel conformance suite, with our extension loaded exactly as without it."""

from __future__ import annotations

import json
import os
import sys
import unittest
from collections.abc import Iterator

import jupyter_kernel_test
import pytest

SPECS = {"bare": [], "ours": ["--ext", "comprehend_nb"]}


@pytest.fixture(scope="module", autouse=True)
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("jupyter")
    for name, extra in SPECS.items():
        spec = folder / "kernels" / f"conformance-{name}"
        spec.mkdir(parents=True)
        argv = [sys.executable, "-m", "ipykernel_launcher", *extra, "-f", "{connection_file}"]
        (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": name, "language": "python"}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(
            "JUPYTER_PATH", os.pathsep.join([str(folder), os.environ.get("JUPYTER_PATH", "")]).rstrip(os.pathsep)
        )
        yield


class Conformance(jupyter_kernel_test.KernelTests):
    __test__ = False  # run twice below, on two kernels
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('oops', file=sys.stderr)"
    completion_samples = [{"text": "zi", "matches": {"zip"}}]  # noqa: RUF012
    complete_code_samples = ["1", "print('x')", "def f(x):\n  return x*2\n\n", "%ai why?"]  # noqa: RUF012
    incomplete_code_samples = ["print('''hello", "def f(x):\n  x*2", "%%ai_explain d1\nwhat: x"]  # noqa: RUF012
    invalid_code_samples = ["import = 7q"]  # noqa: RUF012
    code_page_something = "zip?"
    code_generate_error = "raise ValueError('no')"
    code_execute_result = [{"code": "6*7", "result": "42"}]  # noqa: RUF012
    code_display_data = [  # noqa: RUF012
        {"code": "from IPython.display import HTML, display; display(HTML('<b>x</b>'))", "mime": "text/html"}
    ]
    code_clear_output = "from IPython.display import clear_output; clear_output()"
    code_inspect_sample = "zip"


def outcomes(name: str) -> dict[str, str]:
    suite = type(f"Test{name.title()}", (Conformance,), {"kernel_name": f"conformance-{name}"})
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(suite).run(result)
    bad = {t.id().rpartition(".")[2]: why for t, why in [*result.failures, *result.errors]}
    skipped = {t.id().rpartition(".")[2]: "skipped" for t, _ in result.skipped}
    return {"ran": str(result.testsRun), **bad, **skipped}


def test_conformance_is_the_same_with_and_without_us() -> None:
    bare, ours = outcomes("bare"), outcomes("ours")
    assert set(ours) == set(bare)
    assert int(ours["ran"]) - len(ours) >= 8, ours


def test_the_suite_would_notice() -> None:
    broken = type(
        "TestBroken", (Conformance,), {"kernel_name": "conformance-ours", "code_hello_world": "print('something else')"}
    )
    result = unittest.TestResult()
    suite = unittest.TestSuite([broken("test_execute_stdout")])
    suite.run(result)
    assert result.failures or result.errors
