"""`python -m api.cli`: the console command where it is not installed."""

from api.cli.application import main

main()
