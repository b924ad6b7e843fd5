"""The audit log: a chain that cannot be rewritten, a tree that proves it, signed heads, a witness outside."""
