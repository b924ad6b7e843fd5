"""Where the gateway keeps what must not be lost: one engine, one writer, tables and their migrations."""

from sallyport_gateway.store.group_commit import Store

__all__ = ["Store"]
