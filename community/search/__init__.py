"""Search: posts, comments, members and spaces by the words that they have, as far as the viewer may see them."""
