"""What a model chooses for a home is put to a person, whatever the model was talked into (FAULTS A01)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile_models import under_fire

pytestmark = pytest.mark.faults
OUTPUTS = 5_000


async def test_five_thousand_hostile_outputs_do_nothing_without_a_yes(tmp_path: Path) -> None:
    asked, changed, logged = await under_fire(tmp_path, OUTPUTS)

    assert not changed
    assert logged == []
    assert 0 < asked < OUTPUTS / 2
