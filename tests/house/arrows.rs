//! Arrows point one way: core <- plugin-loader <- plugin-sdk <- drivers/* <- host <- tests, benches.

use std::{env, process::Command};

use serde_json::Value;

use crate::sources::{refuse, root};

/// A package of ours: its name, and which packages of ours it names, for whatever purpose.
struct Package {
    name: String,
    ours: Vec<String>,
}

fn packages() -> Vec<Package> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).args(["metadata", "--no-deps", "--format-version", "1", "--offline"]);
    let output = cargo.output().expect("cargo runs this test");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().iter().map(Package::of).collect()
}

impl Package {
    fn of(metadata: &Value) -> Self {
        let dependencies = metadata["dependencies"].as_array().unwrap().iter();
        let ours = dependencies.filter(|one| !one["path"].is_null());
        Self {
            name: metadata["name"].as_str().unwrap().to_owned(),
            ours: ours.map(|one| one["name"].as_str().unwrap().to_owned()).collect(),
        }
    }

    /// Whether it may name `other`.
    fn may_name(&self, other: &str) -> bool {
        let is_driver = |name: &str| name.starts_with("nuncio-driver-");
        match self.name.as_str() {
            "nuncio-core" => false,
            "nuncio-plugin-loader" => other == "nuncio-core",
            "nuncio-plugin-sdk" => ["nuncio-core", "nuncio-plugin-loader"].contains(&other),
            name if is_driver(name) => other == "nuncio-plugin-sdk",
            "nuncio" => {
                is_driver(other)
                    || ["nuncio-core", "nuncio-plugin-loader", "nuncio-plugin-sdk"].contains(&other)
            }
            "nuncio-benches" => other != "nuncio-tests",
            "nuncio-tests" => true,
            unknown => panic!(
                "`{unknown}` is new: give it its place in tests/house/arrows.rs and docs/architecture.md"
            ),
        }
    }
}

#[test]
fn every_dependency_follows_an_arrow() {
    let packages = packages();
    assert!(packages.len() >= 7, "{} packages: the check looks at too little", packages.len());
    let against: Vec<String> = packages
        .iter()
        .flat_map(|one| {
            one.ours
                .iter()
                .filter(|other| !one.may_name(other))
                .map(|other| format!("{} -> {other}", one.name))
        })
        .collect();
    refuse(
        &against,
        "core <- plugin-sdk <- drivers/* <- host <- tests: move what is shared to the left of both",
    );
}

#[test]
fn every_folder_of_drivers_is_a_driver() {
    let names: Vec<String> = packages().into_iter().map(|one| one.name).collect();
    for folder in crate::drivers::names() {
        let name = format!("nuncio-driver-{folder}");
        assert!(names.contains(&name), "drivers/{folder} must hold the package `{name}`");
    }
}
