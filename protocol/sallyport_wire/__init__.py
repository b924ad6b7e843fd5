"""The serial protocol between gateway and interlock: frames, messages, message authentication.

Runs unchanged on CPython and MicroPython, so it imports nothing but `struct` and `hashlib`.
"""
