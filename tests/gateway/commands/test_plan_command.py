"""`c360 plan`: a plan that a person can read."""

from gateway.cli import run_program


def printed(capsys, tmp_path, text, *arguments):
    file = tmp_path / "query.graphql"
    file.write_text(text)
    status = run_program(["plan", str(file), *arguments])
    return status, capsys.readouterr()


def test_a_plan_tells_its_levels_its_calls_and_its_functions(capsys, tmp_path):
    query = "query($id: ID!) { customer(id: $id) { invoices { nodes { number ledger { state } } } } }"
    status, told = printed(capsys, tmp_path, query, "--variables", '{"id": "x"}')
    assert status == 0
    head, _, source = told.out.partition("# The functions that write the answer")
    levels = [line.strip().split("  ")[0] for line in head.splitlines() if line.startswith("  ")]
    assert levels == ["customer", "customer.invoices", "customer.invoices.nodes.ledger"]
    assert "all Customer records at once: invoices_of" in head
    compile(source, "plan", "exec")


def test_an_operation_that_no_plan_covers_is_told(capsys, tmp_path):
    status, told = printed(capsys, tmp_path, "{ __schema { queryType { name } } }")
    assert status == 1
    assert "introspection" in told.err


def test_a_document_that_is_not_valid_is_wrong_use(capsys, tmp_path):
    status, told = printed(capsys, tmp_path, "{ nothing }")
    assert status == 2
    assert "nothing" in told.err
