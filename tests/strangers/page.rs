//! The blocks of docs/writing-a-driver.md, and what each says is to be done with it.

use std::fs;

use nuncio_tests::stranger::root;

/// The page.
pub(crate) const PAGE: &str = "docs/writing-a-driver.md";

/// A fenced block: where it begins, and what stands in it.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) line: usize,
    pub(crate) text: String,
    pub(crate) kind: Kind,
}

/// What is done with a block, as the words behind its fence say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `console`: its commands are run, and the lines below them stand in what they print.
    Run,
    /// `console eventually`: the same, again until it does.
    RunUntil,
    /// `console background`: a command that runs until the end.
    Background,
    /// `diff apply=FILE`: changes a file.
    Apply(String),
    /// `rust from=FILE`: stands in a file that is compiled.
    From(String),
    /// `json shape=TYPE`: is read as this type of the core, which leaves nothing out.
    Shape(String),
}

/// All blocks of the page. One that nothing is done with fails the test.
pub(crate) fn blocks() -> Vec<Block> {
    let page = fs::read_to_string(root().join(PAGE)).expect(PAGE);
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (line, text) in (1..).zip(page.lines()) {
        match (text.strip_prefix("```"), open.take()) {
            (Some(_), Some(block)) => blocks.push(block),
            (Some(fence), None) => open = Some(Block { line, text: String::new(), kind: kind(fence, line) }),
            (None, Some(block)) => open = Some(Block { text: block.text + text + "\n", ..block }),
            (None, None) => {}
        }
    }
    assert!(open.is_none() && blocks.len() > 20, "{PAGE}: a fence is not closed");
    blocks
}

fn kind(fence: &str, line: usize) -> Kind {
    match fence {
        "console" => return Kind::Run,
        "console eventually" => return Kind::RunUntil,
        "console background" => return Kind::Background,
        _ => {}
    }
    let (_, what) = fence.split_once(' ').unwrap_or_default();
    match what.split_once('=') {
        Some(("apply", file)) => Kind::Apply(file.to_owned()),
        Some(("from", file)) => Kind::From(file.to_owned()),
        Some(("shape", name)) => Kind::Shape(name.to_owned()),
        _ => panic!(
            "{PAGE}:{line}: nothing says how `{fence}` is tested; tests/strangers/page.rs lists what can be"
        ),
    }
}

/// `old` changed as `diff` says: its lines with ` ` or `-` stand there, those with ` ` or `+` will.
pub(crate) fn applied(diff: &str, old: &str) -> Option<String> {
    let side = |sign: char| -> String {
        let lines = diff.lines().filter(|line| line.starts_with([' ', sign]));
        lines.map(|line| format!("{}\n", line.get(1..).unwrap_or_default())).collect()
    };
    let before = side('-');
    (old.matches(&before).count() == 1).then(|| old.replace(&before, &side('+')))
}

/// Whether `part` stands in `whole`, wherever its lines are indented to.
pub(crate) fn stands_in(part: &str, whole: &str) -> bool {
    let bare = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    bare(whole).contains(bare(part).trim())
}

#[test]
fn a_diff_changes_what_it_shows_and_nothing_else() {
    let diff = " a\n-b\n+c\n+d\n";
    assert_eq!(applied(diff, "x\na\nb\ny\n"), Some("x\na\nc\nd\ny\n".to_owned()));
    assert_eq!(applied(diff, "a\nc\n"), None);
    assert!(
        stands_in("  fn x() {\n    1\n", "mod y {\nfn x() {\n  1\n}\n}") && !stands_in("fn z()", "fn x()")
    );
}
