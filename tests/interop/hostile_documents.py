"""Documents that are made to hurt: quick to write, slow to read, to check or to answer."""

INTROSPECTION_CIRCLE = (
    "{ __schema { types { "
    + "fields { type { " * 12
    + "name"
    + " } }" * 12
    + " } } }"
)  # fmt: skip


def fragment_bomb(levels: int, spreads: int = 2) -> str:
    """Doubles with every level: read naively, `levels` of it are 2 ** levels fields."""
    parts = [f"fragment f{n} on Query {{ {f' ...f{n + 1}' * spreads} }}" for n in range(levels)]
    return "{ ...f0 } " + " ".join(parts) + f" fragment f{levels} on Query {{ viewer {{ subject }} }}"


def nested_bomb(levels: int) -> str:
    """A bomb whose fragments also nest, for rules that count depth."""
    parts = [f"fragment g{n} on Customer {{ parent {{ ...g{n + 1} ...g{n + 1} }} }}" for n in range(levels)]
    return "{ customer(id: 1) { ...g0 } } " + " ".join(parts) + f" fragment g{levels} on Customer {{ id }}"


def circle(length: int) -> str:
    """Fragments that come back to the first."""
    return "{ ...c0 } " + " ".join(f"fragment c{n} on Query {{ ...c{(n + 1) % length} }}" for n in range(length))


def chain(length: int) -> str:
    """Each fragment spreads the next: deep for whoever follows by recursion."""
    parts = " ".join(f"fragment c{n} on Query {{ ...c{n + 1} }}" for n in range(length))
    return "{ ...c0 } " + parts + f" fragment c{length} on Query {{ viewer {{ subject }} }}"


def overlapping(count: int) -> str:
    """Selections of one field that have to be compared with one another, pair by pair."""
    return "{ " + "customer(id: 1) { parent { parent { id displayName } } } " * count + "}"


def conflicting(count: int) -> str:
    """Equal aliases for different fields: a conflict in every pair."""
    pairs = " ".join(f"... on Query {{ a: customer(id: {n}) {{ b: id }} }}" for n in range(count))
    return "{ " + pairs + " }"


DOCUMENTS = {
    "50,000 equal fields": "{ viewer { " + "subject " * 50_000 + "} }",
    "30,000 times __typename": "{ " + "__typename " * 30_000 + "}",
    "3,900 equal fields": "{ viewer { " + "subject " * 3900 + "} }",
    "800 overlapping selections": overlapping(800),
    "240 overlapping selections": overlapping(240),
    "300 conflicting selections": conflicting(300),
    "1,000 aliases": "{ " + " ".join(f"a{n}: viewer {{ subject }}" for n in range(1000)) + " }",
    "150 expensive aliases": "{ "
    + " ".join(f"a{n}: customers(first: 100) {{ nodes {{ invoices {{ nodes {{ id }} }} }} }}" for n in range(150))
    + " }",
    "a fragment bomb of 18 levels": fragment_bomb(18),
    "a fragment bomb of 22 levels": fragment_bomb(22),
    "a fragment bomb of 100 levels": fragment_bomb(100),
    "a wide fragment bomb": fragment_bomb(8, spreads=40),
    "a nested fragment bomb of 14 levels": nested_bomb(14),
    "a nested fragment bomb of 60 levels": nested_bomb(60),
    "5,000 spreads of one fragment": "{ " + "...f " * 5000 + "} fragment f on Query { viewer { subject } }",
    "1,500 spreads of one fragment": "{ " + "...f " * 1500 + "} fragment f on Query { viewer { subject } }",
    "a fragment that spreads itself": "{ ...a } fragment a on Query { ...a }",
    "a circle of 300 fragments": circle(300),
    "a chain of 300 fragments": chain(300),
    "a chain of 440 fragments": chain(440),
    "1,000 fragments that nobody spreads": "{ viewer { subject } } "
    + " ".join(f"fragment u{n} on Viewer {{ subject }}" for n in range(500)),
    "a 5 MB comment": "#" + "x" * 5_000_000 + "\n{ viewer { subject } }",
    "a 200 kB comment": "#" + "x" * 200_000 + "\n{ viewer { subject } }",
    "100,000 empty comments": "#\n" * 100_000 + "{ viewer { subject } }",
    "200,000 commas": "," * 200_000 + "{ viewer { subject } }",
    "a 200 kB name": "{ " + "x" * 200_000 + " }",
    "a 200 kB string": '{ customer(id: "' + "x" * 200_000 + '") { id } }',
    "a 200 kB block string": '{ customer(id: """' + "x\n" * 100_000 + '""") { id } }',
    "a block string of quotes": '{ customer(id: """' + '\\"""' * 50_000 + '""") { id } }',
    "escapes without end": '{ customer(id: "' + "\\u0041" * 30_000 + '") { id } }',
    "10,000 levels of fields": "{ customer " * 10_000 + "}" * 10_000,
    "1,000 levels of fields": "{ customer " * 1000 + "}" * 1000,
    "100,000 open braces": "{" * 100_000,
    "300 levels of inline fragments": "{ " + "... { " * 300 + "viewer { subject }" + " }" * 300 + " }",
    "15 levels of parents, twice at each": "{ customer(id: 1) "
    + "{ a: parent { id } parent " * 14
    + "{ id }"
    + " }" * 14
    + " }",
    "10,000 levels of a list": "{ customer(id: " + "[" * 10_000 + "]" * 10_000 + ") { id } }",
    "1,900 levels of a list": "{ customer(id: " + "[" * 1900 + "]" * 1900 + ") { id } }",
    "900 levels of an input object": "{ customerBy(key: " + "{a:" * 900 + "1" + "}" * 900 + ") { id } }",
    "10,000 levels of a type": "query($a: " + "[" * 10_000 + "Int" + "]" * 10_000 + ") { viewer { subject } }",
    "1,900 levels of a type": "query($a: " + "[" * 1900 + "Int" + "]" * 1900 + ") { viewer { subject } }",
    "900 variables": "query(" + " ".join(f"$a{n}: Int" for n in range(900)) + ") { viewer { subject } }",
    "700 operations": " ".join(f"query q{n} {{ viewer {{ subject }} }}" for n in range(500)),
    "1,900 directives": "{ viewer " + "@include(if: true) " * 600 + "{ subject } }",
    "1,900 unknown directives": "{ viewer " + "@x " * 1900 + "{ subject } }",
    "1,300 unknown fields": "{ " + " ".join(f"x{n}" for n in range(1300)) + " }",
    "1,300 unknown arguments": "{ customer(" + " ".join(f"x{n}: 1" for n in range(1200)) + ") { id } }",
    "a list of 3,000 ids": "{ nodes(ids: [" + "1 " * 3000 + "]) { id } }",
    "a list of 3,000 choices": "{ customerBy(key: {number: [" + '"1" ' * 3000 + "]}) { id } }",
    "an integer of 5,000 digits": "{ customers(first: " + "9" * 5000 + ") { totalCount } }",
    "an integer of 200,000 digits": "{ customers(first: " + "9" * 200_000 + ") { totalCount } }",
    "an integer of 5,000 digits as an id": "{ customer(id: " + "9" * 5000 + ") { id } }",
    "a number without bounds": "{ customers(first: 1e400) { totalCount } }",
    "introspection in a circle": INTROSPECTION_CIRCLE,
    "a subscription where queries go": "subscription { customerChanged(id: 1) { at } }",
    "several operations of all kinds": "query a { viewer { subject } } mutation b { x } subscription c { y }",
    "a definition of a type": "type Query { a: Int } { viewer { subject } }",
    "an extension of a type": "extend type Query { a: Int }",
    "a lone surrogate": '{ customer(id: "\ud800") { id } }',
    "an escaped lone surrogate": '{ customer(id: "\\ud800") { id } }',
    "a surrogate beyond the last": '{ customer(id: "\\u{110000}") { id } }',
    "a NUL": '{ customer(id: "\\u0000") { id } }',
    "a bare NUL": "{ viewer { subject } }\0",
    "right to left": "{ viewer { \u202esubject } }",
    "a name with an accent": "{ viéwer { subject } }",
    "spaces that are none": "{\u2028viewer\u00a0{\u200bsubject } }",
    "byte order marks": "\ufeff" * 1000 + "{ viewer { subject } }",
    "the name of what is inside": "{ __class__ __init__ __dict__ }",
    "a dunder as an argument": "{ customer(__class__: 1, self: 2, info: 3) { id } }",
    "an underscore as an alias": "{ __proto__: viewer { constructor: subject } }",
    "an unterminated string": '{ customer(id: "',
    "an unterminated block string": '{ customer(id: """' + '"' * 10_000,
    "nothing but white": " " * 200_000,
    "a format string": "{ customer(id: \"%s%n{0.__class__}\") { id } }",
}  # fmt: skip

OF_INTEGER = "query($n: Int) { customers(first: $n) { totalCount } }"
OF_ID = "query($n: ID!) { customer(id: $n) { id } }"
OF_NUMBER = "query($n: String!) { customerBy(key: {number: $n}) { id } }"
OF_KEY = "query($n: CustomerKey!) { customerBy(key: $n) { id } }"
OF_SEARCH = "query($n: String!) { customers(first: 1, filter: {search: $n}) { totalCount } }"
OF_CURSOR = "query($n: String!) { customers(first: 1, after: $n) { totalCount } }"
OF_IDS = "query($n: [ID!]!) { nodes(ids: $n) { id } }"

VARIABLES = {
    "an integer of 5,000 digits": (b'{"n": ' + b"9" * 5000 + b"}", OF_INTEGER),
    "an integer of 200,000 digits": (b'{"n": ' + b"9" * 200_000 + b"}", OF_INTEGER),
    "an exponent without end": (b'{"n": 1e999999999}', OF_INTEGER),
    "a small exponent without end": (b'{"n": 1e-999999999}', OF_INTEGER),
    "a fraction for an integer": (b'{"n": 1.5}', OF_INTEGER),
    "an integer that is almost too large": (b'{"n": 2147483648}', OF_INTEGER),
    "true for an integer": (b'{"n": true}', OF_INTEGER),
    "NaN": (b'{"n": NaN}', OF_INTEGER),
    "Infinity": (b'{"n": Infinity}', OF_INTEGER),
    "20,000 levels of a list": (b'{"n": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", OF_ID),
    "60 levels of a list": (b'{"n": ' + b"[" * 60 + b"]" * 60 + b"}", OF_ID),
    "60 levels of a list of ids": (b'{"n": ' + b"[" * 60 + b'"a"' + b"]" * 60 + b"}", OF_IDS),
    "60 levels of an object in a list of ids": (b'{"n": [' + b'{"a":' * 60 + b'"a"' + b"}" * 60 + b"]}", OF_IDS),
    "60,000 ids": (b'{"n": [' + b'"a",' * 60_000 + b'"a"]}', OF_IDS),
    "20,000 levels of an object": (b'{"n": ' + b'{"a":' * 20_000 + b"1" + b"}" * 20_000 + b"}", OF_ID),
    "an object for an id": (b'{"n": {"a": 1}}', OF_ID),
    "a list of 60,000": (b'{"n": [' + b"1," * 60_000 + b"1]}", OF_ID),
    "an object of 20,000 keys": (
        b'{"n": {' + b",".join(b'"k%d":1' % n for n in range(20_000)) + b"}}",
        OF_KEY,
    ),
    "equal keys": (b'{"n": "a", "n": {"b": 1}}', OF_ID),
    "10 MB of a string": (b'{"n": "' + b"x" * 10_000_000 + b'"}', OF_ID),
    "200 kB of a string": (b'{"n": "' + b"x" * 200_000 + b'"}', OF_ID),
    "200 kB of a number of a customer": (
        b'{"n": "' + b"x" * 200_000 + b'"}',
        OF_NUMBER,
    ),
    "a lone surrogate": (b'{"n": "\\ud800"}', OF_NUMBER),
    "a lone surrogate in an id": (b'{"n": "\\udc00x"}', OF_ID),
    "a lone surrogate in bytes": (b'{"n": "\xed\xa0\x80"}', OF_ID),
    "broken UTF-8": (b'{"n": "\xff\xc0\x80"}', OF_ID),
    "a NUL": (b'{"n": "\\u0000"}', OF_NUMBER),
    "right to left": ('{"n": "\u202e\u2066\u200d"}'.encode(), OF_NUMBER),
    "many combining marks": (('{"n": "a' + "\u0301" * 50_000 + '"}').encode(), OF_NUMBER),
    "a name that folds into many": (('{"n": "' + "\ufdfa" * 40_000 + '"}').encode(), OF_SEARCH),
    "wildcards to search for": (b'{"n": "' + b"%_" * 50_000 + b'"}', OF_SEARCH),
    "the words of a search engine": (b'{"n": "\\" OR * NEAR( -( ^ : AND"}', OF_SEARCH),
    "a statement": (b'{"n": "\'; DROP TABLE customers; --"}', OF_NUMBER),
    "a cursor that is none": (b'{"n": "!!!!"}', OF_CURSOR),
    "a cursor with a list in it": (b'{"n": "W1tbW11dXV0="}', OF_CURSOR),
    "a cursor of 200 kB": (b'{"n": "' + b"QUFB" * 50_000 + b'"}', OF_CURSOR),
    "an id of another kind": (b'{"n": "SW52b2ljZTox"}', OF_ID),
    "an id with a NUL": (b'{"n": "Q3VzdG9tZXI6AA=="}', "query($n: ID!) { node(id: $n) { id } }"),
    "two keys of a choice of one": (
        b'{"n": {"number": "1", "id": "2"}}',
        OF_KEY,
    ),
    "no key of a choice of one": (b'{"n": {}}', OF_KEY),
    "null for a choice of one": (b'{"n": {"number": null}}', OF_KEY),
    "a day that is none": (b'{"n": "2024-02-31"}', "query($n: Date!) { viewer { subject } }"),
    "variables that nobody declared": (b'{"x": 1, "__class__": 2}', "{ viewer { subject } }"),
}  # fmt: skip
"""name -> the JSON of the variables, the document that takes them"""

VIEWER = b'{"query": "{ viewer { subject } }"'
HASH = b'{"persistedQuery": {"version": %s, "sha256Hash": %s}}'

BODIES = {
    "nothing": b"",
    "null": b"null",
    "a string": b'"x"',
    "a number": b"5",
    "true": b"true",
    "NaN": b"NaN",
    "an empty batch": b"[]",
    "a batch": b'[{"query": "{ viewer { subject } }"}, {"query": "{ viewer { subject } }"}]',
    "a batch of 2,000": b"[" + b",".join([b'{"query": "{ viewer { subject } }"}'] * 2000) + b"]",
    "a batch of a batch": b'[[{"query": "{ viewer { subject } }"}]]',
    "an open brace": b"{",
    "100,000 open brackets": b"[" * 100_000,
    "100,000 open objects": b'{"a":' * 40_000,
    "two bodies": b'{"query": "{ viewer { subject } }"}{"query": "{ viewer { subject } }"}',
    "UTF-16": '{"query": "{ viewer { subject } }"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + b'{"query": "{ viewer { subject } }"}',
    "bytes at random": bytes(range(256)) * 100,
    "a query that is a number": b'{"query": 5}',
    "a query that is a list": b'{"query": ["{ viewer { subject } }"]}',
    "a query that is an object": b'{"query": {"kind": "Document", "definitions": []}}',
    "an empty query": b'{"query": ""}',
    "variables that are a string": b'{"query": "{ viewer { subject } }", "variables": "{}"}',
    "variables that are a list": b'{"query": "{ viewer { subject } }", "variables": []}',
    "an operation that is a number": b'{"query": "{ viewer { subject } }", "operationName": 5}',
    "an operation that is a surrogate": b'{"query": "query a { viewer { subject } }", "operationName": "\\ud800"}',
    "an operation of 200 kB": VIEWER + b', "operationName": "' + b"x" * 200_000 + b'"}',
    "extensions that are a list": b'{"query": "{ viewer { subject } }", "extensions": []}',
    "extensions 20,000 deep": VIEWER + b', "extensions": {"a": ' + b"[" * 20_000 + b"]" * 20_000 + b"}}",
    "a persisted query that is a number": b'{"extensions": {"persistedQuery": 5}}',
    "a persisted query without a hash": b'{"extensions": {"persistedQuery": {"version": 1}}}',
    "a persisted query of another version": b'{"extensions": ' + HASH % (b"2", b'"' + b"a" * 64 + b'"') + b"}",
    "a persisted query whose hash is a list": b'{"extensions": ' + HASH % (b"1", b"[]") + b"}",
    "a persisted query whose hash is long": b'{"extensions": ' + HASH % (b"1", b'"' + b"a" * 200_000 + b'"') + b"}",
    "a persisted query of another hash": VIEWER + b', "extensions": ' + HASH % (b"1", b'"' + b"a" * 64 + b'"') + b"}",
    "a document's id that climbs": b'{"documentId": "../../etc/passwd"}',
    "an id that climbs": b'{"id": "..\\u0000/../etc/passwd"}',
    "an id that is a number": b'{"documentId": 1e400, "id": []}',
    "keys that nobody knows": b'{"query": 1, "__class__": {}, "self": 1}',
    "5 MB": b" " * 5_000_000,
    "255 kB of white": b" " * 255_000,
}  # fmt: skip
