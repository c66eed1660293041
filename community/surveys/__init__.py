"""Surveys: members answer questions, and what they answered is added up."""
