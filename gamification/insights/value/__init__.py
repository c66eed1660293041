"""What each customer is worth: the models of `lifetime` fitted to a programme's members, and kept."""
