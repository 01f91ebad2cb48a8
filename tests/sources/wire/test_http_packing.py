"""Packed bodies: unpacked whole or not at all, and never beyond the bound."""

import contextlib
import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.wire.http.failures import BrokenOff, HttpFailure, NotHttp, TooLarge
from sources.wire.http.packing import MAX_MEMBERS, unpacked

BODY = b'{"results": []}' * 10


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


PACKED: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("x-gzip", gzip.compress),
    ("GZIP", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
    ("identity", bytes),
    (" ", bytes),
]


@pytest.mark.parametrize(("encoding", "pack"), PACKED)
@pytest.mark.parametrize("body", [b"", BODY, bytes(100_000)])
def test_what_was_packed_comes_out_as_it_was(encoding: str, pack: Callable[[bytes], bytes], body: bytes) -> None:
    packed = pack(body)
    assert unpacked(packed, encoding, 100_000) == body


@pytest.mark.parametrize(("encoding", "pack"), PACKED[:5])
def test_a_bomb_is_not_unpacked(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    with pytest.raises(TooLarge):
        unpacked(pack(bytes(50_000_000)), encoding, 1_000_000)


def test_the_bound_is_exact() -> None:
    assert len(unpacked(gzip.compress(BODY), "gzip", len(BODY))) == len(BODY)
    with pytest.raises(TooLarge):
        unpacked(gzip.compress(BODY), "gzip", len(BODY) - 1)


@pytest.mark.parametrize(("encoding", "pack"), PACKED[:5])
def test_what_breaks_off_anywhere_does_not_come_out(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(BODY)
    for at in range(1, len(packed)):
        with pytest.raises(BrokenOff):
            unpacked(packed[:at], encoding, 100_000)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_what_is_said_to_be_packed_and_is_not_does_not_come_out(encoding: str) -> None:
    with pytest.raises(BrokenOff):
        unpacked(BODY, encoding, 100_000)


def test_a_wrong_checksum_is_noticed() -> None:
    packed = bytearray(gzip.compress(BODY))
    packed[-6] ^= 1
    with pytest.raises(BrokenOff):
        unpacked(bytes(packed), "gzip", 100_000)


def test_parts_that_a_proxy_joined_come_out_joined_and_thousands_of_parts_do_not() -> None:
    part = gzip.compress(b"{}")
    assert unpacked(part * MAX_MEMBERS, "gzip", 100_000) == b"{}" * MAX_MEMBERS
    with pytest.raises(TooLarge):
        unpacked(part * 2000, "gzip", 100_000)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "chunked"])
def test_a_packing_that_nobody_asked_for_is_malformed(encoding: str) -> None:
    with pytest.raises(NotHttp):
        unpacked(BODY, encoding, 100_000)


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=300), st.sampled_from(["gzip", "deflate"]))
def test_noise_is_a_failure_or_bytes_within_the_bound(noise: bytes, encoding: str) -> None:
    with contextlib.suppress(HttpFailure):
        assert len(unpacked(noise, encoding, 1000)) <= 1000
