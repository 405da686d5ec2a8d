"""Who hears of it: each follower of the record has a place in `positions`, and a dead one delays only itself."""
