"""Draws whose odds and results anyone can check: committed before, revealed after."""
