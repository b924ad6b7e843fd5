from sallyport_gateway.web.act_view import ActView


def test_acts_on_different_decisions_are_different_acts() -> None:
    one, other = (ActView("confirm", "Confirm", (("decision", digest),)) for digest in ("aa", "bb"))
    assert one.key != other.key
