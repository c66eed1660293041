"""`starguild verify` for the community."""
