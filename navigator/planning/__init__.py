"""Where to enter, through which bore, how deep: plans for needles."""
