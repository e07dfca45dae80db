"""References that cannot be right: keys, identifiers, links, Hong Kong legislation and judgments."""
