"""One file per vendor API: a lens on its JSON, never a translator."""
