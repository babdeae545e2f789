"""One file from a model hub, through huggingface_hub: resumed by range, HF_ENDPOINT and HF_TOKEN honoured."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from edge_assistant.adapters import needs
from edge_assistant.errors import DownloadError

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
        self, target: Path, progress: Callable[[int], object], environment: Mapping[str, str] = os.environ
    ) -> None:
        """Fetch the file to a path; what an interrupted fetch left beside it is used. Raises `DownloadError`."""
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
        scratch = target.with_name(f"{target.name}.hub")
        url = huggingface_hub.hf_hub_url(self.repository, self.file, revision=self.revision, endpoint=endpoint)
        try:
            huggingface_hub.get_hf_file_metadata(url, timeout=CONNECT)  # fails at once, where a download tries for 23 s
            fetched = huggingface_hub.hf_hub_download(
                self.repository,
                self.file,
                revision=self.revision,
                local_dir=scratch,
                etag_timeout=CONNECT,
                endpoint=endpoint,
                tqdm_class=_bar(progress),
            )
        except (unreachable, OSError, ValueError, RuntimeError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise DownloadError(f"the hub {urlsplit(url).hostname}: {_first_sentence(error)}") from error
        os.replace(fetched, target)
        shutil.rmtree(scratch, ignore_errors=True)


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
