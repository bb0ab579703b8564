"""What the project does to itself: `python -m nox -s tests` on a fresh clone, and `python -m nox --list`."""

from __future__ import annotations

import nox

PYPROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PYPROJECT)
OLDEST, NEWEST = PYTHONS[0], PYTHONS[-1]

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
    env = {"COVERAGE_FILE": f".coverage.{session.python}"}
    session.run("coverage", "erase", env=env)
    # By the path of the script, for `-m pytest` would import the package from here and not as installed.
    session.run("coverage", "run", f"{session.bin}/pytest", *session.posargs, env=env)
    if not session.posargs:
        session.notify("coverage")


@nox.session
def coverage(session: nox.Session) -> None:
    """Fail unless the tests of all Pythons together ran every line and branch."""
    session.install(*[item for item in PYPROJECT["dependency-groups"]["test"] if item.startswith("coverage")])
    session.run("coverage", "combine")
    session.run("coverage", "report")


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


@nox.session(python=OLDEST)
def minimums(session: nox.Session) -> None:
    """Run the tests with the lowest versions of the dependencies that pyproject.toml allows."""
    lowest = [item.replace(">=", "==") for item in PYPROJECT["project"]["dependencies"]]
    # boto3 would take a later botocore of the same minor version.
    lowest += [item.replace("boto3", "botocore") for item in lowest if item.startswith("boto3==")]
    session.install(".", *lowest, *nox.project.dependency_groups(PYPROJECT, "test"))
    session.run(f"{session.bin}/pytest", *session.posargs)


@nox.session(python=NEWEST)
def newest(session: nox.Session) -> None:
    """Run the tests with the latest versions of all dependencies, those of dependencies included."""
    session.install("--upgrade", ".", *nox.project.dependency_groups(PYPROJECT, "test"))
    session.run(f"{session.bin}/pytest", *session.posargs)
