//! nuncio-driver-http.
