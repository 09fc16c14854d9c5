//! Starts real components for the scenarios.
