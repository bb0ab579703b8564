"""What the project does to itself: `python -m nox -s tests` on a fresh clone, and `python -m nox --list`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import nox

PYPROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PYPROJECT)
OLDEST, NEWEST = PYTHONS[0], PYTHONS[-1]
# The examples of a page need each other: a file goes to one process as a whole.
IN_PARALLEL = ["--numprocesses=auto", "--dist=loadfile"]

nox.needs_version = ">=2026.8"
nox.options.default_venv_backend = "uv|virtualenv"
# A Python that is not there is left out, with a word about it, on a build server too.
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "types", "tests"]


def install(session: nox.Session, *groups: str) -> None:
    """Install the package as it would be shipped, and what the groups of pyproject.toml name."""
    requirements = [item for group in groups for item in nox.project.dependency_groups(PYPROJECT, group)]
    session.install(".", *requirements)


@nox.session
def demo(session: nox.Session) -> None:
    """List a repository, as in the README; with `-- --repository team/app` one of your own."""
    install(session)
    session.run("python", "docs/examples/quickstart.py", *session.posargs)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests on every Python that is found; arguments after `--` go to pytest."""
    install(session, "test")
    # By the path of the script, for `-m pytest` would import the package from here and not as installed.
    pytest = f"{session.bin}/pytest"
    if session.posargs:
        session.run(pytest, *session.posargs)
    elif session.python == NEWEST:
        session.run("coverage", "erase")
        session.run("coverage", "run", pytest, *IN_PARALLEL)
        session.run("coverage", "combine", "--quiet")
        session.run("coverage", "report")
    else:
        # The examples of the documentation, and as many of the properties, are for the newest.
        session.run(pytest, *IN_PARALLEL, "--hypothesis-profile=short", "tests")


@nox.session
def lint(session: nox.Session) -> None:
    """Check the code's rules and format."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of package, tests and examples, as strictly as mypy can."""
    install(session, "types")
    session.run("mypy")


@nox.session(python=[OLDEST, NEWEST])
@nox.parametrize("stubs", ["boto3-stubs[ecr-public,s3]", "types-boto3[ecr]", "botocore-stubs", "no stubs"])
def typing(session: nox.Session, stubs: str) -> None:
    """Hold what four type checkers and two editors make of the public names, by the stubs for boto3."""
    install(session, "typing")
    if stubs != "no stubs":
        session.install(stubs)
    session.run("python", "tests/typing/check.py", "tests/typing/injected_client.py")
    if stubs.startswith("boto3-stubs"):
        session.run("python", "tests/typing/check.py", "tests/typing/api.py", "tests/typing/wrong_lines.py")
        session.run(f"{session.bin}/pytest", "--noconftest", "tests/typing", *session.posargs)
        # From elsewhere, so that the package is the installed one.
        session.chdir(session.create_tmp())
        session.run("pyright", "--verifytypes", "ecrimages", "--ignoreexternal")


@nox.session(python=OLDEST)
def minimums(session: nox.Session) -> None:
    """Run the tests with the lowest versions of the dependencies that pyproject.toml allows."""
    lowest = [item.replace(">=", "==") for item in PYPROJECT["project"]["dependencies"]]
    # boto3 would take a later botocore of the same minor version.
    lowest += [item.replace("boto3", "botocore") for item in lowest if item.startswith("boto3==")]
    session.install(".", *lowest, *nox.project.dependency_groups(PYPROJECT, "test"))
    session.run(f"{session.bin}/pytest", *(session.posargs or IN_PARALLEL))


@nox.session(python=NEWEST)
def newest(session: nox.Session) -> None:
    """Run the tests with the latest versions of all dependencies, those of dependencies included."""
    session.install("--upgrade", ".", *nox.project.dependency_groups(PYPROJECT, "test"))
    session.run(f"{session.bin}/pytest", *(session.posargs or IN_PARALLEL))


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation and open each page in Chromium; with `-- --no-browser` only build it."""
    install(session, "docs")
    shutil.rmtree("docs/_build", ignore_errors=True)
    session.run(
        "sphinx-build",
        "--fail-on-warning",
        "--keep-going",
        "-d",
        "docs/_build/doctrees",
        "docs",
        "docs/_build/html",
    )
    if session.posargs != ["--no-browser"]:
        session.run(f"{session.bin}/pytest", "--noconftest", "tests/site", *session.posargs)


@nox.session
def build(session: nox.Session) -> None:
    """Make the sdist and the wheel, check them, and run the demo from the wheel in an empty environment."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "build"))
    shutil.rmtree("dist", ignore_errors=True)
    # The wheel is made from the sdist, which therefore has all that it takes.
    session.run("python", "-m", "build")
    [wheel], [sdist] = Path("dist").glob("*.whl"), Path("dist").glob("*.tar.gz")
    session.run("twine", "check", "--strict", str(wheel), str(sdist))
    session.run("check-wheel-contents", str(wheel))
    demo_env = Path(session.create_tmp()) / "demo"
    session.run("python", "-m", "venv", "--clear", str(demo_env))
    python = str(demo_env / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    session.run(python, "-m", "pip", "install", "--quiet", str(wheel), external=True)
    session.run(python, "docs/examples/quickstart.py", external=True)


@nox.session
def benchmark(session: nox.Session) -> None:
    """Measure what a listing costs beside other libraries; `-- --help` shows what else it can measure."""
    # First: boto3-dataclass-ecr asks for older type stubs than the package does, and runs without any.
    session.install(*nox.project.dependency_groups(PYPROJECT, "benchmark"))
    install(session)
    session.run("python", "tests/benchmarks", *session.posargs)


@nox.session(python=NEWEST)
def fuzz(session: nox.Session) -> None:
    """Look for a body that breaks the decoder, for a minute or as libFuzzer's arguments after `--` say."""
    install(session, "fuzz")
    found = session.create_tmp()
    arguments = session.posargs or ["-max_total_time=60"]
    session.run(
        "python", "tests/fuzzing/fuzz_page.py", f"{found}/corpus", f"-artifact_prefix={found}/", *arguments
    )
