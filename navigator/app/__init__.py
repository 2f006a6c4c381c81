"""The one place where files meet mathematics: each step of the procedure as a verb."""
