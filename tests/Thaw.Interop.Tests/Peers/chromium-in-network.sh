#!/bin/sh
# Chromium inside the network namespace THAW_NETWORK. Playwright starts it with its pipes, which exec hands on.
exec ip netns exec "$THAW_NETWORK" "$THAW_CHROMIUM" "$@"
