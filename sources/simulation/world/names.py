"""The words that the world is told with. Companies, people and places in them are made up.

Telephone numbers come from the ranges that regulators keep for fiction where there is one (Ofcom, Bundesnetzagentur,
ARCEP, PTS, NANPA), and domains are below .example (RFC 2606).
"""

import msgspec

HEADS = (
    "Abre", "Alto", "Bara", "Belo", "Brune", "Cale", "Cori", "Dalve", "Dorn", "Elva", "Esko", "Fara", "Fenni", "Galdo",
    "Grevi", "Halmo", "Hesk", "Ibra", "Jorva", "Kalde", "Kori", "Lando", "Lurre", "Mavo", "Mirre", "Narvo", "Nelti",
    "Obre", "Orla", "Pelva", "Pradi", "Quella", "Ravo", "Rintu", "Salve", "Sorri", "Tarbo", "Tilva", "Ulbre", "Urdo",
    "Valmi", "Vesto", "Wenda", "Wolvi", "Yarre", "Zando", "Zelmi", "Ostra",
)  # fmt: skip
TAILS = (
    "bekk", "brandt", "cray", "dell", "drift", "fane", "ferro", "gard", "grove", "haven", "heim", "kast", "kopp",
    "lane", "lund", "mark", "mere", "mont", "nau", "nor", "quist", "rado", "rand", "rell", "rune", "sand", "scope",
    "sund", "tane", "tor", "vance", "vik", "wald", "wick", "worth", "zell",
)  # fmt: skip
TRADES = (
    ("Optics", "Precision instruments"), ("Logistics", "Transport"), ("Foods", "Food"), ("Robotics", "Machinery"),
    ("Energy", "Energy"), ("Textiles", "Textiles"), ("Software", "Software"), ("Biotech", "Life sciences"),
    ("Packaging", "Packaging"), ("Marine", "Shipbuilding"), ("Press", "Publishing"), ("Aerials", "Telecommunications"),
    ("Ceramics", "Building materials"), ("Studios", "Media"), ("Clinics", "Health care"), ("Seeds", "Agriculture"),
    ("Tools", "Machinery"), ("Travel", "Travel"), ("Timber", "Forestry"), ("Finance", "Financial services"),
    ("Games", "Software"), ("Castings", "Metals"), ("Audio", "Electronics"), ("Water", "Utilities"),
    ("Labs", "Research"), ("Retail", "Retail"), ("Rail", "Transport"), ("Schools", "Education"),
    ("Glass", "Building materials"), ("Motors", "Machinery"), ("Legal", "Legal services"), ("Cycles", "Retail"),
    ("Print", "Publishing"), ("Systems", "Software"), ("Works", "Construction"),
)  # fmt: skip

FIRST_NAMES = (
    "Ada", "Akira", "Amira", "Anders", "Anneke", "Aurelio", "Bea", "Bilal", "Carla", "Casimir", "Chiara", "Dalia",
    "Dario", "Edda", "Elias", "Emi", "Enzo", "Farah", "Fiona", "Gerrit", "Greta", "Hana", "Henrik", "Ines", "Ivo",
    "Jasper", "Jonna", "Kaito", "Katja", "Lamia", "Leif", "Lotte", "Luca", "Maren", "Mateo", "Mirja", "Nadim", "Nell",
    "Olav", "Orla", "Paloma", "Piet", "Quentin", "Rana", "Romy", "Rupert", "Saskia", "Selma", "Silas", "Tamsin",
    "Theo", "Ugo", "Vera", "Viggo", "Wanda", "Yusuf", "Yvette", "Zora",
)  # fmt: skip
LAST_NAMES = (
    "Abendroth", "Albrino", "Ashgrove", "Bergstrand", "Birkwell", "Castellani", "Clarendel", "Dahlkvist", "Dunmorrow",
    "Eikeland", "Ellersby", "Fairbourne", "Feldhusen", "Garrano", "Greyfell", "Haddonby", "Hoshikawa", "Ingleroth",
    "Jansbeek", "Kestrelli", "Kirchhoven", "Lindqvall", "Loxworth", "Marchetto", "Mirzade", "Nakahama", "Norrfors",
    "Oakhurst", "Ostendorp", "Pellegrane", "Quillfeather", "Rasmunder", "Rosenhain", "Sabbadine", "Silverlund",
    "Steenvoort", "Tarrano", "Thornebury", "Uchiyara", "Valdemarin", "Vossberg", "Wainscott", "Westerhold", "Yamasato",
    "Zahradin", "Zwanenburg",
)  # fmt: skip
ROLES = ("Head of Finance", "IT Manager", "Accounts Payable", "Operations Manager", "Chief Executive", "Procurement",
         "Support Lead", "Office Manager")  # fmt: skip
OWNERS = ("Thea Malling", "Rory Castlefield", "Ilse Bramhoven", "Kenji Moritaka", "Paula Serrandez", "Noah Whitlow")
AGENTS = ("Sam Ottersby", "Priya Nandakar", "Lars Hedebrand", "Chloe Beaumarin", "Tariq Elmansor")
STREETS = ("Harbour Road", "Mill Lane", "Garden Street", "Station Square", "Old Bridge Street", "Orchard Way",
           "Lighthouse Walk", "Foundry Yard")  # fmt: skip


class Market(msgspec.Struct, frozen=True, kw_only=True):
    """What is usual for customers of a country."""

    country: str  # ISO 3166 alpha-2
    currency: str
    weight: int  # how many of a hundred customers, about
    legal_form: str
    tax_rate: str  # percentage
    cities: tuple[tuple[str, str, str | None], ...]  # city, postal code, region
    phone: str  # with one place for a number below the range's size
    tax_id: str | None  # with one place for a number
    methods: tuple[str, ...]  # how invoices are paid


MARKETS = (
    Market(country="DE", currency="EUR", weight=22, legal_form="GmbH", tax_rate="19",
           cities=(("Berlin", "10117", None), ("Hamburg", "20095", None), ("Leipzig", "04109", None)),
           phone="+493023125{:03}", tax_id="DE9{:08}", methods=("sepa_debit", "card", "bank_transfer")),
    Market(country="US", currency="USD", weight=22, legal_form="Inc.", tax_rate="6",
           cities=(("Pittsburgh", "15222", "PA"), ("Allentown", "18101", "PA"), ("Erie", "16501", "PA")),
           phone="+1412555{:04}", tax_id="98-9{:06}", methods=("card", "card", "bank_transfer")),
    Market(country="GB", currency="GBP", weight=16, legal_form="Ltd", tax_rate="20",
           cities=(("London", "EC1A 1BB", None), ("Leeds", "LS1 4AP", None), ("Bristol", "BS1 5TR", None)),
           phone="+442079460{:03}", tax_id="GB9{:08}", methods=("card", "bank_transfer")),
    Market(country="FR", currency="EUR", weight=11, legal_form="SARL", tax_rate="20",
           cities=(("Lyon", "69002", None), ("Nantes", "44000", None)),
           phone="+3319900{:04}", tax_id="FR909{:08}", methods=("sepa_debit", "card")),
    Market(country="NL", currency="EUR", weight=9, legal_form="B.V.", tax_rate="21",
           cities=(("Utrecht", "3511 AA", None), ("Groningen", "9711 LM", None)),
           phone="+31850{:06}", tax_id="NL9{:08}B01", methods=("sepa_debit", "card")),
    Market(country="ES", currency="EUR", weight=6, legal_form="S.L.", tax_rate="21",
           cities=(("Valencia", "46002", None), ("Bilbao", "48001", None)),
           phone="+34910{:06}", tax_id="ESB{:08}", methods=("card", "sepa_debit")),
    Market(country="SE", currency="SEK", weight=5, legal_form="AB", tax_rate="25",
           cities=(("Uppsala", "753 20", None), ("Malmö", "211 34", None)),
           phone="+468465004{:02}", tax_id="SE9{:09}01", methods=("card", "bank_transfer")),
    Market(country="CH", currency="CHF", weight=4, legal_form="AG", tax_rate="8.1",
           cities=(("Basel", "4051", None), ("Zug", "6300", None)),
           phone="+4131000{:04}", tax_id="CHE9{:08}", methods=("card", "bank_transfer")),
    Market(country="JP", currency="JPY", weight=3, legal_form="K.K.", tax_rate="10",
           cities=(("Kobe", "650-0001", None), ("Sendai", "980-0021", None)),
           phone="+81300{:06}", tax_id="T9{:012}", methods=("bank_transfer", "card")),
    Market(country="KW", currency="KWD", weight=2, legal_form="W.L.L.", tax_rate="0",
           cities=(("Kuwait City", "13001", None),),
           phone="+9652200{:04}", tax_id=None, methods=("card", "bank_transfer")),
)  # fmt: skip

SUBJECTS = (
    ("Invoice shows the wrong number of seats", "We have {n} seats, the invoice says more. Please check.", "billing"),
    (
        "Cannot sign in since this morning",
        "Nobody at our {city} office can sign in. The page says error {n}.",
        "access",
    ),
    ("Export takes very long", "The monthly export has been running for {n} hours.", "performance"),
    ("Please change our billing address", "We have moved within {city}. The new address follows.", "billing"),
    ("Question about our contract", "When does our contract end, and by when do we have to tell you?", "contract"),
    ("Reports are empty", "Since the last release {n} of our reports show no data.", "reports"),
    ("Service was down", "The service did not answer for {n} minutes. What does our agreement say?", "outage"),
    ("How do we add a colleague?", "We would like to add {n} people in {city}.", "howto"),
    ("Payment was taken twice", "Our bank shows the same amount two times.", "billing"),
    ("API answers with 429", "Our job stops after {n} calls. Can the limit be raised?", "api"),
)
ANSWERS = (
    "Thank you for writing. I am looking into it and will come back to you today.",
    "I have passed this on to our engineers.",
    "This is mended now. Could you please try again?",
    "Could you tell me which browser you use?",
    "I have corrected it. You will see it on the next invoice.",
)
NOTES = ("Checked the account, all fine on our side.", "Asked engineering.", "Customer called as well, sounded upset.")
REPLIES = ("Thanks, that was quick.", "It still does not work.", "That helped, thank you.", "Any news?")
