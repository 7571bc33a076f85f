"""The promises between the rooms: one body of tests per contract, run against every implementation there is."""
