//! The catalogue of speech models and how they are fetched and verified.
