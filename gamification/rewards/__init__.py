"""The catalogue of rewards: what members redeem points for, or are given, and how it is fulfilled."""
