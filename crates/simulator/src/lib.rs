//! Meta's outside world over real HTTP, with faults on demand and a clock that can be moved.
