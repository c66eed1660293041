"""What customers will still bring: who is alive, how often they will buy, for how much. Pure."""
