"""Spark in a job's own process: Sail as its engine, the Spark Connect client before it, and what that client lacks.

It imports nothing but the standard library, the client and Sail, because it stands on the path of every job's process.
"""
