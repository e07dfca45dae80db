"""What finds trouble in text: the seam, the patterns and the screen they share, one package per module."""
