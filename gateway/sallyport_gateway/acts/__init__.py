"""What officers do, under their own signatures: the desk, the manual path, what takes two."""
