"""What a model has read: tokens, with the keys and values that llama.cpp keeps of them."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from edge_assistant.models.loading import Loading

if TYPE_CHECKING:
    from edge_assistant.types import FloatArray

MOST_OUTPUTS: Final = 16
"""Of so many tokens at once it can be asked what comes next; llama.cpp reserves a row of logits for each."""
_ABORTED: Final = 2
_SEQUENCE: Final = 0


class Interrupted(RuntimeError):
    """Reading was stopped from outside."""


class Context:
    """One sequence of tokens. `read` adds to its end, `cut` takes away from there."""

    def __init__(self, model: int, loading: Loading) -> None:
        import llama_cpp

        self._library = llama_cpp
        self._pointer = llama_cpp.llama_init_from_model(model, self._parameters(loading))
        if not self._pointer:
            raise ValueError(f"no memory for a context of {loading.context:,} tokens kept as {loading.cache_type}")
        self._memory = llama_cpp.llama_get_memory(self._pointer)
        self._vocabulary_size = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))
        self.size: int = llama_cpp.llama_n_ctx(self._pointer)
        self.tokens: list[int] = []
        """What is held."""
        self._room: int = llama_cpp.llama_n_batch(self._pointer)
        self._batch = llama_cpp.llama_batch_init(self._room, 0, 1)
        for index in range(self._room):
            self._batch.n_seq_id[index] = 1
            self._batch.seq_id[index][0] = _SEQUENCE
        self._stop = ctypes.create_string_buffer(2)
        self._set_abort_callback()

    def _parameters(self, loading: Loading) -> object:
        library = self._library
        parameters = library.llama_context_default_params()
        batch = min(loading.batch, loading.context)
        flash = loading.flash_attention or loading.cache_type != "f16"
        kind = {"f16": library.GGML_TYPE_F16, "q8_0": library.GGML_TYPE_Q8_0, "q4_0": library.GGML_TYPE_Q4_0}
        parameters.n_ctx, parameters.n_batch, parameters.n_ubatch = loading.context, batch, batch
        parameters.n_outputs_max = min(batch, MOST_OUTPUTS)
        parameters.n_threads, parameters.n_threads_batch = loading.threads, loading.batch_threads or loading.threads
        parameters.flash_attn_type = (
            library.LLAMA_FLASH_ATTN_TYPE_ENABLED if flash else library.LLAMA_FLASH_ATTN_TYPE_DISABLED
        )
        parameters.type_k = parameters.type_v = kind[loading.cache_type]
        parameters.no_perf = True
        return parameters

    def _set_abort_callback(self) -> None:
        """Have llama.cpp look, between two operations, whether to go on.

        It calls a function with one pointer and goes on as long as that returns zero: `strlen`, asked about a text
        of ours that is empty until somebody interrupts. A function of Python's would need the interpreter hundreds
        of times a token, while other threads hold it.
        """
        length_of = ctypes.cast(ctypes.CDLL(None).strlen, self._library.ggml_abort_callback)
        self._library.llama_set_abort_callback(self._pointer, length_of, ctypes.addressof(self._stop))

    def interrupt(self) -> None:
        """Stop reading now; called from another thread."""
        self._stop[0] = b"!"

    def resume(self) -> None:
        """Take back an `interrupt`."""
        self._stop[0] = b"\0"

    def read(self, tokens: Sequence[int], outputs: int = 1) -> None:
        """Read on; of the last `outputs` tokens it is known afterwards what comes next.

        Raises `Interrupted`, and `RuntimeError` when llama.cpp fails. What was read until then stays.
        """
        silent = len(tokens) - outputs
        for start in range(0, len(tokens), self._room):
            part = tokens[start : start + self._room]
            self._fill(part, silent - start)
            code = self._library.llama_decode(self._pointer, self._batch)
            if code != 0:
                self._library.llama_memory_seq_rm(self._memory, _SEQUENCE, len(self.tokens), -1)
                raise Interrupted if code == _ABORTED else RuntimeError(f"llama_decode returned {code}")
            self.tokens += part

    def _fill(self, tokens: Sequence[int], silent: int) -> None:
        batch, position = self._batch, len(self.tokens)
        batch.n_tokens = len(tokens)
        for index, token in enumerate(tokens):
            batch.token[index] = token
            batch.pos[index] = position + index
            batch.logits[index] = index >= silent

    def logits(self, back: int = 1) -> FloatArray:
        """Return what may follow the last token read, or one further `back`: a view of (vocabulary,) logits."""
        import numpy

        row = self._library.llama_get_logits_ith(self._pointer, -back)
        return numpy.ctypeslib.as_array(row, shape=(self._vocabulary_size,))

    def cut(self, length: int) -> None:
        """Forget what lies behind the first `length` tokens; or everything, where a model cannot forget in part."""
        if length >= len(self.tokens):
            return
        if length and self._library.llama_memory_seq_rm(self._memory, _SEQUENCE, length, -1):
            del self.tokens[length:]
        else:
            self._library.llama_memory_clear(self._memory, False)
            self.tokens.clear()

    def state(self) -> bytearray:
        """Return a copy of the keys and values."""
        size = self._library.llama_state_seq_get_size(self._pointer, _SEQUENCE)
        state = bytearray(size)
        view = (ctypes.c_uint8 * size).from_buffer(state)
        written = self._library.llama_state_seq_get_data(self._pointer, view, size, _SEQUENCE)
        del view
        return state[:written] if written != size else state

    def restore(self, tokens: Sequence[int], state: bytearray) -> bool:
        """Hold again what `state` copied, and return whether that could be done; otherwise nothing is held."""
        self._library.llama_memory_clear(self._memory, False)
        self.tokens.clear()
        view = (ctypes.c_uint8 * len(state)).from_buffer(state)
        if self._library.llama_state_seq_set_data(self._pointer, view, len(state), _SEQUENCE) == 0:
            self._library.llama_memory_clear(self._memory, False)
            return False
        self.tokens += tokens
        return True
