"""Mutation fields by noun: one input, one result union, one call."""
