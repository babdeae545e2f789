"""One file from a model hub, through huggingface_hub: resumed by range, HF_ENDPOINT and HF_TOKEN honoured."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from edge_assistant.adapters import needs
from edge_assistant.errors import DownloadError
from edge_assistant.models.catalog import unusable

CONNECT: Final = 5.0
"""Seconds until a hub that does not answer is passed over."""
_TRUE: Final = frozenset({"1", "on", "yes", "true"})
_SOURCE: Final = re.compile(r"hf:(?P<repository>[\w.-]+/[\w.-]+)@(?P<revision>[\w.-]+)/(?P<file>[\w./-]+)")


@dataclass(frozen=True, slots=True)
class Hub:
    """A file of a repository at a revision: ``hf:REPOSITORY@REVISION/FILE``."""

    repository: str
    revision: str
    file: str

    @classmethod
    def read(cls, text: str) -> Hub | None:
        match = _SOURCE.fullmatch(text)
        return cls(**match.groupdict()) if match else None

    def fetch(
        self, target: Path, size: int, progress: Callable[[int], object], environment: Mapping[str, str] = os.environ
    ) -> None:
        """Fetch the file, of `size` bytes, to a path; what an interrupted fetch left there is kept and continued.

        Raises `DownloadError`.
        """
        if any(environment.get(name, "").lower() in _TRUE for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")):
            raise DownloadError("the hub is turned off by HF_HUB_OFFLINE")
        with needs("huggingface-hub"):
            import huggingface_hub
            from huggingface_hub.errors import HfHubHTTPError
            from huggingface_hub.utils.logging import set_verbosity_error
        set_verbosity_error()  # type: ignore[no-untyped-call]
        # The HTTP library's own error: which library that is depends on the version of huggingface_hub.
        unreachable: type[Exception] = HfHubHTTPError.__mro__[1]
        endpoint = environment.get("HF_ENDPOINT") or None
        url = huggingface_hub.hf_hub_url(self.repository, self.file, revision=self.revision, endpoint=endpoint)
        try:
            _continue(url, target, size, progress)
        except (unreachable, OSError, ValueError, RuntimeError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise DownloadError(f"the hub {urlsplit(url).hostname}: {_first_sentence(error)}") from error
        finally:
            if target.exists() and unusable(target) is not None:
                target.unlink()


def _continue(url: str, target: Path, size: int, progress: Callable[[int], object]) -> None:
    """Fetch what is missing of a file. `hf_hub_download` would begin again: it keeps nothing of a broken fetch."""
    from huggingface_hub import get_hf_file_metadata
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    known = get_hf_file_metadata(url, timeout=CONNECT)
    if known.size is not None and known.size != size:
        raise ValueError(f"it has {known.size:,} bytes under that name instead of {size:,}")
    headers = build_hf_headers()
    if urlsplit(known.location).hostname != urlsplit(url).hostname:
        headers.pop("authorization", None)  # a storage behind the hub is not shown the token
    with target.open("ab") as file:
        if file.tell() > size:
            file.truncate(0)
        http_get(
            known.location,
            file,
            resume_size=file.tell(),
            headers=headers,
            expected_size=size,
            tqdm_class=_bar(progress),
        )


def _bar(progress: Callable[[int], object]) -> Any:
    """Return a class that huggingface_hub takes for a progress bar, and that draws nothing."""

    class Bar:
        def __init__(self, initial: int = 0, **drawing: object) -> None:
            self.n = initial
            progress(self.n)

        def update(self, count: int = 1) -> None:
            self.n += count
            progress(self.n)

        def close(self) -> None:
            pass

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *ending: object) -> None:
            pass

        def __getattr__(self, name: str) -> Callable[..., None]:
            """Whatever else a bar can do (descriptions, refreshing) is drawing."""
            return lambda *values, **options: None

    return Bar


def _first_sentence(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return re.split(r"(?<=[.!?]) | for url ", text)[0].rstrip(".")
