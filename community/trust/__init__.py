"""Trust: what a member is trusted with, by what they have done."""
