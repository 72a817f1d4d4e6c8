"""People and doors: accounts, sign-ins, carers, tokens, codes that open once, the log of who looked."""
