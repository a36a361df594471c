"""Videos whose file is fetched from an address on the web, and from nowhere else."""
