"""Holding an answer against the sources of its request: what they say, what they deny, what stands in none of them."""
