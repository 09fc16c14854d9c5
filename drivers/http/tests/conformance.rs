//! What every driver is asked.

use nuncio_driver_http as _;

nuncio_plugin_sdk::testing::conformance!(
    Kit::of("http")
        .uri("http://{server}/hook?a=b")
        .uri("http://ann:hunter2@{server}/")
        .uri("https://bücher.example/é#top")
        .refuses("http:/hook")
        .refuses("trust+http:/hook")
        .refuses("http://ann:hunter2@example.org/")
        .options(json!({"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}))
        .golden("tests/golden")
        .http()
);
