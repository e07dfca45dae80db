"""Policy files: their shape, their strict reading, what they decide, and the examples they must keep."""
