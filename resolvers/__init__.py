"""GraphQL and nothing else: types, queries, mutations, subscriptions and their loaders.

A resolver turns its input into one call of a service, and the result into a payload; it takes no decision.
"""
