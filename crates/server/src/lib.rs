//! The rim: webhooks, health, metrics, settings, and the workers' wiring.
