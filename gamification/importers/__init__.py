"""Translations of outside data into members and activity: streaming readers, no database."""
