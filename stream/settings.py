"""Where Forewarn runs: brokers, mail relay, folders, ports. Read once, into one frozen object.

    command line  >  environment FOREWARN_*  >  TOML file (--config)  >  defaults

What an operator tunes about decisions is not here but in the policy (policy.py). Invariant: a Settings object is whole
and consistent; all that is wrong is reported together, and no other module reads the environment.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from forewarn.stream.secret_lines import secret_problems

ENVIRONMENT_PREFIX = "FOREWARN_"

KafkaSecurity = Literal["PLAINTEXT", "SSL", "SASL_SSL", "SASL_PLAINTEXT"]
SaslMechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]

#: An address that a path can be put to (RFC 8058 asks for https).
_LINK = re.compile(r"https://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?")

#: Characters of an SMPP password (SMPP 3.4 §5.2.2), and what may stand as a sender: E.164, a short code, or letters.
SMPP_PASSWORD = 8
SENDER = r"\+?\d{3,15}|[ -~]{1,11}"

_LOOPBACK = ("127.", "localhost", "[::1]")


class SettingsError(Exception):
    """Something in the settings is wrong; `problems` lists all of it, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _state_home() -> Path:
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "forewarn"


class Settings(BaseSettings):
    """All settings. In the environment the names are upper case with `FOREWARN_` before them."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, env_ignore_empty=True, frozen=True, extra="forbid", validate_default=True
    )

    bootstrap: str = Field("127.0.0.1:9092", description="Kafka brokers, host:port, comma-separated")
    topic_prefix: str = Field(
        "", pattern=r"^[A-Za-z0-9._-]{0,80}$", description="put before every topic and group, for shared clusters"
    )
    policy: Path | None = Field(None, description="the policy file; without one the defaults hold")
    data_dir: Path = Field(default_factory=_state_home, description="where workers keep files of their own")

    smtp_host: str = Field("127.0.0.1", min_length=1, description="mail relay")
    smtp_port: int = Field(25, ge=1, le=65535, description="its port")
    smtp_tls: Literal["none", "starttls", "tls"] = Field("none", description="none, starttls, or tls from the start")
    smtp_ca: Path | None = Field(None, description="CA certificates for the relay (PEM); default: the system's")
    smtp_user: str | None = Field(None, description="user name for SMTP AUTH")
    smtp_password_file: Path | None = Field(None, description="file with its password")
    mail_from: str = Field(
        "Forewarn <noreply@forewarn.invalid>", pattern=r"^[^\r\n]+@[^\r\n]+$", description="sender of e-mails"
    )

    smpp_host: str | None = Field(None, min_length=1, description="SMS centre (SMPP 3.4); sets SMS up")
    smpp_port: int = Field(2775, ge=1, le=65535, description="its port")
    smpp_system_id: str | None = Field(None, pattern=r"^[!-~]{1,15}$", description="system id to bind with")
    smpp_password_file: Path | None = Field(None, description="file with its password, at most 8 characters")
    smpp_source: str | None = Field(None, description="sender of texts: a number, a short code, or up to 11 letters")
    smpp_tls: bool = Field(False, description="true speaks TLS from the start")
    smpp_ca: Path | None = Field(None, description="CA certificates for the SMS centre (PEM); default: the system's")
    smpp_window: int = Field(64, ge=1, le=1000, description="unanswered messages at a time, as the SMS centre allows")

    webhook_secret_file: Path | None = Field(
        None, description="file with the secret that customers' webhook secrets are derived from; sets webhooks up"
    )
    webhook_allow: str = Field(
        "", description="networks that webhooks may go to though they are not public, CIDR, comma-separated"
    )
    webhook_ca: Path | None = Field(None, description="CA certificates for webhooks (PEM); default: the system's")

    link_url: str = Field(
        "", description="https address of the page that ends messages, for List-Unsubscribe; needs link_secret_file"
    )
    link_secret_file: Path | None = Field(None, description="file with the secret that signs customers' links")

    kafka_security: KafkaSecurity | None = Field(
        None, description="PLAINTEXT, SSL, SASL_SSL or SASL_PLAINTEXT; unset means PLAINTEXT, on loopback only"
    )
    kafka_ca: Path | None = Field(None, description="CA certificates for the brokers (PEM); default: the system's")
    kafka_certificate: Path | None = Field(None, description="client certificate for mutual TLS (PEM)")
    kafka_key: Path | None = Field(None, description="its private key (PEM)")
    kafka_sasl: SaslMechanism = Field("SCRAM-SHA-512", description="SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN")
    kafka_user: str | None = Field(None, description="user name for SASL")
    kafka_password_file: Path | None = Field(None, description="file with its password")
    kafka_allow_plaintext_password: bool = Field(
        False, description="true lets SASL_PLAINTEXT send credentials without TLS"
    )

    database_url: str = Field("sqlite+aiosqlite:///forewarn.db", description="the console's database")

    metrics_bind: str = Field("127.0.0.1", description="address of /metrics, /live and /ready")
    metrics_port: int | None = Field(
        None, ge=0, le=65535, description="their port; unset: 9101-9105 by role; 0: any free one"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level that is logged")
    log_format: Literal["json", "console"] = Field("json", description="json, or console for people")

    session_s: float = Field(10.0, ge=1.0, le=300.0, description="seconds without a heartbeat until a worker is dead")
    tick_s: float = Field(1.0, ge=0.05, le=60.0, description="seconds between two ticks of an idle partition")
    stalled_s: float = Field(120.0, ge=5.0, description="seconds without progress until a worker leaves")

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that are set up. Role decide chooses among them, so all roles are given the same settings."""
        here = {"email": True, "sms": self.smpp_host is not None, "webhook": self.webhook_secret_file is not None}
        return tuple(name for name, is_here in here.items() if is_here)

    @field_validator("kafka_security", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("bootstrap")
    @classmethod
    def _addresses(cls, value: str) -> str:
        addresses = [address.strip() for address in value.split(",")]
        for address in addresses:
            host, colon, port = address.rpartition(":")
            if not (host and colon and port.isdigit() and 0 < int(port) < 65536):
                raise ValueError(f"{address!r} is not host:port")
        return ",".join(addresses)

    @field_validator(
        "policy",
        *("smtp_ca", "smtp_password_file", "smpp_ca", "smpp_password_file", "webhook_secret_file", "webhook_ca"),
        "link_secret_file",
        *("kafka_ca", "kafka_certificate", "kafka_key", "kafka_password_file"),
    )
    @classmethod
    def _readable(cls, value: Path | None) -> Path | None:
        if value is not None and not os.access(value, os.R_OK):
            raise ValueError(f"{value} cannot be read")
        return value

    @field_validator("webhook_allow")
    @classmethod
    def _networks(cls, value: str) -> str:
        for network in value.split(",") if value else ():
            ip_network(network.strip())
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = [*self._kafka_problems(), *self._smtp_problems(), *self._smpp_problems(), *self._webhook_problems()]
        problems += self._link_problems()
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _kafka_problems(self) -> list[str]:
        security = self.kafka_security
        sasl = security is not None and security.startswith("SASL")
        local = all(address.startswith(_LOOPBACK) for address in self.bootstrap.split(","))
        problems = []
        if security is None and not local:
            problems.append(
                f"{self.bootstrap} is not loopback: say kafka_security (SSL, SASL_SSL, or PLAINTEXT if so meant)"
            )
        if sasl and not (self.kafka_user and self.kafka_password_file):
            problems.append(f"kafka_security {security} needs kafka_user and kafka_password_file")
        if not sasl and (self.kafka_user or self.kafka_password_file):
            problems.append("kafka_user and kafka_password_file need kafka_security SASL_SSL")
        if security == "SASL_PLAINTEXT" and not self.kafka_allow_plaintext_password:
            problems.append(
                "SASL_PLAINTEXT sends the password unprotected: use SASL_SSL (or set kafka_allow_plaintext_password)"
            )
        if bool(self.kafka_certificate) != bool(self.kafka_key):
            problems.append("kafka_certificate and kafka_key go together")
        if (self.kafka_certificate or self.kafka_ca) and security not in ("SSL", "SASL_SSL"):
            problems.append("kafka_ca and kafka_certificate need kafka_security SSL or SASL_SSL")
        return problems

    def _smtp_problems(self) -> list[str]:
        problems = []
        if bool(self.smtp_user) != bool(self.smtp_password_file):
            problems.append("smtp_user and smtp_password_file go together")
        if self.smtp_user and self.smtp_tls == "none" and not self.smtp_host.startswith(_LOOPBACK):
            problems.append("smtp_user without TLS sends the password unprotected: set smtp_tls to starttls or tls")
        return problems

    def _smpp_problems(self) -> list[str]:
        if self.smpp_host is None:
            names = ("smpp_system_id", "smpp_password_file", "smpp_source", "smpp_tls", "smpp_ca")
            given = [name for name in names if getattr(self, name)]
            return [f"{' and '.join(given)} without smpp_host"] if given else []
        problems = [f"smpp_host needs {name}" for name in ("smpp_system_id", "smpp_source") if not getattr(self, name)]
        if self.smpp_source is not None and not re.fullmatch(SENDER, self.smpp_source):
            problems.append(f"smpp_source {self.smpp_source!r} is neither a number nor up to 11 letters")
        if self.smpp_ca is not None and not self.smpp_tls:
            problems.append("smpp_ca needs smpp_tls")
        if self.smpp_password_file is not None and len(self.smpp_password_file.read_bytes().rstrip()) > SMPP_PASSWORD:
            problems.append(
                f"smpp_password_file holds more than {SMPP_PASSWORD} characters, which SMPP 3.4 cannot take"
            )
        return problems

    def _webhook_problems(self) -> list[str]:
        if self.webhook_secret_file is None:
            given = [name for name in ("webhook_allow", "webhook_ca") if getattr(self, name)]
            return [f"{' and '.join(given)} without webhook_secret_file"] if given else []
        return secret_problems("webhook_secret_file", self.webhook_secret_file)

    def _link_problems(self) -> list[str]:
        if bool(self.link_url) != bool(self.link_secret_file):
            return ["link_url and link_secret_file go together"]
        if self.link_secret_file is None:
            return []
        problems = [] if _LINK.fullmatch(self.link_url) else [f"link_url is no https address: {self.link_url!r}"]
        return problems + secret_problems("link_secret_file", self.link_secret_file)


def secret(path: Path) -> str:
    """The secret in a file, without the line end that editors add. Raises SettingsError when it is empty."""
    text = path.read_text().rstrip("\r\n")
    if not text:
        raise SettingsError([f"{path} is empty"])
    return text


def load(config: Path | None = None, **options: str | Path | None) -> Settings:
    """Reads the settings; `options` are those of the command line, None where not given. Raises SettingsError."""
    problems: list[str] = []
    filed = _from_file(config, problems) if config is not None else {}
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    try:
        settings = _with_file(filed)(**given)
    except ValidationError as error:
        raise SettingsError(problems + [_line(problem) for problem in error.errors()]) from None
    if problems:
        raise SettingsError(problems)
    return settings


def unknown_variables(environment: Iterable[str]) -> list[str]:
    """Names that look like settings in the environment but are none: likely mistyped."""
    known = {ENVIRONMENT_PREFIX + name.upper() for name in Settings.model_fields}
    known |= {"FOREWARN_CRASH_AT", "FOREWARN_TEST_BOOTSTRAP"}
    return sorted(name for name in environment if name.startswith(ENVIRONMENT_PREFIX) and name not in known)


def _with_file(filed: dict[str, Any]) -> type[Settings]:
    """Settings whose last source, below the environment, are the values of a file."""

    class FromFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, InitSettingsSource(settings_cls, filed)

    return FromFile


def _from_file(config: Path, problems: list[str]) -> dict[str, Any]:
    """The values of a TOML file; a table `[smtp]` with `host` is `smtp_host`."""
    try:
        raw = tomllib.loads(config.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(f"{config}: {error}")
        return {}
    flat: dict[str, Any] = {}
    for name, value in raw.items():
        inner = {f"{name}_{key}": one for key, one in value.items()} if isinstance(value, dict) else {name: value}
        flat.update(inner)
    return flat


def _line(problem: Any) -> str:
    name = ".".join(str(part) for part in problem["loc"])
    text = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        text = "there is no such setting"
    return f"{name} ({ENVIRONMENT_PREFIX}{name.upper()}): {text}" if name else text
