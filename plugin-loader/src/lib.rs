//! The host's side of the driver boundary: loads dynamic libraries and runs child processes as drivers.
