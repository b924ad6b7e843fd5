"""The life of an authorisation and everything that may happen only once."""
