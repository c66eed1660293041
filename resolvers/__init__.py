"""The GraphQL schema and its resolvers, and nothing else: input to command, one call, result to payload.

For each noun of the domain: `types/`, `queries/`, `mutations/` and, where people wait for something,
`subscriptions/`. No business branch lives here.
"""
