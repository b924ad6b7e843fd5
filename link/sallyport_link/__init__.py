"""What kiosk and gateway share at their edges: one MQTT door, the configuration file, the pages' port, the terminal."""
