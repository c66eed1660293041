"""Following spaces, tags and posts, and how far a member has read in them. Who follows whom is `gamification/members/follows`."""
