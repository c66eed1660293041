"""Members: who takes part, by which names other systems know them, and whether they may be seen."""
