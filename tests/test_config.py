from __future__ import annotations

from pathlib import Path

import pytest

from edge_assistant.config import Config, Endpoint, shipped
from edge_assistant.errors import ConfigError


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_everything_has_a_default(tmp_path: Path) -> None:
    config = Config.read(home=tmp_path)

    assert config.tiers == ("rules", "answers", "knowledge", "device", "cloud")
    assert config.cloud.endpoints == ()
    assert config.home == tmp_path


def test_the_home_holds_its_own_file(tmp_path: Path) -> None:
    written(tmp_path, '[device]\nmodel = "smollm2-135m"\n')

    assert Config.read(home=tmp_path).device.model == "smollm2-135m"


def test_the_environment_overrides_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "[device]\nthreads = 4\ncontext = 1024\n")
    monkeypatch.setenv("EDGE_ASSISTANT_DEVICE__THREADS", "2")

    config = Config.read(path)

    assert (config.device.threads, config.device.context) == (2, 1024)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[device]\nthread = 4\n", "device.thread: there is no such setting"),
        (
            'tiers = ["rules", "moon"]\n',
            "tiers.1: input should be 'rules', 'answers', 'knowledge', 'device' or 'cloud'",
        ),
        ("[device\n", "config.toml: "),
        ("[device]\nthreads = 0\n", "device.threads: input should be greater than or equal to 1"),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence(tmp_path: Path, text: str, complaint: str) -> None:
    path = written(tmp_path, text)

    with pytest.raises(ConfigError) as caught:
        Config.read(path)

    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        Config.read(tmp_path / "none.toml")


def test_a_file_that_is_not_text_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ConfigError, match=r"config\.toml"):
        Config.read(path)


def test_a_key_comes_from_the_variable_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sesame")

    endpoint = Endpoint(api_key_env="MY_KEY")

    assert endpoint.key() == "sesame"
    assert "sesame" not in repr(endpoint)


def test_data_comes_with_the_package() -> None:
    assert (shipped("rules") / "en").is_dir()
    assert (shipped("models") / "manifest.toml").is_file()


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_ASSISTANT_HOME", "")

    assert Config.read().home.is_absolute()


def test_a_variable_that_is_no_json_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_ASSISTANT_TIERS", "rules")

    with pytest.raises(ConfigError, match=r'an environment variable .* "tiers"'):
        Config.read(home=tmp_path)
