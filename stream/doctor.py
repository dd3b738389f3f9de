"""`forewarn doctor`: looks at everything Forewarn needs on this machine, and says what would mend what is wrong.

Each check is one function that answers a Finding. Invariant: it changes nothing, here or at the brokers.
"""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import ssl
import sys
from collections.abc import AsyncIterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import aiosmtplib
import orjson
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from msgspec import Struct, to_builtins
from rich.console import Console

from forewarn.stream import kafka, policy, topics_admin
from forewarn.stream import settings as all_settings
from forewarn.stream.settings import Settings

Verdict = Literal["ok", "warning", "failed"]

_MARKS: dict[Verdict, str] = {"ok": "[green]ok[/]     ", "warning": "[yellow]warning[/]", "failed": "[red]failed[/] "}
#: The engine relies on private methods of these very versions (pyproject.toml pins them).
_PINNED = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "aiokafka": "0.14.0"}
_LEAST_FREE_BYTES = 1 << 30
_TIMEOUT_S = 10.0


class Finding(Struct, frozen=True):
    """What one check found; `remedy` says what would mend it."""

    check: str
    verdict: Verdict
    text: str
    remedy: str = ""


async def run(
    *,
    bootstrap: str | None,
    config: Path | None,
    policy: Path | None,
    topic_prefix: str | None,
    as_json: bool,
) -> int:
    """Prints every finding; 1 if something failed."""
    found = [
        finding async for finding in examine(config, bootstrap=bootstrap, policy=policy, topic_prefix=topic_prefix)
    ]
    if as_json:
        print(orjson.dumps(to_builtins(found), option=orjson.OPT_INDENT_2).decode())
    else:
        _print(found)
    return int(any(finding.verdict == "failed" for finding in found))


async def examine(config: Path | None, **options: str | Path | None) -> AsyncIterator[Finding]:
    """All findings, cheap ones first; what depends on the settings is left out when they are wrong."""
    yield check_python()
    yield check_pins()
    yield check_java()
    yield check_environment()
    try:
        settings = all_settings.load(config, **options)
    except all_settings.SettingsError as error:
        for problem in error.problems:
            yield Finding("settings", "failed", problem, "see README, Configuration")
        return
    yield Finding("settings", "ok", f"bootstrap {settings.bootstrap}, prefix {settings.topic_prefix!r}")
    for finding in check_policy(settings):
        yield finding
    yield check_data_dir(settings)
    brokers = await check_kafka(settings)
    yield brokers
    if brokers.verdict != "failed":
        async for finding in check_topics(settings):
            yield finding
    yield await check_mail(settings)


def check_python() -> Finding:
    """Python 3.11 or later."""
    text = f"Python {platform.python_version()}"
    if sys.version_info < (3, 11):
        return Finding("python", "failed", text, "install Python 3.11 or later")
    return Finding("python", "ok", text)


def check_pins() -> Finding:
    """The exact versions that the engine was made for."""
    wrong = []
    for package, wanted in _PINNED.items():
        try:
            there = version(package)
        except PackageNotFoundError:
            there = "missing"
        if there != wanted:
            wrong.append(f"{package} {there} instead of {wanted}")
    if wrong:
        return Finding(
            "packages", "failed", ", ".join(wrong), "make setup, or pip install -r deploy/requirements/runtime.lock"
        )
    return Finding("packages", "ok", ", ".join(f"{name} {number}" for name, number in _PINNED.items()))


def check_java() -> Finding:
    """A Java for the embedded Kafka; only the demo and the tests need one."""
    from forewarn.deploy.java import NoJava, find_java, java_version

    try:
        java = find_java()
    except NoJava as error:
        return Finding("java", "warning", "none; only `forewarn demo` without --bootstrap needs it", str(error))
    return Finding("java", "ok", f"{java_version(java)} at {java}")


def check_environment() -> Finding:
    """Variables that look like settings and are none."""
    unknown = all_settings.unknown_variables(os.environ)
    if unknown:
        return Finding(
            "environment", "warning", f"not a setting: {', '.join(unknown)}", "mistyped? see README, Configuration"
        )
    return Finding("environment", "ok", "every FOREWARN_ variable is a setting")


def check_policy(settings: Settings) -> list[Finding]:
    """The policy file, or the defaults."""
    try:
        read = policy.load(settings.policy)
    except policy.PolicyError as error:
        return [Finding("policy", "failed", problem, "forewarn policy check") for problem in error.problems]
    where = settings.policy or "the defaults"
    if read.mode != "live":
        return [Finding("policy", "warning", f"{read.hash} from {where}: mode {read.mode}, not everybody is sent to")]
    return [Finding("policy", "ok", f"{read.hash} from {where}, mode live")]


def check_data_dir(settings: Settings) -> Finding:
    """Workers can write there, and it is not full."""
    folder = settings.data_dir
    there = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not os.access(there, os.W_OK):
        return Finding(
            "data_dir", "failed", f"{folder} cannot be written", "set FOREWARN_DATA_DIR to a folder that can"
        )
    free = shutil.disk_usage(there).free
    text = f"{folder}, {free / (1 << 30):.1f} GiB free"
    return Finding("data_dir", "ok" if free > _LEAST_FREE_BYTES else "warning", text)


async def check_kafka(settings: Settings) -> Finding:
    """The brokers answer, with these credentials."""
    admin = AIOKafkaAdminClient(**kafka.connection(settings), request_timeout_ms=int(_TIMEOUT_S * 1000))
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            await admin.start()
            brokers = (await admin.describe_cluster())["brokers"]
    except (KafkaError, OSError, ssl.SSLError) as error:
        what = str(error) or type(error).__name__
        return Finding(
            "kafka",
            "failed",
            f"{settings.bootstrap}: {what}",
            "is FOREWARN_BOOTSTRAP right, and does a broker listen there?",
        )
    finally:
        await admin.close()
    return Finding("kafka", "ok", f"{len(brokers)} broker{'s' * (len(brokers) != 1)} behind {settings.bootstrap}")


async def check_topics(settings: Settings) -> AsyncIterator[Finding]:
    """Every topic of the catalog is there, with its partition count."""
    problems = await topics_admin.check(kafka.connection(settings), settings.topic_prefix)
    for problem in problems:
        yield Finding("topics", "failed", problem, "forewarn topics apply")
    if not problems:
        yield Finding("topics", "ok", "all there, as the catalog says")


async def check_mail(settings: Settings) -> Finding:
    """The relay takes mail from us, as far as can be known without sending one."""
    client = aiosmtplib.SMTP(
        hostname=settings.smtp_host,
        port=settings.smtp_port,
        use_tls=settings.smtp_tls == "tls",
        start_tls=settings.smtp_tls == "starttls",
        tls_context=ssl.create_default_context(cafile=settings.smtp_ca) if settings.smtp_tls != "none" else None,
        timeout=_TIMEOUT_S,
    )
    where = f"{settings.smtp_host}:{settings.smtp_port}"
    try:
        await client.connect()
        if settings.smtp_user and settings.smtp_password_file:
            await client.login(settings.smtp_user, all_settings.secret(settings.smtp_password_file))
        await client.noop()
        await client.quit()
    except (aiosmtplib.SMTPException, OSError, all_settings.SettingsError) as error:
        return Finding(
            "mail", "failed", f"{where}: {error}", "is FOREWARN_SMTP_HOST right? deliver keeps trying until it is"
        )
    return Finding("mail", "ok", f"{where} answers, TLS: {settings.smtp_tls}")


def _print(found: list[Finding]) -> None:
    console = Console(highlight=False)
    for finding in found:
        console.print(f"{_MARKS[finding.verdict]} {finding.check:<11} ", end="")
        console.print(finding.text, markup=False)
        if finding.remedy and finding.verdict != "ok":
            console.print(f"{'':20}-> {finding.remedy}", markup=False)
