"""One TOML file, checked once, when it is read; the environment and the command line may override it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from edge_assistant.errors import ConfigError
from edge_assistant.types import TierName

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_PACKAGE = Path(__file__).parent


def shipped(folder: Literal["rules", "knowledge_base", "models"]) -> Path:
    """Return a folder of data that came with the package: inside the wheel, or beside it in a checkout."""
    inside = _PACKAGE / "data" / folder
    return inside if inside.is_dir() else _PACKAGE.parent / folder


class Section(BaseModel):
    """A table of the file. Unknown keys are errors, and nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Rules(Section):
    folders: tuple[Path, ...] = ()
    """Folders of your own rules, read after the shipped ones; a file of the same name replaces the shipped one."""
    packs: tuple[Literal["home-assistant"], ...] = ("home-assistant",)
    """Sentences of others, understood where they are installed: `pip install 'edge-assistant[home-assistant]'`."""
    house: Path | None = None
    """The `home.yaml` that lists your areas and devices; without one, a small sample home is used."""


class Answers(Section):
    enabled: bool = True
    """Whether answers given before are used again."""
    days: float = Field(default=30.0, gt=0)
    """How long an answer may be used again."""


class Collection(Section):
    language: Literal["en", "zh"] | None = None
    """The language of its documents; without one, it is recognised for each."""
    share: Literal["never", "lan", "cloud"] = "never"
    """How far its passages may travel, where `cloud.share_passages` is on: `lan` is a machine of this network."""
    priority: int = Field(default=0, ge=-9, le=9)
    """How many places its passages are lifted above others that were found."""


class Knowledge(Section):
    starter: bool = True
    """Whether the documents that come with the package are part of the knowledge base."""
    embedder: Path | None = None
    """A folder with an embedding model (sentence-transformers with ONNX, or model2vec), or the name of one that
    `edge-assistant models pull` fetched; without one, the shipped all-MiniLM-L6-v2, which reads English."""
    passages: int = Field(default=3, ge=1, le=20)
    """How many passages are handed to a language model."""
    threshold: float = Field(default=0.6, ge=0, le=1)
    """The probability of being right from which a quotation is given without asking the next tier.

    At .6, of what was given to labelled questions and other sentences that the tables had not seen, about half of them
    without an answer in the documents, .75 was right in English and .88 in Chinese."""
    max_megabytes: float = Field(default=50.0, gt=0)
    """The largest document that `kb add` reads."""
    max_seconds: float = Field(default=30.0, gt=0)
    """The processor time that reading one document may take."""
    collections: Mapping[str, Collection] = {}
    """What holds for a collection, by its name, instead of what `edge-assistant kb collection` sets."""


class Actions(Section):
    mqtt: str | None = None
    """The MQTT broker of devices that are connected through one: `mqtt://192.168.1.2:1883`, `mqtts://` with TLS."""
    mqtt_user_env: str | None = None
    """The environment variable that holds the user name for the broker."""
    mqtt_password_env: str | None = None
    """The environment variable that holds the password for the broker."""
    mqtt_ca: Path | None = None
    """The certificate (PEM) of who signed the broker's; without one, those count that the system trusts."""
    mqtt_certificate: Path | None = None
    """Our own certificate (PEM), for a broker that asks for one."""
    mqtt_key: Path | None = None
    """The key of our own certificate, where it is not in the same file."""
    mqtt_status: str | None = None
    """A topic where the broker keeps `online` while we are connected and `offline` after, even after a crash."""
    discover: str | None = None
    """The topic prefix under which devices announce themselves as to Home Assistant, usually `homeassistant`.

    `edge-assistant doctor` reads it and remembers what it found."""
    dry_run: bool = False
    """Whether to say what would be done instead of doing it."""
    propose: Literal["never", "confirm", "low-risk"] = "never"
    """Whether the model of `[device]` may choose what a command means that no rule understands: `confirm` asks you
    first, whatever it is; `low-risk` does at once what can do no harm, and asks for the rest."""
    pin_env: str | None = None
    """The environment variable that holds a PIN; what lets people in then takes it instead of a yes."""


class Endpoint(Section):
    base_url: str = "https://api.deepseek.com"
    """Where the OpenAI-compatible API lives, up to but without `/chat/completions`."""
    model: str = "deepseek-chat"
    """The model to ask for."""
    api_key: SecretStr | None = None
    """The key; better kept in the environment, see `api_key_env`."""
    api_key_env: str | None = None
    """The environment variable that holds the key."""

    def key(self) -> str | None:
        """Return the key from the file, or from the variable that it names."""
        if self.api_key is not None:
            return self.api_key.get_secret_value()
        return os.environ.get(self.api_key_env) if self.api_key_env else None


class LocalServer(Endpoint):
    base_url: str = "http://127.0.0.1:8080/v1"
    """Where the server lives, on this device or this network, up to but without `/chat/completions`."""
    model: str = "local"
    """The model to ask for; llama-server takes any name."""
    billions: float = Field(default=0.0, ge=0)
    """How many billion parameters it has, so how far it is believed; without a number, as little as one of 0.5."""
    languages: tuple[Literal["en", "zh"], ...] = Field(default=("en", "zh"), min_length=1)
    """The languages that it speaks."""
    command: tuple[str, ...] = ()
    """What starts the server, in words: started at the first question, watched, and ended with us."""
    starting: float = Field(default=50.0, gt=0)
    """Seconds that the command may take until the server answers."""


class Device(Section):
    model: str = "auto"
    """A name from `edge-assistant models list`, or the path of a GGUF file; `auto` is the largest that fits now."""
    ladder: tuple[str, ...] = ()
    """The models, or paths, among which `auto` chooses; without any, all that lie here and are free to use."""
    slowest: float = Field(default=2.0, ge=0)
    """Tokens a second below which `auto` takes a smaller model."""
    idle: float = Field(default=600.0, gt=0)
    """Seconds without a question after which the model is unloaded."""
    reserve: int = Field(default=200, ge=0)
    """Megabytes of memory that are left to everybody else."""
    hottest: float = Field(default=85.0, gt=0)
    """Degrees Celsius from which `auto` takes a smaller model."""
    battery: float = Field(default=20.0, ge=0, le=100)
    """Percent of a battery from which `auto` takes the smallest model."""
    context: int = Field(default=4096, ge=512)
    """How many tokens the model sees at once."""
    threads: int | None = Field(default=None, ge=1)
    """How many CPU threads it may use; without a number, all physical cores."""
    gpu_layers: int | None = Field(default=None, ge=-1)
    """How many layers to place on the GPU; -1 is all of them. Without a number, all that fit, where llama.cpp was built
    for one."""
    max_tokens: int = Field(default=512, ge=1)
    """The longest answer, in tokens."""
    queue: int = Field(default=16, ge=0)
    """How many questions may wait while another one is answered; one more is told at once that the model is busy."""
    patience: float = Field(default=60.0, gt=0)
    """Seconds until the first word, loading included."""
    threshold: float = Field(default=0.5, ge=0, le=1)
    """The probability of being right from which the model answers without asking the cloud first."""
    endpoint: LocalServer | None = None
    """Another engine on this device or network that answers instead of a GGUF file."""


class Cloud(Section):
    endpoints: tuple[Endpoint, ...] = ()
    """Asked in this order; the second steps in when the first fails. Empty: the cloud is off."""
    share_passages: bool = False
    """Whether pieces of your documents may be sent along: of those collections that allow it (`share`)."""
    patience: float = Field(default=8.0, gt=0)
    """Seconds until the first word."""
    total: float = Field(default=60.0, gt=0)
    """Seconds for a whole answer, everything included."""
    max_tokens: int = Field(default=1024, ge=1)
    """The longest answer, in tokens."""


class Config(BaseSettings):
    """Everything that can be set. Made in code it is what the code says; `read` looks at file and environment.

    Environment variables look like ``EDGE_ASSISTANT_DEVICE__THREADS=2``.
    """

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        env_prefix="EDGE_ASSISTANT_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        nested_model_default_partial_update=True,
    )

    home: Path = Path(platformdirs.user_data_dir("edge-assistant"))
    """Where everything is kept: databases, indexes, models."""
    language: Literal["auto", "en", "zh"] = "auto"
    """The language of answers; `auto` follows each question."""
    tiers: tuple[TierName, ...] = ("rules", "answers", "knowledge", "device", "cloud")
    """The order in which tiers are asked; leave one out to turn it off."""
    rules: Rules = Rules()
    answers: Answers = Answers()
    knowledge: Knowledge = Knowledge()
    actions: Actions = Actions()
    device: Device = Device()
    cloud: Cloud = Cloud()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)

    @classmethod
    def read(cls, path: Path | None = None, home: Path | None = None) -> Config:
        """Read the file and the environment, or say in one sentence what is wrong with them.

        `home` overrides both. Without a path: ``config.toml`` in the home that is set, else in the user's
        configuration folder, and the defaults where there is no such file. Raises `ConfigError`.
        """
        chosen = path or cls.usual_path(home)
        values: dict[str, Any] = {}
        if path is not None or chosen.exists():
            values = read_toml(chosen)
        try:
            config = cls(**_merged(values, EnvSettingsSource(cls)()))
        except SettingsError as error:
            raise ConfigError(f"an environment variable does not hold the JSON that it should: {error}") from error
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"]))
            unknown = first["type"] == "extra_forbidden"
            reason = "there is no such setting" if unknown else first["msg"].lower()
            raise ConfigError(f"{chosen}: {key}: {reason}") from error
        return config if home is None else config.model_copy(update={"home": home})

    @staticmethod
    def usual_path(home: Path | None) -> Path:
        """Return the file that is read where none is named."""
        named = home or os.environ.get("EDGE_ASSISTANT_HOME")
        folder = Path(named) if named else Path(platformdirs.user_config_dir("edge-assistant"))
        return folder / "config.toml"


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file holds. Raises `ConfigError`."""
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    return values


def _merged(values: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Lay one tree of settings over another."""
    merged = dict(values)
    for key, value in over.items():
        below = values.get(key)
        merged[key] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
