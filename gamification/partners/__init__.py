"""Co-campaigns of two programmes of one installation, by consent of both: points exchanged, members linked, statements of account."""
