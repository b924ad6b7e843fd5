"""One lane's release: offered, decided, reserved, granted, opened; each step durable before the next."""
