"""What uploaded files are: each is read once as a whole, and compared with what was announced and with others."""
