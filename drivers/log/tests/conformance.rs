//! What every driver is asked.

use nuncio_driver_log as _;

nuncio_plugin_sdk::testing::conformance!(Kit::of("log").uri("log:billing").uri("log:").refuses("log:a b"));
