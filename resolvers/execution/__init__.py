"""Operations, compiled once and run often; graphql-core stays the judge of everything that is out of the ordinary.

selections  which fields an operation asks of an object type, with @skip and @include decided
readers     how Strawberry's field gets its value: an attribute, a call, or Strawberry's own way
leaves      how a scalar's or enum's value is checked
writer      Python source, line by line, with the constants it refers to
completing  the source that completes a value: straight lines, async fields in breadth-first batches
plans       an operation's plan: its root fields, their arguments, their completion
running     a plan at work, and the way back to graphql-core with the root values at hand
"""
