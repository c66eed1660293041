"""What a member may not do for a while, or see: the records; `community/moderation` decides on them."""
