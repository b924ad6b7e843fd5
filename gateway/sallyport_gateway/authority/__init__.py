"""May this person leave, by this door, for this purpose, now? Words, policy and pure checks 13 to 25."""
