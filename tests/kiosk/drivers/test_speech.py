"""A machine that cannot speak says so, with what to do."""

from sallyport_kiosk.drivers.speech import speech_missing


def test_an_engine_that_is_there_needs_no_words() -> None:
    assert speech_missing("sh") == ""
    assert "apt-get install speech-dispatcher-espeak-ng" in speech_missing("no-such-engine")
