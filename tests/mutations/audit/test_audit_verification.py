"""With an export, checkpoints and public keys alone, every change of the log is found, and the first is named."""

import copy
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from mutations.governance.audit.canonical import NOTHING, canonical, commitment_to, digest_of
from mutations.governance.audit.checkpoints import checkpoint_of
from mutations.governance.audit.merkle import EMPTY_ROOT, Frontier, leaf_hash, node_hash
from mutations.governance.audit.notes import BadNote, Signer, VerifierKey, read_notes
from mutations.governance.audit.verifying import DoesNotFit, read_checkpoints, verify

SIGNER = Signer("c360.audit/acme", Ed25519PrivateKey.from_private_bytes(b"1" * 32))
SALT = "00" * 16


def chain(events: list[dict]) -> list[dict]:
    previous, made = NOTHING, []
    for sequence, event in enumerate(events, 1):
        detail = {"comment": event["actor"]}
        content = {**event, "detail": commitment_to(SALT, canonical(detail))}
        digest = digest_of(sequence, previous, content)
        made.append(
            {"sequence": sequence, "previousDigest": previous, "event": content, "digest": digest}
            | {"salt": SALT, "detail": detail}
        )
        previous = digest
    return made


def signed(lines: list[dict], sizes: list[int], signer: Signer = SIGNER) -> str:
    tree, previous, notes = Frontier(), None, []
    for line in lines:
        tree.add(bytes.fromhex(line["digest"]))
        if tree.size in sizes:
            made = checkpoint_of("acme", tree.size, tree.root(), datetime(2026, 1, 1, tzinfo=UTC), previous)
            notes.append(signer.signed(made.text))
            previous = made.text
    return "\n".join(notes)


EVENTS = [{"actor": f"a{n}", "action": "read"} for n in range(40)]
LINES = chain(EVENTS)
CHECKPOINTS = read_checkpoints(signed(LINES, [10, 25, 40]), [SIGNER.key])


def found(lines: list[dict], checkpoints=CHECKPOINTS) -> str:
    with pytest.raises(DoesNotFit) as caught:
        verify([json.dumps(line).encode() for line in lines], checkpoints)
    return str(caught.value)


def test_a_log_as_it_was_written_is_in_order():
    verified = verify([json.dumps(line).encode() for line in LINES], CHECKPOINTS)
    assert (verified.events, verified.signed) == (40, 40)


def test_events_after_the_last_checkpoint_are_chained_and_told_apart():
    verified = verify([json.dumps(line).encode() for line in LINES], CHECKPOINTS[:2])
    assert (verified.events, verified.signed) == (40, 25)


places = st.integers(0, len(LINES) - 1)
fields = st.sampled_from(["sequence", "previousDigest", "digest", "actor", "action", "salt", "comment"])


@given(places, fields, st.text(min_size=1))
def test_any_single_edit_is_found_at_its_event(place, field, text):
    lines = copy.deepcopy(LINES)
    line = lines[place]
    part = line["event"] if field in ("actor", "action") else line["detail"] if field == "comment" else line
    value = len(lines) + len(text) if field == "sequence" else text
    if part[field] == value:
        return
    part[field] = value
    assert f"event {place + 1} " in found(lines)


@given(places)
def test_a_deleted_event_is_missed(place):
    lines = LINES[:place] + LINES[place + 1 :]
    assert f"event {place + 1} is missing" in found(lines)


@given(places, places)
def test_an_event_that_stands_twice_is_found(place, source):
    lines = [*LINES[:place], LINES[source], *LINES[place:]]
    if source == place:
        assert f"event {place + 2} " in found(lines)
    else:
        assert f"event {place + 1} " in found(lines)


@given(places, places)
def test_events_that_changed_places_are_found(one, other):
    if one == other:
        return
    lines = list(LINES)
    lines[one], lines[other] = lines[other], lines[one]
    assert f"event {min(one, other) + 1} " in found(lines)


@given(places)
def test_a_log_that_ends_too_early_is_found(place):
    assert f"event {place + 1} is missing: the export ends after {place} events" in found(LINES[:place])


@given(places, st.text(min_size=1))
def test_a_chain_that_is_made_anew_from_an_edit_on_is_found_before_the_next_checkpoint(place, actor):
    events = copy.deepcopy(EVENTS)
    if events[place]["actor"] == actor:
        return
    events[place]["actor"] = actor
    told = found(chain(events))
    first = next(start for start, end in ((1, 10), (11, 25), (26, 40)) if start <= place + 1 <= end)
    assert f"event {first} does not fit, or one up to" in told
    assert "made anew" in told


def test_a_line_that_is_no_event_is_found():
    with pytest.raises(DoesNotFit, match="event 2 does not fit"):
        verify([json.dumps(LINES[0]).encode(), b"{"], CHECKPOINTS)


def test_an_erased_detail_changes_nothing():
    lines = [{key: each[key] for key in each if key not in ("salt", "detail")} for each in LINES]
    assert verify([json.dumps(line).encode() for line in lines], CHECKPOINTS).signed == 40


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text.replace("tenant acme", "tenant other", 1), "checkpoint 1 does not fit: its signature by"),
        (lambda text: text.replace("\n10\n", "\n11\n"), "checkpoint 1 does not fit: its signature by"),
        (lambda text: text[text.index("\n\nc360") + 2 :].replace("—", "", 1), "checkpoint"),
        (lambda text: "", "holds no checkpoint"),
        (lambda text: text[: text.rindex("—")], "cut off"),
        (lambda text: "\n\n".join(reversed(text.split("\n\nc360"))), "checkpoint"),
    ],
)
def test_a_checkpoint_file_that_was_changed_is_refused(change, told):
    with pytest.raises(DoesNotFit, match=told):
        read_checkpoints(change(signed(LINES, [10, 25, 40])), [SIGNER.key])


def test_a_checkpoint_taken_out_of_the_middle_is_missed():
    blocks = signed(LINES, [10, 25, 40]).split("\n\n")
    assert len(blocks) == 6
    with pytest.raises(DoesNotFit, match="checkpoint 2, of 40 events, does not follow"):
        read_checkpoints("\n\n".join([*blocks[:2], *blocks[4:]]), [SIGNER.key])


def test_a_checkpoint_of_a_stranger_is_refused():
    stranger = Signer(SIGNER.key.name, Ed25519PrivateKey.generate())
    with pytest.raises(DoesNotFit, match="that public key was not given"):
        read_checkpoints(signed(LINES, [10], stranger), [SIGNER.key])


def test_keys_change_and_each_checkpoint_names_its_own():
    after = Signer(SIGNER.key.name, Ed25519PrivateKey.generate())
    first = signed(LINES, [10])
    tree = Frontier()
    for line in LINES[:25]:
        tree.add(bytes.fromhex(line["digest"]))
    previous = read_notes(first)[0].text
    second = after.signed(checkpoint_of("acme", 25, tree.root(), datetime.now(UTC), previous).text)
    checkpoints = read_checkpoints(f"{first}\n{second}", [SIGNER.key, after.key])
    assert verify([json.dumps(line).encode() for line in LINES], checkpoints).signed == 25
    with pytest.raises(DoesNotFit, match="checkpoint 2"):
        read_checkpoints(f"{first}\n{second}", [SIGNER.key])


def test_a_verifier_key_is_read_as_it_is_written():
    assert VerifierKey.read(str(SIGNER.key)) == SIGNER.key
    for wrong in ("", "name", "name+00000000+AAAA", str(SIGNER.key)[:-4], str(SIGNER.key).replace("acme", "other")):
        with pytest.raises(BadNote):
            VerifierKey.read(wrong)


def naive_root(leaves: list[bytes]) -> bytes:
    """As RFC 6962 defines it, by the largest power of two below the size."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(naive_root(leaves[:split]), naive_root(leaves[split:]))


@given(st.integers(0, 300))
def test_the_root_is_that_of_rfc_6962(size):
    leaves = [leaf_hash(str(n).encode()) for n in range(size)]
    tree = Frontier()
    for leaf in leaves:
        tree.add(leaf)
    assert tree.root() == naive_root(leaves)


def test_the_roots_of_certificate_transparency():
    """Source: the reference test vectors of certificate-transparency, merkle_tree_test."""
    data = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    tree = Frontier()
    for each in data:
        tree.add(leaf_hash(bytes.fromhex(each)))
    assert tree.root().hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
