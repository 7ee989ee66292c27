"""Development only: demo, PostgreSQL launcher, CARBURE stub, benchmark."""
