"""Fingerprints of confidential documents: what is kept of them, how they are read, where it is stored."""
