"""How many: of each video, counted without anybody waiting for another."""
