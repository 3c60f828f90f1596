//! The proxy's engine.
