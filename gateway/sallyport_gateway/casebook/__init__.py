"""Cases as files: evidence, policy, time and the decision they must give. Auditors replay old decisions with them."""
