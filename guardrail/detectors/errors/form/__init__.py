"""What shows in the form of an answer: empty, cut, looping, garbled, machinery left over, wishes ignored."""
