"""Uploads: clients send parts straight to object storage; what the storage lists is the truth."""
