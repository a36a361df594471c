"""The built web pages, their assets, the contract for reading, and the metrics."""
