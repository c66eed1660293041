"""The community domain: spaces, posts, moderation and what else members do with each other.

It may record activity and spend points through ``gamification``, which never knows that it exists.
"""
