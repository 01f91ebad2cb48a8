"""How values of one type are kept outside of this process."""

from typing import Any

import msgspec


class Codec:
    """MessagePack of one type, e.g. `Codec(Page[Invoice])` or `Codec(Invoice | None)`."""

    __slots__ = ("_decoder", "_encoder")

    def __init__(self, value_type: Any) -> None:
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(value_type)

    def encode(self, value: Any) -> bytes:
        """The value as bytes."""
        return self._encoder.encode(value)

    def decode(self, data: bytes) -> Any:
        """The value again. Raises msgspec.MsgspecError where it was written with another shape."""
        return self._decoder.decode(data)
