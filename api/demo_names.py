"""What the demo programme and its member are called; `api.demo` makes them."""

DEMO_PROGRAMME = "demo"
DEMO_MEMBER = "demo"
