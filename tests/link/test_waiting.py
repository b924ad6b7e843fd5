from sallyport_link.waiting import Outgoing, Waiting


def message(name: str, deadline_s: float = 10.0) -> Outgoing:
    return Outgoing(name, b"", deadline_s)


def drain(waiting: Waiting, now_s: float = 0.0) -> list[str]:
    names = []
    while (taken := waiting.take(now_s)) is not None:
        names.append(taken.topic)
    return names


def test_first_in_first_out_and_the_oldest_is_dropped() -> None:
    waiting = Waiting(2)
    for name in "abc":
        waiting.put(message(name))
    assert drain(waiting) == ["b", "c"]
    assert waiting.dropped == 1


def test_what_has_expired_is_counted_and_not_sent() -> None:
    waiting = Waiting(9)
    waiting.put(message("old", 1.0))
    waiting.put(message("new", 3.0))
    assert drain(waiting, 1.0) == ["new"]
    assert waiting.expired == 1


def test_unacknowledged_messages_return_to_the_front_in_order() -> None:
    waiting = Waiting(4)
    waiting.put(message("c"))
    waiting.put_back([message("a"), message("b")])
    assert drain(waiting) == ["a", "b", "c"]


def test_returning_more_than_fits_keeps_the_newest() -> None:
    waiting = Waiting(2)
    waiting.put(message("d"))
    waiting.put_back([message("a"), message("b"), message("c")])
    assert waiting.dropped == 2
    assert drain(waiting) == ["c", "d"]
    waiting = Waiting(1)
    waiting.put(message("d"))
    waiting.put_back([message("a")])
    assert (drain(waiting), waiting.dropped) == (["d"], 1)


def test_the_expiry_on_the_wire_is_whole_seconds_and_never_nothing() -> None:
    assert [message("a", 10.0).expiry_s(now) for now in (0.0, 5.5, 9.99)] == [10, 4, 1]
