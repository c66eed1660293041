"""What all mutations say alike of their argument and of their result."""

import strawberry

INPUT = strawberry.argument(description="What to do.")
RESULT = "What was done, or why not: an error leaves everything as it was."
