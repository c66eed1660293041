"""Live boards: read once a process and flush, executed once for all who see the same, sent as the same bytes."""
