"""Subscription fields by noun: the present state first, then every change."""
