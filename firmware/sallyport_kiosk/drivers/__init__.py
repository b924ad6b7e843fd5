"""Drivers behind the kiosk's ports. Only composition modules choose one."""
