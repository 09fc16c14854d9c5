//! nuncio-driver-mailto.
