"""Every setting is in .env.example, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

from app.config import Settings

ROOT = Path(__file__).parents[1]


def test_every_setting_is_documented() -> None:
    documented = set(re.findall(r"^([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    known = {
        str(field.validation_alias) if field.validation_alias else f"CROSSDOCK_{name.upper()}"
        for name, field in Settings.model_fields.items()
    }
    assert documented == known
