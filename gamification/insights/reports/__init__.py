"""Reports over time for operators, from what was added up beforehand."""
