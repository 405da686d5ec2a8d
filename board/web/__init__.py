"""How people reach it. Thin: read the request, call one act, answer."""
