"""NVIDIA's cards, as the driver tells: how much of their memory is free, and how hot they are."""

from __future__ import annotations

from typing import Any

from edge_assistant.models.board import Graphics


class Nvml:
    """Asks about the first card; says nothing where there is none, or where nvidia-ml-py is not installed."""

    def __init__(self) -> None:
        self._library: Any = None
        self._tried = False

    def __call__(self) -> Graphics | None:
        library = self._opened()
        if library is None:
            return None
        try:
            card = library.nvmlDeviceGetHandleByIndex(0)
            name, celsius = library.nvmlDeviceGetName(card), library.nvmlDeviceGetTemperature(card, 0)
        except library.NVMLError:
            return None
        try:
            free = int(library.nvmlDeviceGetMemoryInfo(card).free)
        except library.NVMLError:  # a Jetson: its graphics processor uses the memory of the machine
            free = None
        return Graphics(str(name), free, float(celsius))

    def _opened(self) -> Any:
        """Return the library, once it has found the driver."""
        if self._tried:
            return self._library
        self._tried = True
        try:
            import pynvml

            pynvml.nvmlInit()
        except ImportError:
            return None
        except pynvml.NVMLError:
            return None
        self._library = pynvml
        return pynvml
