"""Settlement: effects become transfers, progress, awards and scores, all in one transaction, told to the member."""
