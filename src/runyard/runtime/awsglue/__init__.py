"""A clean-room `awsglue`: what Glue scripts import, written from AWS's public documentation alone.

It imports nothing but the standard library, because it stands on the path of every job's own process.
"""
