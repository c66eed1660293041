"""Who gets which variant, and what a variant brought: assignment, effects with their uncertainty, power."""
