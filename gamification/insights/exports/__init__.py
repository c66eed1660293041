"""Reports, members and their days as tables, for programs to read."""
