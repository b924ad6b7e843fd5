"""Release receipts: put together from the store, and judged by anybody."""
