"""Views of a text that a detector judges, each with a way back to the original offsets."""
