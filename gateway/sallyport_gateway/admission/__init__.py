"""Whether a message may be believed: checks 1 to 12."""
