"""GraphQL over HTTP, server-sent events and sockets: from bytes to `resolvers.operations`, and back."""
