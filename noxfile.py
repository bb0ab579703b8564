"""Nox sessions. Begin with `python -m nox -s tests`; CONTRIBUTING.md lists the others."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import nox
from python_discovery import get_interpreter  # Nox finds interpreters with it, too.

# Coverage and the documentation's examples run on this version, or on the newest one found.
MAIN_PYTHON = "3.13"

PYPROJECT = nox.project.load_toml("pyproject.toml")
DECLARED = nox.project.python_versions(PYPROJECT)
# With none found, all are kept, and the sessions fail for want of an interpreter.
PYTHONS = [version for version in DECLARED if get_interpreter(version)] or DECLARED
MAIN = MAIN_PYTHON if MAIN_PYTHON in PYTHONS else PYTHONS[-1]
# The examples of a page share state, so one process runs a whole file.
IN_PARALLEL = ["--numprocesses=auto", "--dist=loadfile"]
# What may be installed beside the package, for type checkers to find.
STUBS = ["boto3-stubs[ecr-public,s3]", "types-boto3[ecr]", "botocore-stubs", "aiobotocore types-aiobotocore-ecr"]

nox.needs_version = ">=2026.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = True
nox.options.sessions = ["lint", "types", "tests"]


def run_module(session: nox.Session, *arguments: str) -> None:
    """Run a module. With -P, Python imports the installed package, not the one in this directory."""
    session.run("python", "-P", "-m", *arguments)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests on every Python found; with arguments for pytest after `--`, on one Python."""
    is_main = session.python == MAIN
    if session.posargs and not is_main and not any(str(session.python) in argument for argument in sys.argv):
        session.skip(f"arguments after -- run on Python {MAIN} only, but for -s {session.name}")
    is_whole = is_main and not session.posargs
    needs_examples = is_whole or any("docs" in argument or "README" in argument for argument in session.posargs)
    session.install(".", "--group=test", *(["--group=examples"] if needs_examples else []))
    if is_whole:
        session.run("coverage", "erase")
        run_module(session, "coverage", "run", "-m", "pytest", *IN_PARALLEL)
        session.run("coverage", "combine", "--quiet")
        session.run("coverage", "report")
        if missing := ", ".join(version for version in DECLARED if version not in PYTHONS):
            session.warn(f"No interpreter found for Python {missing}. Coverage and examples ran on {MAIN}")
        return
    paths = []
    if all(argument.startswith("-") for argument in session.posargs):
        session.log("Without the documentation's tests: name tests/docs, README.md or docs to run them")
        paths = ["tests", "--ignore=tests/docs"]
    run_module(session, "pytest", *IN_PARALLEL, "--hypothesis-profile=short", *session.posargs, *paths)


@nox.session(python=MAIN)
def slow(session: nox.Session) -> None:
    """Run the tests that take minutes, with many more generated examples."""
    session.install(".", "--group=test")
    run_module(session, "pytest", "-m", "slow", *IN_PARALLEL, "--hypothesis-profile=slow", "tests", *session.posargs)


@nox.session(python=MAIN)
def aiobotocore(session: nox.Session) -> None:
    """Run the tests that need aiobotocore, on the botocore that it pins."""
    session.install(".", "--group=test", "--group=aiobotocore")
    run_module(session, "pytest", "-m", "aiobotocore", "tests", *session.posargs)


@nox.session(python=PYTHONS[0])
def minimums(session: nox.Session) -> None:
    """Run the tests with the lowest versions of the dependencies that pyproject.toml allows."""
    lowest = [requirement.replace(">=", "==") for requirement in PYPROJECT["project"]["dependencies"]]
    session.install(".", "--group=test", *lowest)
    run_module(session, "pytest", *(session.posargs or [*IN_PARALLEL, "tests"]))


@nox.session
def lint(session: nox.Session) -> None:
    """Check the code's style and format."""
    session.install("--group=lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of package, tests and examples with mypy."""
    session.install(".", "--group=types")
    session.run("mypy")


@nox.session(python=sorted({PYTHONS[0], PYTHONS[-1]}))
@nox.parametrize("beside", [*STUBS, "boto3", "aiobotocore"])
def typing(session: nox.Session, beside: str) -> None:
    """Check the public names with four type checkers and two editors, beside each set of stubs."""
    session.install(".", "--group=typing", *beside.split())
    check = ["python", "tests/typing/check.py"]
    session.run(*check, f"tests/typing/injected_{'async_' if 'aiobotocore' in beside else ''}client.py")
    if beside.startswith("boto3-stubs"):
        for prefix in ("", "async_"):
            session.run(*check, f"tests/typing/{prefix}api.py", f"tests/typing/{prefix}wrong_lines.py")
        run_module(session, "pytest", "--noconftest", "tests/typing", *session.posargs)
        # From elsewhere, to check the installed package.
        session.chdir(session.create_tmp())
        session.run("pyright", "--verifytypes", "ecrimages", "--ignoreexternal")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation and open each page in Chromium; `-- --no-browser` only builds it."""
    session.install(".", "--group=docs")
    shutil.rmtree("docs/_build", ignore_errors=True)
    session.run("sphinx-build", "--fail-on-warning", "--keep-going", "docs", "docs/_build/html")
    browser = any(map(shutil.which, ["chromium", "chromium-browser", "google-chrome"]))
    if session.posargs == ["--no-browser"] or sys.platform == "win32" or not browser:
        session.warn("Not opened: Chromium was not found, the system is Windows, or --no-browser was given")
    else:
        run_module(session, "pytest", "--noconftest", "tests/site", *session.posargs)


@nox.session
def demo(session: nox.Session) -> None:
    """Run the README's example on a local fake ECR; `-- --repository team/app` lists a real repository."""
    session.install(".")
    session.run("python", "docs/examples/quickstart.py", *session.posargs)


@nox.session
def build(session: nox.Session) -> None:
    """Build sdist and wheel, check them, and run the demo from the wheel in an empty environment."""
    session.install("--group=build")
    shutil.rmtree("dist", ignore_errors=True)
    # Builds the wheel from the sdist, which shows that the sdist is complete.
    session.run("python", "-m", "build")
    [wheel], [sdist] = Path("dist").glob("*.whl"), Path("dist").glob("*.tar.gz")
    session.run("twine", "check", "--strict", str(wheel), str(sdist))
    session.run("check-wheel-contents", str(wheel))
    demo_env = Path(session.create_tmp()) / "demo"
    session.run("python", "-m", "venv", "--clear", str(demo_env))
    python = str(demo_env / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    install = [python, "-m", "pip", "install", "--quiet", str(wheel)]
    session.run(*install, external=True)
    session.run(python, "docs/examples/quickstart.py", external=True)
    # Libraries that pin boto3 or mypy-boto3-ecr, as applications have them.
    session.run(*install, "--dry-run", "boto3-dataclass-ecr", "boto3-stubs[boto3,ecr]==1.40.*", external=True)


@nox.session
def benchmark(session: nox.Session) -> None:
    """Compare CPU time with other libraries; `-- --help` lists the other measurements."""
    session.install(".", "--group=benchmark")
    session.run("python", "tests/benchmarks", *session.posargs)


@nox.session(python=MAIN)
def comparison(session: nox.Session) -> None:
    """Test what the documentation says about other libraries."""
    session.install(".", "--group=benchmark")
    run_module(session, "pytest", "--noconftest", "tests/docs/test_comparison.py", *session.posargs)


@nox.session(python=MAIN)
def fuzz(session: nox.Session) -> None:
    """Fuzz the decoder for a minute, or with libFuzzer's arguments after `--`."""
    session.install(".", "--group=fuzz")
    found = session.create_tmp()
    options = [f"{found}/corpus", f"-artifact_prefix={found}/", *(session.posargs or ["-max_total_time=60"])]
    session.run("python", "tests/fuzzing/fuzz_page.py", *options)
