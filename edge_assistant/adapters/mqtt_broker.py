"""Where the MQTT broker is, who we are there, and how a client for it is opened."""

from __future__ import annotations

import logging
import os
import socket
import ssl
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from edge_assistant.adapters import needs
from edge_assistant.devices.link_files import fixed_topic
from edge_assistant.devices.links import MAX_PAYLOAD
from edge_assistant.errors import ConfigError

if TYPE_CHECKING:
    import aiomqtt
    from paho.mqtt.properties import Properties

    from edge_assistant.config import Actions

PATIENCE: Final = 4.0
"""Seconds for the broker to answer anything."""
ONLINE: Final = "online"
OFFLINE: Final = "offline"
_UNSUPPORTED_VERSION: Final = 0x84
"""CONNACK: unsupported protocol version (MQTT 5, section 3.2.2.2); paho reads the 1 of older brokers as this."""
_RESET_ON_CLOSE: Final = (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
"""What still waits in a socket that we give up is thrown away, and not delivered after its time."""
_AT_ONCE: Final = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
"""Small packets that wait for each other cost 40 ms each."""
_library_log = logging.getLogger(f"{__name__}.library")
"""Where aiomqtt tells, with tracebacks, what our errors say in one sentence."""
_library_log.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is, who we are there, and whom we trust to say that it is this one."""

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = None
    authority: Path | None = None
    """The certificate of who signed the broker's; the system's without one."""
    certificate: Path | None = None
    """Our own, with its key, for a broker that asks for one."""
    key: Path | None = None
    status: str | None = None
    """The topic where we say that we are there."""

    @classmethod
    def at(cls, url: str, user_env: str | None = None, password_env: str | None = None) -> Broker:
        """Read ``mqtt://host:port`` or ``mqtts://host``. Raises `ConfigError`."""
        parts = urlsplit(url)
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or "@" in parts.netloc or parts.path.strip("/"):
            raise ConfigError("actions.mqtt: this is no address of a broker, like mqtt://192.168.1.2:1883")
        tls = parts.scheme == "mqtts"
        user, password = (os.environ.get(name) if name else None for name in (user_env, password_env))
        return cls(parts.hostname, parts.port or (8883 if tls else 1883), tls, user, password)

    @classmethod
    def of(cls, settings: Actions) -> Broker:
        """Read the settings. Raises `ConfigError`."""
        broker = replace(
            cls.at(settings.mqtt or "", settings.mqtt_user_env, settings.mqtt_password_env),
            authority=settings.mqtt_ca,
            certificate=settings.mqtt_certificate,
            key=settings.mqtt_key,
            status=_status(settings.mqtt_status),
        )
        if broker.tls:
            _trust(broker)  # a file that cannot be used is said now, not when a lamp is to be switched
        elif broker.authority or broker.certificate:
            raise ConfigError("actions.mqtt: certificates need an address that starts with mqtts://")
        return broker

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def client(self, newest: bool = True) -> aiomqtt.Client:
        """Return a client that is not connected yet, for MQTT 5 or, where that is too new, MQTT 3.1.1."""
        with needs("edge-assistant"):
            import aiomqtt

        version = aiomqtt.ProtocolVersion.V5 if newest else aiomqtt.ProtocolVersion.V311
        client = aiomqtt.Client(
            self.host,
            self.port,
            username=self.user,
            password=self.password,
            logger=_library_log,
            identifier=f"edge-assistant-{token_hex(4)}",
            protocol=version,
            will=aiomqtt.Will(self.status, OFFLINE, 1, retain=True) if self.status else None,
            timeout=PATIENCE,
            keepalive=15,
            properties=properties("CONNECT", MaximumPacketSize=MAX_PAYLOAD + 1024) if newest else None,
            tls_context=_trust(self) if self.tls else None,
            socket_options=[_RESET_ON_CLOSE, _AT_ONCE],
            max_queued_incoming_messages=10_000,
        )
        client._client.connect_timeout = PATIENCE
        return client


class _Shown(ssl.SSLSocket):
    """A connection that is closed when the other side cannot prove who it is; paho leaves it open."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError as error:
            self.close()
            if isinstance(error, ConnectionError | ssl.SSLEOFError):
                raise ssl.SSLError(0, "it broke off; does it speak TLS there?") from error
            raise


def properties(packet: str, **values: int) -> Properties:
    """Return what MQTT 5 lets one say with a packet."""
    from paho.mqtt import properties
    from paho.mqtt.packettypes import PacketTypes

    said = properties.Properties(getattr(PacketTypes, packet))  # type: ignore[no-untyped-call]
    for name, value in values.items():
        setattr(said, name, value)
    return said


def too_new(error: Exception) -> bool:
    """Return whether a broker refused a connection since it does not know this version of MQTT."""
    return getattr(getattr(error, "rc", None), "value", None) == _UNSUPPORTED_VERSION


def refusal(error: Exception) -> str:
    """Say in one sentence why there is no connection."""
    cause = error.__context__ if isinstance(error.__context__, OSError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate cannot be trusted ({cause.verify_message.rstrip('.')})"
    if isinstance(cause, ssl.SSLError):
        return f"no TLS connection ({_why(cause)})"
    if isinstance(cause, TimeoutError):
        return "it does not answer"
    if isinstance(cause, OSError):
        return f"it cannot be reached ({_why(cause)})"
    return str(error) or type(error).__name__


def _trust(broker: Broker) -> ssl.SSLContext:
    """Return whose certificates count, and which is ours. Raises `ConfigError`."""
    try:
        context = ssl.create_default_context(cafile=broker.authority)
    except OSError as error:
        raise ConfigError(f"actions.mqtt_ca: {broker.authority} cannot be used ({_why(error)})") from error
    context.sslsocket_class = _Shown
    try:
        if broker.certificate is not None:
            context.load_cert_chain(broker.certificate, broker.key, password="")
    except OSError as error:
        raise ConfigError(f"actions.mqtt_certificate: {broker.certificate} cannot be used ({_why(error)})") from error
    return context


def _why(error: OSError) -> str:
    reason = getattr(error, "reason", None)
    return reason.replace("_", " ").lower() if isinstance(reason, str) else error.strerror or str(error)


def _status(topic: str | None) -> str | None:
    try:
        return fixed_topic(topic) if topic is not None else None
    except ValueError as error:
        raise ConfigError(f"actions.mqtt_status: {error}") from error
