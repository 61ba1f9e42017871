//! Decide what to answer, run the reel pipeline, send without ever repeating.
