"""`python -m guardrail`: the command line without its script."""

from guardrail.cli.main import main

main()
