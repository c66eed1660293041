"""Check-ins: days in a row by the member's own calendar, what they give, and what helps over a missed one."""
