"""Comments: answers to posts and to each other, in threads."""
