"""The channels of this deployment: made from its settings and the delivery policy, for role deliver.

`Settings.channels` names them for role decide, which chooses among them. Invariant: the two agree.
"""

from __future__ import annotations

from forewarn.alerts.channels.address_guard import parse_networks
from forewarn.alerts.channels.email import EmailChannel
from forewarn.alerts.channels.links import Links
from forewarn.alerts.channels.protocol import Channel
from forewarn.alerts.channels.smpp_session import Smsc
from forewarn.alerts.channels.sms import SmsChannel
from forewarn.alerts.channels.smtp_pool import Relay
from forewarn.alerts.channels.webhook import WebhookChannel, WebhookSettings, read_secrets
from forewarn.alerts.delivery_policy import DeliveryPolicy
from forewarn.stream.settings import Settings


def channels(settings: Settings, delivery: DeliveryPolicy) -> list[Channel]:
    """Every channel that is set up. Raises ValueError when its settings cannot be used."""
    found: list[Channel] = [email(settings, delivery)]
    if settings.smpp_host is not None:
        found.append(sms(settings, delivery))
    if settings.webhook_secret_file is not None:
        found.append(webhook(settings, delivery))
    return found


def email(settings: Settings, delivery: DeliveryPolicy) -> EmailChannel:
    """E-mail by the relay of the settings."""
    relay = Relay(
        host=settings.smtp_host,
        port=settings.smtp_port,
        tls=settings.smtp_tls,
        user=settings.smtp_user,
        password_file=settings.smtp_password_file,
        ca_file=settings.smtp_ca,
        connections=delivery.connections,
        timeout_s=delivery.send_timeout_s,
    )
    if settings.link_secret_file is None:
        return EmailChannel(relay, settings.mail_from)
    links = Links(settings.link_url, read_secrets(settings.link_secret_file))
    return EmailChannel(relay, settings.mail_from, links.unsubscribe)


def sms(settings: Settings, delivery: DeliveryPolicy) -> SmsChannel:
    """SMS by the SMS centre of the settings."""
    assert settings.smpp_host is not None
    return SmsChannel(
        Smsc(
            host=settings.smpp_host,
            port=settings.smpp_port,
            system_id=settings.smpp_system_id or "",
            password_file=settings.smpp_password_file,
            source=settings.smpp_source or "",
            tls=settings.smpp_tls,
            ca_file=settings.smpp_ca,
            window=settings.smpp_window,
            timeout_s=delivery.send_timeout_s,
        )
    )


def webhook(settings: Settings, delivery: DeliveryPolicy) -> WebhookChannel:
    """Webhooks, signed with what is derived from the operator's secret."""
    assert settings.webhook_secret_file is not None
    return WebhookChannel(
        WebhookSettings(
            secret_file=settings.webhook_secret_file,
            allowed=parse_networks(settings.webhook_allow.split(",")),
            ca_file=settings.webhook_ca,
            timeout_s=min(15.0, delivery.send_timeout_s),
        )
    )
