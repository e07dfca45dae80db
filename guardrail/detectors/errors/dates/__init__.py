"""Dates and times that cannot be right: the calendar, weekdays, lengths, ages, order, Hong Kong holidays."""
