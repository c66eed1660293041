"""Mongo and Redis mechanics: connections, transactions, index building, scripts and embedded servers.

The only package that imports a database driver. It knows nothing of members, points or posts, and imports
nothing else of ours.
"""
