//! nuncio-driver-log.
