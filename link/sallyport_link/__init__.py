"""The road between kiosk and gateway: one MQTT door that both open, and the back-off that every reconnection uses."""
