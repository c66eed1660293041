"""Live results to clients: sockets and event streams, their frames, their limits."""
