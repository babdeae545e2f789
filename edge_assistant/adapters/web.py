"""One large file over HTTP: continued where it broke off, and never a mixture of two versions of it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from edge_assistant.adapters import needs
from edge_assistant.errors import DownloadError
from edge_assistant.models.sources import Offer
from edge_assistant.models.stored import unusable

if TYPE_CHECKING:
    import httpx

CONNECT: Final = 5.0
"""Seconds until a host that does not answer is passed over."""
PATIENCE: Final = 30.0
"""Seconds without a byte after which a connection is given up and the file continued on another."""
ATTEMPTS: Final = 5
"""Connections in a row that may bring nothing new."""
_LONGEST_PAUSE: Final = 30.0
_REDIRECTS: Final = 5
_GLANCE: Final = 64
"""Bytes after which a web page is told from a model."""
_BUSY: Final = frozenset({408, 429, 500, 502, 503, 504})
_RANGE: Final = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


@dataclass(frozen=True, slots=True)
class Web:
    """A file by its address: ``https://HOST/PATH``."""

    url: str

    @classmethod
    def read(cls, text: str) -> Web | None:
        try:
            address = urlsplit(text)
            whole = address.scheme == "https" and address.hostname and address.username is None and address.port != 0
        except ValueError:
            return None
        return cls(text) if whole and not re.search(r"\s", text) else None

    def offer(self, size: int, environment: Mapping[str, str]) -> Offer:
        """Ask how large the file is, unless that is known. Raises `DownloadError`."""
        transfer = Transfer(self.url)
        return Offer(self.url, transfer.fetch, size or transfer.size())


class _Again(Exception):
    """This connection is over, but another may bring the rest."""

    def __init__(self, reason: str, pause: float | None = None, *, anew: bool = False) -> None:
        super().__init__(reason)
        self.pause = pause
        self.anew = anew
        """Whether what was here is thrown away, which leaves nothing to continue."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Fetches one file; redirects lead to https, or stay where the address began."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    patience: float = PATIENCE
    pause: Callable[[float], None] = time.sleep
    host: str = ""
    """How errors call the place; the host of the address where nothing is said."""

    def size(self) -> int:
        """Return how many bytes the file has, 0 where the place does not say. Raises `DownloadError`."""
        try:
            with self._client() as client, self._opened(client, "HEAD", {}) as response:
                _check(response)
                return int(response.headers.get("Content-Length", "0"))
        except (_Again, ValueError) as error:
            raise self._error(str(error)) from error

    def fetch(self, target: Path, size: int, progress: Callable[[int], object]) -> None:
        """Fetch a file of `size` bytes to a path, and continue what lies there. Raises `DownloadError`."""
        failures, best = 0, 0
        with self._client() as client, _opened_partial(target, size) as partial:
            while partial.length < size:
                try:
                    self._continue(client, partial, progress)
                except _Again as again:
                    failures = 1 if partial.length > best else failures + 1
                    best = max(best, partial.length)
                    if failures >= ATTEMPTS or not (partial.length or again.anew):
                        raise self._error(str(again)) from again
                    self.pause(min(again.pause or failures - 1.0, _LONGEST_PAUSE))
        progress(size)

    def _continue(self, client: httpx.Client, partial: _Partial, progress: Callable[[int], object]) -> None:
        """Read one response into the file, as far as it goes."""
        with self._opened(client, "GET", partial.conditions()) as response:
            if response.status_code == 416:
                partial.begin("")
                raise _Again("it does not have the part that was asked for", anew=True)
            _check(response)
            partial.accept(response, self._error)
            progress(partial.length)
            for block in response.iter_raw():
                partial.write(block, self._error)
                progress(partial.length)
        if partial.length < partial.size:
            raise _Again(f"it ended after {partial.length:,} of {partial.size:,} bytes")

    @contextmanager
    def _client(self) -> Iterator[httpx.Client]:
        with needs("httpx"):
            import httpx
        try:
            client = httpx.Client(timeout=httpx.Timeout(self.patience, connect=CONNECT), follow_redirects=False)
        except (httpx.InvalidURL, ImportError, ValueError, OSError):  # not shown: a proxy may hold a password
            raise self._error("the proxy or certificate settings of the environment do not work") from None
        with client:
            yield client

    @contextmanager
    def _opened(self, client: httpx.Client, method: str, conditions: Mapping[str, str]) -> Iterator[httpx.Response]:
        """Follow redirects to where the file is, and translate what the network does. Raises `_Again`."""
        import httpx

        url, headers = self.url, {**self.headers, **conditions, "Accept-Encoding": "identity"}
        try:
            for _ in range(_REDIRECTS + 1):
                with client.stream(method, url, headers=headers) as response:
                    if not response.has_redirect_location:
                        yield response
                        return
                    url, headers = self._elsewhere(url, response.headers["Location"], headers)
        except httpx.TimeoutException as error:
            raise _Again(
                "it does not answer" if isinstance(error, httpx.ConnectTimeout) else "it fell silent"
            ) from error
        except httpx.TransportError as error:
            raise _Again(" ".join(str(error).split()) or type(error).__name__) from error
        except httpx.InvalidURL as error:
            raise self._error("its address is not valid") from error
        raise self._error(f"it redirects more than {_REDIRECTS} times")

    def _elsewhere(self, url: str, location: str, headers: dict[str, str]) -> tuple[str, dict[str, str]]:
        """Return where a redirect leads and what may be said there. Raises `DownloadError`."""
        there = urljoin(url, location)
        if _origin(there) == _origin(url):
            return there, headers
        if urlsplit(there).scheme != "https":
            raise self._error("it redirects to an address that is not https")
        return there, {name: value for name, value in headers.items() if name.lower() != "authorization"}

    def _error(self, reason: str) -> DownloadError:
        return DownloadError(f"{self.host or urlsplit(self.url).hostname}: {reason.rstrip('.')}")


@dataclass(slots=True)
class _Partial:
    """The beginning of a file, and which version of it that is."""

    path: Path
    file: FileIO
    tag_file: Path
    size: int
    length: int

    @property
    def tag(self) -> str:
        return self.tag_file.read_text() if self.tag_file.exists() else ""

    def conditions(self) -> dict[str, str]:
        """Return what asks for the rest, provided that the file is still the same; nothing where that is not known."""
        tag = self.tag
        return {"Range": f"bytes={self.length}-", "If-Range": tag} if self.length and tag else {}

    def begin(self, tag: str) -> None:
        """Throw away what is here, and start with another version."""
        self.file.truncate(0)
        self.file.seek(0)
        self.length = 0
        self.tag_file.write_text(tag)

    def accept(self, response: httpx.Response, error: Callable[[str], DownloadError]) -> None:
        """Make ready for the body of a response. Raises `DownloadError` when it cannot be the file."""
        tag = _validator(response)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise error("it sends the file in another encoding than it was asked for")
        if response.status_code == 206 and self._continues(response, tag):
            return
        if response.status_code == 206:
            self.begin("")
            raise _Again("it sends another part than it was asked for", anew=True)
        promised = response.headers.get("Content-Length")
        if promised is not None and promised != str(self.size):
            raise error(f"it has {promised} bytes under that name instead of {self.size:,}")
        self.begin(tag)

    def _continues(self, response: httpx.Response, tag: str) -> bool:
        """Tell whether a response brings what follows of this version."""
        found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if found is None or int(found[1]) != self.length or found[2] not in ("*", str(self.size)):
            return False
        return not (tag and self.tag and tag != self.tag)

    def write(self, block: bytes, error: Callable[[str], DownloadError]) -> None:
        """Append a block. Raises `DownloadError` when more comes than was promised, or no model."""
        if self.length + len(block) > self.size:
            self.begin("")
            raise error(f"it sends more than the {self.size:,} bytes that the file has")
        rest = memoryview(block)
        while rest:  # a nearly full disk takes a part
            rest = rest[self.file.write(rest) :]
        self.length += len(block)
        if self.length - len(block) < _GLANCE <= self.length:
            flaw = unusable(self.path)
            if flaw is not None:
                self.begin("")
                raise error(f"what it sends {flaw}")


@contextmanager
def _opened_partial(target: Path, size: int) -> Iterator[_Partial]:
    tag_file = target.with_name(f"{target.name}.tag")
    with target.open("ab", buffering=0) as file:
        partial = _Partial(target, file, tag_file, size, file.tell())
        if partial.length > size:
            partial.begin("")
        yield partial


def _check(response: httpx.Response) -> None:
    """Raise `_Again` for what may pass, and `DownloadError` for what will not."""
    status = response.status_code
    if status in _BUSY:
        wanted = response.headers.get("Retry-After", "")
        raise _Again(f"it says {status} {response.reason_phrase}", float(wanted) if wanted.isdecimal() else None)
    if status not in (200, 206):
        raise DownloadError(f"{response.url.host}: it says {status} {response.reason_phrase}".rstrip())


def _validator(response: httpx.Response) -> str:
    """Return what tells one version of a file from another, for ``If-Range`` (RFC 9110, section 13.1.5)."""
    tag: str = response.headers.get("ETag", "")
    if tag.startswith('"'):
        return tag
    return "" if tag else str(response.headers.get("Last-Modified", ""))  # a weak tag allows other bytes


def _origin(url: str) -> tuple[str, str | None, int | None]:
    address = urlsplit(url)
    return address.scheme, address.hostname, address.port
