"""Encryption of cells: whole (HLS, AES-128) or sample by sample (ISO/IEC 23001-7, `cenc` and `cbcs`). Pure."""
