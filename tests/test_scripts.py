"""The pure parts of the scripts, tested in Node where there is one."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="there is no Node here to run the scripts' own tests")
def test_the_scripts_own_tests_pass() -> None:
    files = sorted(str(file) for file in (ROOT / "tests/js").glob("*.test.js"))
    done = subprocess.run([NODE or "", "--test", *files], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
