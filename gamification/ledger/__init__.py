"""The ledger: immutable transfers, accounts that are their sum, lots that lapse soonest first."""
