"""The wheel: one top-level name, everything the commands need, no tests; it works in an empty environment."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    # Through a source distribution, as an index would serve it.
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl"))


def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_one_top_level_name_and_no_tests(wheel: Path) -> None:
    found = names(wheel)
    assert {name.split("/")[0].split("-")[0] for name in found} == {"forewarn"}
    assert [name for name in found if "test" in name.split("/")] == []


def test_every_module_of_the_repository_is_in_it(wheel: Path) -> None:
    packages = [link for link in (ROOT / "forewarn").iterdir() if link.is_symlink()]
    modules = {
        f"forewarn/{link.name}/{path.relative_to(link.resolve())}"
        for link in packages
        for path in link.resolve().rglob("*.py")
    }
    assert modules
    assert modules <= set(names(wheel))


def test_data_files_are_in_it(wheel: Path) -> None:
    found = set(names(wheel))
    assert {"forewarn/py.typed", "forewarn/deploy/kafka.lock.toml", "forewarn/deploy/demo-policy.toml"} <= found
    templates = {str(path.relative_to(ROOT)) for path in (ROOT / "alerts/templates").rglob("*") if path.is_file()}
    assert templates
    assert {f"forewarn/{template}" for template in templates} <= found
    assert any(name.endswith("LICENSE") for name in found)


def test_it_works_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    """Its dependencies are lent by this environment; the package itself comes from the wheel alone."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    install = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "--no-deps",
        "--no-index",
        "-q",
        str(wheel),
    ]
    subprocess.run(install, check=True)
    lent = next(path for path in map(Path, sys.path) if path.name == "site-packages")
    (next((tmp_path / "venv").glob("lib/python*/site-packages")) / "lent.pth").write_text(
        # The path alone: the editable install of this environment stays behind.
        f"import sys; sys.path.append({str(lent)!r})\n"
    )
    forewarn = tmp_path / "venv" / "bin" / "forewarn"
    done = subprocess.run([forewarn, "policy", "check"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    where = "import forewarn.stream as s; print(s.__file__)"
    found = subprocess.run([python, "-c", where], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert found.startswith(str(tmp_path))
