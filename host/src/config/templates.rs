//! `[templates.NAME]`: each part is text, or `{ file = "PATH" }` relative to the configuration's file.

use std::{collections::BTreeMap, path::Path};

use nuncio_core::closest;

use super::{
    load::read,
    model::Template,
    node::{Node, Raw},
    place::Problem,
    unknown::not_a_table,
};

const PARTS: [&str; 3] = ["subject", "text", "html"];

/// Reads all templates; what is wrong goes to `problems`.
pub(super) fn templates(
    section: Option<Node>,
    folder: &Path,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, Template> {
    let Some(section) = section else { return BTreeMap::new() };
    let Raw::Table(table) = section.raw else {
        problems.push(not_a_table("templates", &section));
        return BTreeMap::new();
    };
    table
        .into_iter()
        .map(|(name, node)| {
            let template = template(&name, node, folder, problems);
            (name, template)
        })
        .collect()
}

fn template(name: &str, node: Node, folder: &Path, problems: &mut Vec<Problem>) -> Template {
    let mut template = Template::default();
    let path = format!("templates.{name}");
    let place = node.place.clone();
    let Raw::Table(parts) = node.raw else {
        problems.push(not_a_table(&path, &node));
        return template;
    };
    if parts.is_empty() {
        problems.push(Problem::new(place, &path, "no part").fix("give it subject, text or html"));
    }
    for (part, node) in parts {
        let path = format!("{path}.{part}");
        let source = source(&path, &node, folder).map_err(|problem| problems.push(problem)).ok();
        match part.as_str() {
            "subject" => template.subject = source,
            "text" => template.text = source,
            "html" => template.html = source,
            other => {
                let fix = closest(other, PARTS).map_or_else(
                    || "a template has subject, text and html".into(),
                    |one| format!("did you mean `{one}`?"),
                );
                problems.push(Problem::new(node.key, &path, "unknown key").fix(fix));
            }
        }
    }
    template
}

fn source(path: &str, node: &Node, folder: &Path) -> Result<String, Problem> {
    let wrong = |why: String| Problem::new(node.place.clone(), path, why);
    let fix = "write text, or { file = \"PATH\" }";
    match &node.raw {
        Raw::Text(text) => Ok(text.clone()),
        Raw::Table(table) => match (table.len(), table.get("file").map(|node| &node.raw)) {
            (1, Some(Raw::Text(file))) => read(&folder.join(file)).map_err(wrong),
            _ => Err(wrong("not a template".into()).fix(fix)),
        },
        _ => Err(wrong(format!("{} does not fit here", node.noun())).fix(fix)),
    }
}
