"""From the gateway's state to what the pages show."""
