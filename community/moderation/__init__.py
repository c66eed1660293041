"""Moderation: reports, the queue of cases, decisions, sanctions, shadow limits and appeals."""
