"""GraphQL documents before they run: parsed and validated once, measured against the limits, kept by their hash."""
