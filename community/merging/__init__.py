"""Two accounts of one person as one in the community: a module for each kind of thing that members have in it."""
