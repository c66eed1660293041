"""Running campaigns: what staff decide on them, whom they reach, what they bring and cost."""
