//! docs/writing-a-driver.md, followed word for word from an empty folder to a delivery.

use std::fs;

use nuncio_tests::stranger::root;

use crate::{
    page::{Kind, PAGE, applied, blocks, stands_in},
    walk::Walk,
};

#[test]
fn following_the_page_from_an_empty_folder_gives_a_driver_that_delivers() {
    let mut walk = Walk::begin();
    for block in blocks() {
        let place = format!("{PAGE}:{}", block.line);
        match &block.kind {
            Kind::Run => walk.run(&place, &block.text),
            Kind::RunUntil => walk.run_until(&place, &block.text),
            Kind::Background => walk.background(&place, &block.text),
            Kind::Apply(file) => walk.change(&place, file, |old| applied(&block.text, old)),
            // What the walk has made, or what stands in the repository.
            Kind::From(file) => {
                let text = walk.read(file).or_else(|| fs::read_to_string(root().join(file)).ok());
                let text = text.unwrap_or_else(|| panic!("{place}: there is no {file}"));
                assert!(
                    stands_in(&block.text, &text),
                    "{place}: this does not stand in {file}:\n{}",
                    block.text
                );
            }
            Kind::Shape(_) => {}
        }
    }
}
