"""Processes and wiring: settings, authentication, HTTP and WebSocket, the command line, the worker.

The outermost layer. It builds every service once and hands them to the resolvers; it decides nothing itself.
"""
