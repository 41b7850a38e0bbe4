"""How does a card number become a token before anything else sees it?"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from generator.recorded.mapping import CardSource, MappingError
from generator.recorded.reading import Batch
from generator.tokens import KEY_VARIABLE, REAL_KEY_BYTES, protects, recorded_card_token

#: Digits of a card number (ISO/IEC 7812) and of the BIN at its beginning.
_PAN_DIGITS: Final = range(12, 20)
_BIN_DIGITS: Final = 8


class _Card(NamedTuple):
    token: str | None
    bin: str | None


class Tokeniser:
    """Cards as tokens, each hashed once.

    Parameters
    ----------
    source
        Where the mapping says that cards are.
    key
        Of the hash.

    Raises
    ------
    generator.recorded.mapping.MappingError
        If real card numbers would be hashed with a key that everybody knows or can guess.
    """

    def __init__(self, source: CardSource, key: bytes) -> None:
        if source.kind == "pan" and not source.synthetic and not protects(key):
            raise MappingError(
                f"set {KEY_VARIABLE} to {REAL_KEY_BYTES} bytes or more that nobody knows, or the "
                "tokens of these card numbers could be guessed; "
                "if nobody has these cards, say synthetic = true in [fields.card_token]"
            )
        self._is_pan = source.kind == "pan"
        #: Columns that hold the card.
        self.names = source.names
        self._key = key
        self._cards: dict[str | None, _Card] = {None: _Card(None, None)}

    def cards(self, batch: Batch) -> tuple[Any, Any]:
        """Token and BIN of each row, null where the card cannot be read."""
        texts = self.texts(batch)
        if isinstance(texts, pa.ChunkedArray):
            texts = texts.combine_chunks()
        coded = pc.dictionary_encode(texts)
        known = [self._card(text) for text in coded.dictionary.to_pylist()]
        places = coded.indices
        tokens = pa.array([card.token for card in known], pa.string()).take(places)
        return tokens, pa.array([card.bin for card in known], pa.string()).take(places)

    def texts(self, batch: Batch) -> Any:
        """What stands for the card in each row; not to be kept or shown."""
        columns = [batch.columns[name] for name in self.names]
        return columns[0] if len(columns) == 1 else pc.binary_join_element_wise(*columns, "|")

    def _card(self, text: str | None) -> _Card:
        card = self._cards.get(text)
        if card is None:
            card = self._cards[text] = self._hash(text or "")
        return card

    def _hash(self, text: str) -> _Card:
        identity = text.strip()
        if not self._is_pan:
            return _Card(recorded_card_token(self._key, identity) if identity else None, None)
        digits = identity.replace(" ", "").replace("-", "")
        if not (digits.isascii() and digits.isdigit() and len(digits) in _PAN_DIGITS):
            return _Card(None, None)
        return _Card(recorded_card_token(self._key, digits), digits[:_BIN_DIGITS])
