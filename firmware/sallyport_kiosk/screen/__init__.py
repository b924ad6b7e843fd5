"""The prisoner's screen: one instruction at a time, never a verdict, a reason, an alert or a score."""
