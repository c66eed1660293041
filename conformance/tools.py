"""Tools of an environment of their own: generated documents, schemathesis, the schema linter, bandit, pip-audit."""

import asyncio
import json
import os
import re
from typing import Any

from conformance.abuse.table import ask
from conformance.checks import Check, Failure, Level, Outcome, Skipped, Status, attempt_all, expect
from conformance.requests.table import INTERNAL_TEXTS, asking
from conformance.serving import ROOT
from conformance.target import Target
from gamification.kit.actors import Role

_BIN = ROOT / "conformance" / ".venv" / "bin"
_SCHEMA = ROOT / "schema.graphql"
_PACKAGES = ("api", "resolvers", "community", "gamification", "storage")
_QUERIES, _MUTATIONS = 200, 100
_EXAMPLES = 8
"""Of schemathesis, for each field of Query and Mutation."""
_SECONDS_MAX = 240.0
_FUZZING_SECONDS_MAX = 900.0


async def _run(tool: str, *arguments: str, seconds: float = _SECONDS_MAX) -> tuple[int, str, str]:
    """Exit code, standard output, standard error. Raises: Skipped where the tool is not installed."""
    if not (_BIN / tool).exists():
        raise Skipped(f"{tool} is not installed: `make conformance` installs it")
    process = await asyncio.create_subprocess_exec(
        str(_BIN / tool),
        *arguments,
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1", "SCHEMATHESIS_HOOKS": "conformance.fuzzing"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(seconds):
            output, complaints = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()
        raise Failure(f"{tool} was ended after {seconds:g} s") from None
    return process.returncode or 0, output.decode(errors="replace"), complaints.decode(errors="replace")


# ---------------------------------------------------------------- generated documents


async def generated(target: Target) -> list[Outcome]:
    """300 documents that fit the schema, made up by hypothesis-graphql; each is a check."""
    suite = "generated"
    try:
        exit_code, output, complaints = await _run(
            "python", "-m", "conformance.generate", str(_SCHEMA), str(_QUERIES), str(_MUTATIONS)
        )
    except Skipped as reason:
        return [Outcome(suite, "300 documents", Level.MUST, Status.SKIPPED, str(reason))]
    if exit_code:
        return [Outcome(suite, "300 documents", Level.MUST, Status.FAILED, complaints[-600:])]
    documents = [json.loads(line) for line in output.splitlines()]
    checks = [_fits(number, document) for number, document in enumerate(documents)]
    return await attempt_all(suite, checks, target, at_once=4)


def _fits(number: int, document: str) -> Check:
    roles = (Role.OPERATOR, Role.SERVICE, Role.MEMBER)

    async def run(target: Target) -> None:
        answer = await ask(target, asking(document), roles[number % 3])
        shown = f"{document[:300]!r}: {answer.text[:200]}"
        expect(answer.status in (200, 400), f"{answer.status}: {shown}")
        told = answer.json
        expect(isinstance(told, dict) and set(told) <= {"data", "errors", "extensions"}, f"shape: {shown}")
        expect("data" in told or told.get("errors"), f"neither data nor errors: {shown}")
        leaked = [text for text in INTERNAL_TEXTS if text in json.dumps(told.get("errors", []))]
        expect(not leaked, f"internal text {leaked}: {shown}")

    return Check(f"document {number}: {' '.join(document[:60].split())}", run)


# ---------------------------------------------------------------- schemathesis


async def _schemathesis(target: Target) -> None:
    code, output, complaints = await _run(
        "schemathesis",
        *("run", "schema.graphql", "--url", target.http, "--seed", "1", "--max-examples", str(_EXAMPLES)),
        *("--header", f"Authorization: Bearer {target.token(Role.OPERATOR, 'schemathesis')}"),
        *("--checks", "no_internal_error", "--phases", "fuzzing", "--suppress-health-check", "all"),
        "--generation-deterministic",
        seconds=_FUZZING_SECONDS_MAX,
    )
    expect(code == 0, f"exit {code}: {(output + complaints)[-1500:]}")


# ---------------------------------------------------------------- bandit and pip-audit


async def _bandit(_target: Target) -> None:
    """Findings whose line does not say why it is right by `noqa: S` and the finding's number: ruff's rules S are
    bandit's."""
    _, output, complaints = await _run("bandit", "-q", "-r", *_PACKAGES, "-c", "pyproject.toml", "-f", "json")
    try:
        findings = json.loads(output)["results"]
    except (ValueError, KeyError):
        raise Failure(f"no report: {(output + complaints)[-400:]}") from None
    open_ones = [finding for finding in findings if not _judged(finding)]
    expect(
        not open_ones,
        f"{len(open_ones)} of {len(findings)} findings: "
        + "; ".join(
            f"{f['filename']}:{f['line_number']} {f['test_id']} {f['issue_text']}" for f in open_ones
        ),
    )


def _judged(finding: dict[str, Any]) -> bool:
    number = finding["test_id"].removeprefix("B")
    return re.search(rf"# noqa: [A-Z0-9, ]*\bS{number}\b", finding["code"]) is not None


async def _pip_audit(_target: Target) -> None:
    """Known vulnerabilities of what an installation runs on."""
    code, output, complaints = await _run(
        "pip-audit",
        *("-r", "requirements/runtime.txt", "--disable-pip", "--require-hashes"),
        *("--timeout", "10", "--progress-spinner", "off", "-f", "json"),
    )
    try:
        dependencies = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        lines = complaints.strip().splitlines() or ["no report"]
        raise Skipped(f"the vulnerability service was not reachable: {lines[-1][:200]}") from None
    skipped = [found["name"] for found in dependencies if "skip_reason" in found]
    vulnerable = [
        f"{found['name']} {found['version']}: {', '.join(v['id'] for v in found['vulns'])}"
        for found in dependencies
        if found.get("vulns")
    ]
    expect(not vulnerable, "; ".join(vulnerable))
    if skipped:
        raise Skipped(
            f"{len(skipped)} of {len(dependencies)} dependencies could not be looked up: "
            "the vulnerability service was not reachable, or does not know them"
        )
    expect(code == 0, complaints[-400:])


async def schemathesis(target: Target) -> list[Outcome]:
    """Its fuzzing of every field of Query and Mutation."""
    check = Check("no server error in any field", _schemathesis, seconds_max=_FUZZING_SECONDS_MAX + 10)
    return await attempt_all("schemathesis", [check], target)


async def code(target: Target) -> list[Outcome]:
    """bandit over the packages, pip-audit over the locked dependencies."""
    checks = [
        Check("bandit", _bandit, seconds_max=_SECONDS_MAX),
        Check("pip-audit", _pip_audit, seconds_max=_SECONDS_MAX),
    ]
    return await attempt_all("code", checks, target)
