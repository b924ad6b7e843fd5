"""Sample data for looking at the pages and for their tests. No real person, place or release is behind it."""
