"""Campaigns: when they are on, for whom, and what keeps them from being on. Running them is `campaigning`'s."""
