"""Object types by noun. Each wraps a domain value; fields that cost a read go through loaders."""
