"""The interlock: the small board that alone can open a door, and only for a nonce it made itself."""
