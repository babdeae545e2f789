"""One file from a model hub: huggingface_hub asks for it, so HF_ENDPOINT and HF_TOKEN hold; `web` fetches it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from edge_assistant.adapters import needs
from edge_assistant.adapters.web import CONNECT, Transfer
from edge_assistant.errors import DownloadError
from edge_assistant.models.sources import Offer

if TYPE_CHECKING:
    from huggingface_hub import HfFileMetadata

_TRUE: Final = frozenset({"1", "on", "yes", "true"})
_SOURCE: Final = re.compile(r"hf:(?P<repository>[\w.-]+/[\w.-]+)@(?P<revision>[\w.-]+)/(?P<file>[\w./-]+)")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


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

    def __str__(self) -> str:
        return f"hf:{self.repository}@{self.revision}/{self.file}"

    def offer(self, size: int, environment: Mapping[str, str]) -> Offer:
        """Ask the hub for the file: its size, the SHA-256 that it publishes, its commit. Raises `DownloadError`."""
        if any(environment.get(name, "").lower() in _TRUE for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")):
            raise DownloadError("the hub is turned off by HF_HUB_OFFLINE")
        endpoint = environment.get("HF_ENDPOINT") or None
        with needs("huggingface-hub"):
            from huggingface_hub import hf_hub_url
            from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]
        url = hf_hub_url(self.repository, self.file, revision=self.revision, endpoint=endpoint)
        told, host = _told(url), f"the hub {urlsplit(url).hostname}"
        if told.size is not None and size not in (0, told.size):
            raise DownloadError(f"{host}: it has {told.size:,} bytes under that name instead of {size:,}")
        # From the hub's own address each time: the one of the storage behind it is good for an hour only.
        transfer = Transfer(url, headers=build_hf_headers(), host=host)
        commit, tag = told.commit_hash or "", told.etag or ""
        fixed = replace(self, revision=commit) if _COMMIT.fullmatch(commit) else self
        published = tag if _SHA256.fullmatch(tag) else ""
        return Offer(str(fixed), transfer.fetch, told.size or size, published)


def _told(url: str) -> HfFileMetadata:
    """Return what the hub says of a file. Raises `DownloadError`."""
    from huggingface_hub import get_hf_file_metadata
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.utils.logging import set_verbosity_error

    set_verbosity_error()  # type: ignore[no-untyped-call]
    # The HTTP library's own error: which library that is depends on the version of huggingface_hub.
    unreachable: type[Exception] = HfHubHTTPError.__mro__[1]
    try:
        return get_hf_file_metadata(url, timeout=CONNECT)
    except (unreachable, OSError, ValueError, RuntimeError) as error:
        raise DownloadError(f"the hub {urlsplit(url).hostname}: {_first_sentence(error)}") from error


def _first_sentence(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return re.split(r"(?<=[.!?]) | for url ", text)[0].rstrip(".")
