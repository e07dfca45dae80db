"""Groups of people: the reviewed lexicon, and where a text names one."""
