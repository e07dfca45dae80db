"""Answers for programs and the code in answers: JSON, schemas, tool calls, code blocks, fences and tables."""
