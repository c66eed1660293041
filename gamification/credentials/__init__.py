"""Awards as Open Badges 3.0: signed credentials that anyone can check, and a status list that follows revocation."""
