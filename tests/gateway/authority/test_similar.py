"""Names and dates of birth that may be the same person's, and those that may not."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive_oracle import jaro_winkler
from rapidfuzz.distance import JaroWinkler

from sallyport_gateway.authority.policy import release_policy
from sallyport_gateway.authority.records import Named
from sallyport_gateway.authority.similar import (
    may_be_named,
    name_similarity,
    plain,
    same_birthday,
    same_name,
    same_person,
    tells_apart,
)

LEAST = release_policy().measures.name_similarity.value


def named(text: str) -> Named:
    surname, _, forenames = text.partition(", ")
    return Named(surname=surname, forenames=forenames)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Harte, Rowan", "HARTE, ROWAN JAMES"),
        ("Harte, Rowan", "Hartes, Rowan"),
        ("Harte, Rowan", "Hatre, Rowan"),
        ("Harte, Rowan", "Rowan, Harte"),
        ("Kaddour-Cherif, Brahim", "Kadour Cherif, Ibrahim"),
        ("O’Brien-Núñez, Zoë", "OBrien Nunez, Zoe"),
        ("Smith, Jon", "Smyth, John"),
        ("Harte", "Harte, Rowan"),
        ("Ковальчук, Олена", "КОВАЛЬЧУК, Олена"),
        ("Mohammed, Ali", "Muhammad, Ali"),
        ("Mohamed, Ali", "Muhammad, Ali"),
        ("Hussain, Omar", "Hosein, Umar"),
        ("Yusuf, Syed", "Youssef, Sayed"),
        ("Vance, Ray", "VANCE, RAYMOND"),
        ("Øst, Bjørn", "OST, BJORN"),
        ("Hаrtе, Rοwаn", "Harte, Rowan"),
        ("\u202eetraH, Rowan", "Harte, Rowan"),
        ("H a r t e, R o w a n", "Harte, Rowan"),
    ],
)
def test_alike(one: str, other: str) -> None:
    assert name_similarity(named(one), named(other)) >= LEAST


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Harte, Rowan", "Lindqvist, Oskar"),
        ("Harte, Rowan", "Harte, Ibrahim"),
        ("Smith, A", "Ковальчук, А"),
        ("Wilson, John", "Nelson, John"),
        ("Marshall, John", "Mitchell, John"),
        ("Mahmoud, Ali", "Muhammad, Ali"),
        ("Li, Wei", "Wu, Wei"),
        (" ", " "),
    ],
)
def test_not_alike(one: str, other: str) -> None:
    assert name_similarity(named(one), named(other)) < LEAST


@pytest.mark.parametrize(
    "paper",
    [
        "Harte, James",
        "Harte, R",
        "Rowan James Harte",
        "HARTE ROWAN",
        "Harte",
        "Rowan, Harte",
        "Hart, J. R.",
        "Mc Harte, Rowan",
        "van der Harte, James",
        "H A R T E, R O W A N",
    ],
)
def test_a_paper_that_may_name_this_person(paper: str) -> None:
    assert may_be_named(named(paper), named("Harte, Rowan James"), LEAST)


@pytest.mark.parametrize("paper", ["Harte, Ibrahim", "Rowan, James", "R", "James Brown", "", "Harte-Brown, S"])
def test_a_paper_that_names_somebody_else(paper: str) -> None:
    assert not may_be_named(named(paper), named("Harte, Rowan James"), LEAST)


def test_what_cannot_be_compared_tells_nobody_apart() -> None:
    person = named("Kovalchuk, Olena")
    assert tells_apart(named("Brown"), person) and not tells_apart(named("Ковальчук, Олена"), person)
    assert not tells_apart(named(" ..."), person)
    assert tells_apart(named("Ковальчук").model_copy(update={"date_of_birth": date(1981, 2, 3)}), person)


def test_vowel_signs_are_part_of_a_name() -> None:
    assert not same_name(named("राम, गीत"), named("रोमा, गीता"))
    assert same_name(named("राम, गीत"), named("राम, गीत कुमार"))
    assert plain("مُحَمَّد") == plain("محمد")


def test_name_and_birth_date_belong_to_one_alias() -> None:
    born = date(1991, 4, 17)
    own = named("Okafor, Dan").model_copy(update={"date_of_birth": born})
    alias = named("Harte, Rowan").model_copy(update={"date_of_birth": date(1970, 1, 1)})
    paper = named("Harte, Rowan").model_copy(update={"date_of_birth": born})
    assert not same_person(paper, (own, alias))
    assert same_person(paper, (own, alias.model_copy(update={"date_of_birth": None})))


def test_the_same_name_is_stricter_than_a_similar_one() -> None:
    assert same_name(named("O’Brien-Núñez, Zoë"), named("o'brien nunez, ZOE ANN"))
    assert same_name(named("Rowan, Harte"), named("Harte, Rowan"))
    assert not same_name(named("Harte, Rowan"), named("Hartes, Rowan"))
    assert not same_name(named(""), named(""))


def test_birthdays() -> None:
    assert same_birthday(date(1991, 4, 7), date(1991, 7, 4))
    assert not same_birthday(date(1991, 4, 7), date(1991, 4, 8))
    assert not same_birthday(None, None)


@given(st.text(max_size=200))
def test_any_text_is_a_name(text: str) -> None:
    once = plain(text)
    assert plain(once) == once or any(ord(sign) > 127 for sign in text)
    assert name_similarity(named(text.replace(",", "")), named("Harte, Rowan")) <= 1.0


@given(st.text("abcdeé", max_size=12), st.text("abcdeé", max_size=12))
def test_the_library_computes_the_textbooks_similarity(one: str, other: str) -> None:
    if one or other:
        assert JaroWinkler.similarity(one, other) == pytest.approx(jaro_winkler(one, other))
