"""Recommendations: what a member may like to do next, and why it is shown to them."""
