"""Any method, by its command line, on the suite of phantom cases: scored against exact truth."""
