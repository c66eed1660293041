"""Charts as SVG for the console and for reports: no script, no reference outward, every text escaped. Pure."""
