"""Settings: precedence, all errors at once, and passwords that never travel unprotected."""

from __future__ import annotations

from pathlib import Path

import pytest

from forewarn.alerts.channels.protocol import Message
from forewarn.alerts.delivery_policy import DeliveryPolicy
from forewarn.stream import kafka
from forewarn.stream.channels import email
from forewarn.stream.settings import Settings, SettingsError, load, secret, unknown_variables


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("FOREWARN_")]:
        monkeypatch.delenv(name)


def config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "forewarn.toml"
    path.write_text(text)
    return path


def problems(**options: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(None, **options)
    return caught.value.problems


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = config(tmp_path, 'bootstrap = "127.0.0.1:1"\ntopic_prefix = "file."\nlog_level = "debug"')
    monkeypatch.setenv("FOREWARN_BOOTSTRAP", "127.0.0.1:2")
    monkeypatch.setenv("FOREWARN_TOPIC_PREFIX", "env.")
    settings = load(path, bootstrap="127.0.0.1:3", topic_prefix=None)
    assert (settings.bootstrap, settings.topic_prefix, settings.log_level) == ("127.0.0.1:3", "env.", "debug")


def test_a_table_in_the_file_is_a_prefix(tmp_path: Path) -> None:
    settings = load(config(tmp_path, '[smtp]\nhost = "relay"\nport = 587\ntls = "starttls"'))
    assert (settings.smtp_host, settings.smtp_port, settings.smtp_tls) == ("relay", 587, "starttls")


def test_all_errors_are_reported_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOREWARN_SMTP_PORT", "many")
    path = config(tmp_path, 'bootstrap = "nowhere"\nsmtp_tsl = "tls"\nlog_level = "loud"')
    with pytest.raises(SettingsError) as caught:
        load(path)
    named = {line.split(" ")[0] for line in caught.value.problems}
    assert named == {"bootstrap", "smtp_port", "log_level", "smtp_tsl"}
    assert any("there is no such setting" in line for line in caught.value.problems)


@pytest.mark.parametrize("text", ["bootstrap = ", "\x00"])
def test_a_file_that_is_not_toml_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"forewarn\.toml"):
        load(config(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.toml"):
        load(tmp_path / "absent.toml")


def test_plaintext_to_another_machine_must_be_said() -> None:
    assert any("kafka_security" in line for line in problems(bootstrap="kafka:9092"))
    assert load(bootstrap="kafka:9092", kafka_security="plaintext").kafka_security == "PLAINTEXT"


def test_sasl_without_tls_is_refused_unless_allowed(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("s3cret\n")
    sasl = {"kafka_security": "SASL_PLAINTEXT", "kafka_user": "u", "kafka_password_file": str(tmp_path / "p")}
    assert any("unprotected" in line for line in problems(**sasl))
    assert load(None, **sasl, kafka_allow_plaintext_password="true").kafka_security == "SASL_PLAINTEXT"


def test_sasl_over_tls_gives_the_client_a_verifying_context(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("s3cret\n")
    settings = load(kafka_security="SASL_SSL", kafka_user="u", kafka_password_file=str(tmp_path / "p"))
    arguments = kafka.connection(settings)
    assert arguments["ssl_context"].check_hostname
    assert arguments["sasl_plain_password"] == "s3cret"
    assert arguments["sasl_mechanism"] == "SCRAM-SHA-512"


def test_credentials_without_sasl_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("x")
    assert problems(kafka_user="u", kafka_password_file=str(tmp_path / "p"))


def test_the_mail_password_is_not_sent_to_a_relay_without_tls(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("x")
    mail = {"smtp_host": "relay.example", "smtp_user": "u", "smtp_password_file": str(tmp_path / "p")}
    assert any("smtp_tls" in line for line in problems(**mail))
    assert load(None, **mail, smtp_tls="starttls").smtp_user == "u"


def test_a_secret_never_shows_in_a_dump(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("s3cret\n")
    settings = load(kafka_security="SASL_SSL", kafka_user="u", kafka_password_file=str(tmp_path / "p"))
    assert "s3cret" not in repr(settings) + settings.model_dump_json()


def test_an_empty_or_missing_secret_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(SettingsError, match="empty"):
        secret(tmp_path / "empty")
    assert any("cannot be read" in line for line in problems(kafka_password_file=str(tmp_path / "absent")))


def test_a_sender_with_a_line_break_is_refused() -> None:
    assert problems(mail_from="a@b.example\r\nBcc: c@d.example")


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().bootstrap = "127.0.0.1:1"


def test_a_mistyped_variable_is_found() -> None:
    assert unknown_variables(["FOREWARN_SMPT_HOST", "FOREWARN_SMTP_HOST", "PATH"]) == ["FOREWARN_SMPT_HOST"]


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_webhooks_are_set_up_by_a_secret_that_is_long_enough(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("x" * 32 + "\n")
    settings = load(None, webhook_secret_file=str(path), webhook_allow="10.0.0.0/8, ::1/128")
    assert settings.channels == ("email", "webhook")
    assert load().channels == ("email",)
    path.write_text("short")
    assert any("32 characters" in line for line in problems(webhook_secret_file=str(path)))
    assert any("webhook_secret_file" in line for line in problems(webhook_allow="10.0.0.0/8"))
    assert any("webhook_allow" in line for line in problems(webhook_allow="10.0.0.1/8"))


def test_links_need_an_https_address_and_a_secret_that_is_long_enough(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("x" * 32 + "\n")
    url = "https://alerts.example/u"
    settings = load(None, link_url=url, link_secret_file=str(path))
    assert email(settings, DeliveryPolicy()).unsubscribe(MESSAGE) is not None
    assert email(load(), DeliveryPolicy()).unsubscribe(MESSAGE) is None
    assert any("go together" in line for line in problems(link_url=url))
    assert any("go together" in line for line in problems(link_secret_file=str(path)))
    assert any("no https" in line for line in problems(link_url="http://x", link_secret_file=str(path)))
    assert any("no https" in line for line in problems(link_url="https://x/?a=b", link_secret_file=str(path)))
    path.write_text("short")
    assert any("32 characters" in line for line in problems(link_url=url, link_secret_file=str(path)))


MESSAGE = Message("n1", 0, "outage", "confirmed", "email", "a@b.c", "en", "S", "T", None, 1, customer="ada")


def test_sms_is_set_up_by_a_host_and_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    smpp = {"smpp_host": "smsc", "smpp_system_id": "fw", "smpp_source": "Forewarn"}
    assert load(None, **smpp).channels == ("email", "sms")
    path = tmp_path / "password"
    path.write_text("ninechars\n")
    said = "\n".join(problems(smpp_host="smsc", smpp_source="ForewarnForewarn", smpp_password_file=str(path)))
    for part in ("needs smpp_system_id", "neither a number", "more than 8 characters"):
        assert part in said
    assert any("without smpp_host" in line for line in problems(smpp_source="Forewarn"))
