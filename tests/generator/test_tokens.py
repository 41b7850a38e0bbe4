from __future__ import annotations

import pytest

from generator.tokens import card_token, device_id, key_fingerprint, token_key


def test_a_token_depends_on_the_key() -> None:
    assert card_token(b"one", 1, 42) != card_token(b"other", 1, 42)


def test_a_token_is_the_same_for_the_same_card() -> None:
    assert card_token(b"one", 1, 42) == card_token(b"one", 1, 42)


def test_tokens_and_devices_are_told_apart() -> None:
    assert len(card_token(b"one", 1, 42)) == 32
    assert len(device_id(b"one", 1, 42, 0)) == 16
    assert not card_token(b"one", 1, 42).startswith(device_id(b"one", 1, 42, 0))


def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYSTREAM_TOKEN_KEY", "secret")
    assert token_key() == b"secret"


def test_without_one_the_simulation_s_key_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAYSTREAM_TOKEN_KEY", raising=False)
    assert token_key() == b"paystream-simulation"


def test_a_key_of_unusable_length_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYSTREAM_TOKEN_KEY", "x" * 65)
    with pytest.raises(ValueError, match="PAYSTREAM_TOKEN_KEY has 65 bytes"):
        token_key()


def test_a_fingerprint_does_not_contain_the_key() -> None:
    assert "secret" not in key_fingerprint(b"secret")
