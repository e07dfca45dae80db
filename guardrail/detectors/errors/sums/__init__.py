"""What can be recomputed: equations, percentages, prices, totals, averages, conversions."""
