import pytest

from sallyport_protocol.errors import MalformedError
from sallyport_protocol.topics import FROM_DEVICE, TO_DEVICE, TO_OTHERS, Kind, Topic


def test_topics_have_two_directions() -> None:
    topic = Topic("MDI", "MDI-K01", Kind.RESULT)
    assert Topic.parse(str(topic)) == topic
    assert sorted((*FROM_DEVICE, *TO_DEVICE, *TO_OTHERS)) == sorted(Kind)


@pytest.mark.parametrize(
    "text",
    [
        "", "sallyport/v2/MDI/MDI-K01/result", "sallyport/v1/MDI/MDI-K01", "sallyport/v1/MDI/MDI-K01/open",
        "sallyport/v1/mdi/MDI-K01/result", "sallyport/v1/MDI/+/result", "sallyport/v1/MDI/MDI-K01/result/x",
        "sallyport/v1/MDI/MDI-K01/result\n", "sallyport/v1/MDII/MDI-K01/result",
    ],
)  # fmt: skip
def test_other_topics_refuse(text: str) -> None:
    with pytest.raises(MalformedError):
        Topic.parse(text)
