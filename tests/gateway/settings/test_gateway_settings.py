import pytest

from gateway.settings import SettingsError, load_settings

IDENTITY = """
[identity]
issuer = "https://id.example.com/"
audience = "urn:c360:gateway"
tenant = "acme"
"""
BILLING = """
[sources.billing]
kind = "dummybilling"
base_url = "https://billing.example.com/"
api_key = "sk_1"
"""
ERP = """
[sources.erp]
kind = "dummyerp"
base_url = "https://erp.example.com"
api_key = "erp_1"
"""
CRM = ERP.replace("erp", "crm")

pytestmark = pytest.mark.usefixtures("dummies")


@pytest.fixture
def load(tmp_path):
    def write_and_load(text: str):
        path = tmp_path / "gateway.toml"
        path.write_text(text)
        return load_settings(path)

    return write_and_load


def sentence(load, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(text)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_small_file_is_enough_and_the_rest_has_defaults(load):
    settings = load(IDENTITY + BILLING)
    assert (settings.gateway.host, settings.gateway.port, settings.gateway.deadline_seconds) == ("127.0.0.1", 8000, 5.0)
    assert settings.operations is None
    assert settings.sources["billing"].api_key == "sk_1"
    assert settings.secrets() == ("sk_1",)


def test_a_relative_database_lies_beside_the_file_that_names_it(load, tmp_path):
    settings = load('[gateway]\ndatabase_url = "sqlite:///./c360.db"\n' + IDENTITY + BILLING)
    assert settings.gateway.database_url == f"sqlite:///{tmp_path}/c360.db"


def test_a_section_that_is_present_is_on(load):
    assert load("[operations]\n" + IDENTITY + BILLING).operations.port == 9090


def test_a_secret_is_read_from_the_environment(load, monkeypatch):
    monkeypatch.setenv("BILLING_KEY", "sk_2")
    assert load(IDENTITY + BILLING.replace("sk_1", "${BILLING_KEY}")).sources["billing"].api_key == "sk_2"


def test_a_variable_that_is_not_set_is_named_with_its_key(load):
    said = sentence(load, IDENTITY + BILLING.replace("sk_1", "${NOT_SET}"))
    assert said.endswith(
        "gateway.toml: [sources.billing] api_key takes the environment variable NOT_SET, which is not set"
    )


def test_the_environment_is_over_the_file(load, monkeypatch):
    monkeypatch.setenv("C360_GATEWAY__PORT", "8123")
    monkeypatch.setenv("C360_SOURCES__BILLING__API_KEY", "sk_3")
    settings = load('[gateway]\nport = 8000\nhost = "127.0.0.2"\n' + IDENTITY + BILLING)
    assert (settings.gateway.host, settings.gateway.port) == ("127.0.0.2", 8123)
    assert settings.sources["billing"].api_key == "sk_3"


@pytest.mark.parametrize("section", ["gatewya", "alert"])
def test_a_section_that_nothing_serves_is_refused(load, section):
    said = sentence(load, f"[{section}]\n" + IDENTITY + BILLING)
    assert f"gateway.toml: [{section}] is not a key that is known here" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (IDENTITY + BILLING + 'colour = "red"\n', "[sources.billing] colour is not a key that is known here"),
        (IDENTITY + BILLING + 'seats = "many"\n', "[sources.billing] seats is not a whole number"),
        (IDENTITY + BILLING.replace('api_key = "sk_1"', ""), "[sources.billing] api_key is missing"),
        (IDENTITY + BILLING.replace("https:", "htps:"), "[sources.billing] base_url is not an http(s) URL"),
        (
            IDENTITY + BILLING.replace("dummybilling", "cobol"),
            "[sources.billing] kind is wrong: there is no source kind",
        ),
        (IDENTITY + BILLING.replace('kind = "dummybilling"', ""), "[sources.billing] kind is missing"),
        (IDENTITY + BILLING + 'fields = { shoe = "x" }\n', "[sources.billing] fields.shoe is not an optional field"),
        (IDENTITY + BILLING.replace("sources.billing", "sources.Billing"), "[sources.Billing] is not a name"),
        (IDENTITY, "[sources] is missing: name at least one source"),
        (BILLING, "[identity] is missing"),
        ("[identity]\n" + BILLING, "[identity] has no issuer"),
        ('[identity]\nissuer = "http://id.example.com"\n' + BILLING, "[identity] issuer is not an https URL"),
        ('[identity]\nissuer = "https://id.example.com"\n' + BILLING, "not both audience and tenant"),
        ("[gateway]\nport = 70000\n" + IDENTITY + BILLING, "[gateway] port is wrong: input should be less than"),
        ('[gateway]\ndatabase_url = "mysql://x"\n' + IDENTITY + BILLING, "[gateway] database_url is neither"),
        (
            '[gateway]\ndatabase_url = "sqlite:///:memory:"\n' + IDENTITY + BILLING,
            "[gateway] database_url names no file",
        ),
        ("[gateway\n", "is not valid TOML"),
        ('[records]\ninvoice = ["sap"]\n' + IDENTITY + BILLING, '[records] invoice names "sap", which is not'),
        ("[matching]\nrules = { moon = 0.5 }\n" + IDENTITY + BILLING, "[matching] rules cannot be read: no such"),
        ("[[standing.rule]]\nstanding = 7\n" + IDENTITY + BILLING, "[standing] cannot be read"),
        ('[records]\nshoe = ["billing"]\n' + IDENTITY + BILLING, "[records] shoe is not a kind of record"),
    ],
)
def test_what_is_wrong_is_one_sentence_with_the_file_and_the_key(load, text, said):
    spoken = sentence(load, text)
    assert "gateway.toml: " in spoken
    assert said in spoken


def test_all_problems_of_the_sources_are_told_at_once(load):
    with pytest.raises(SettingsError) as caught:
        load(IDENTITY + (BILLING + ERP).replace("api_key", "key"))
    places = [(problem.section, problem.key) for problem in caught.value.problems]
    assert places == [
        ("sources.billing", "api_key"),
        ("sources.billing", "key"),
        ("sources.erp", "api_key"),
        ("sources.erp", "key"),
    ]


def test_a_refused_value_is_not_repeated_for_it_may_be_a_secret(load):
    assert "hunter2" not in sentence(load, IDENTITY + BILLING + 'seats = "hunter2"\n')


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"nowhere.toml: cannot be read \(No such file or directory\)"):
        load_settings(tmp_path / "nowhere.toml")


def test_records_hold_what_differs_from_the_defaults(load):
    assert load(IDENTITY + BILLING).systems_of_record.systems == {}
    records = load('[records]\ncustomer = ["crm", "erp"]\n' + IDENTITY + BILLING + ERP + CRM).systems_of_record
    assert records.systems == {"customer": ("crm", "erp")}


@pytest.mark.parametrize(
    "section",
    ['[records]\ncustomer.legal_name = ["crm"]\n', '[records]\n"customer.legal_name" = ["crm"]\ncustomer = ["erp"]\n'],
)
def test_a_single_field_may_have_its_own_order(load, section):
    records = load(section + IDENTITY + BILLING + ERP + CRM).systems_of_record
    assert records.fields == {"legal_name": ("crm",)}


def test_the_erp_is_the_master_of_customers_then_the_crm(load):
    assert load(IDENTITY + BILLING + CRM + ERP).crosswalk.masters == ("erp", "crm")
    assert load('[records]\ncustomer = ["crm"]\n' + IDENTITY + CRM + ERP).crosswalk.masters == ("crm",)


LOCAL = "[identity]\ndevelopment = true\n" + BILLING.replace("https://billing.example.com/", "http://127.0.0.1:9")


def test_the_development_issuer_stands_beside_loopback_only(load):
    assert load(LOCAL).identity.development
    assert "[gateway] host is not loopback" in sentence(load, '[gateway]\nhost = "0.0.0.0"\n' + LOCAL)
    assert "[sources.erp] base_url is not loopback" in sentence(load, LOCAL + ERP)
    lookalike = LOCAL.replace("127.0.0.1:9", "127.0.0.1.example.com")
    assert "[sources.billing] base_url is not loopback" in sentence(load, lookalike)


def test_the_development_issuer_refuses_another_beside_it(load):
    both = LOCAL.replace("development = true", 'development = true\nissuer = "https://id.example.com"')
    assert "[identity] has both issuer and development" in sentence(load, both)
