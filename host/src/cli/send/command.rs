//! The command: everything is looked at before anything is sent.

use std::{io::Read as _, path::PathBuf};

use nuncio_core::{Clock as _, Dispatcher, Options, Switchboard};
use serde_json::{Map, Value, json};

use super::{
    attached::attached,
    devices::InDatabase,
    parcel::{Desk, Parcel},
    posted::Posted,
    verdict::{self, Sent},
};
use crate::{
    attachments::Attachment,
    cli::{
        arguments::Shared,
        crew::Crew,
        fault::{Exit, Fault},
        output::Output,
    },
    clock::System,
    config::Config,
    render::Renderer,
    telemetry,
};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Whom to: subscriber URIs
    #[arg(required = true, value_name = "URI")]
    uris: Vec<String>,
    /// The subject or title
    #[arg(long)]
    subject: Option<String>,
    /// The text; `-` reads it from standard input. A JSON object or list is posted as JSON
    #[arg(long)]
    body: Option<String>,
    /// The HTML form
    #[arg(long)]
    html: Option<String>,
    /// A template of the configuration; it sees the members of a JSON body
    #[arg(long, value_name = "NAME")]
    template: Option<String>,
    /// A file to send along; may be given several times
    #[arg(long, value_name = "PATH")]
    attach: Vec<PathBuf>,
    /// Options of the subscription, a JSON object
    #[arg(long, value_name = "JSON", value_parser = object)]
    options: Option<Map<String, Value>>,
    /// The project whose devices are meant, where a URI names one
    #[arg(long, value_name = "NAME", env = "NUNCIO_PROJECT")]
    project: Option<String>,
    /// Show what would be sent, with secrets masked, and send nothing
    #[arg(long)]
    dry_run: bool,
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text)
        .map_err(|error| format!("{error}; write a JSON object, like '{{\"cc\": \"a@b.example\"}}'"))
}

pub(in crate::cli) async fn run(wanted: Arguments, shared: &Shared, output: Output) -> Result<Exit, Fault> {
    let mut config = shared.load()?;
    telemetry::logs(&config.log);
    let devices = InDatabase::of(&config);
    let crew = Crew::gather(&mut config).await?;
    crew.warn();
    crew.roster().behind().lend(devices, Switchboard::new(crew.dispatcher().clone()));
    let sent = send(wanted, &config, crew.dispatcher(), output).await;
    crew.leave().await;
    sent
}

async fn send(
    wanted: Arguments,
    config: &Config,
    dispatcher: &Dispatcher,
    output: Output,
) -> Result<Exit, Fault> {
    let renderer =
        Renderer::new(config).map_err(|error| Fault::new(Exit::Config, format!("[templates] {error}")))?;
    let posted = Posted {
        body: wanted.body.map(|body| text(body, config.queues.max_messages_post_size)).transpose()?,
        subject: wanted.subject,
        html: wanted.html,
        template: wanted.template,
        attachments: attached(&wanted.attach, config.queues.max_notification_size)?,
    };
    let options = Options(wanted.options.unwrap_or_default());
    let now_ms = System.now_ms();
    let project = wanted.project.as_deref();
    let desk =
        Desk { config, dispatcher, renderer: &renderer, posted: &posted, options: &options, project, now_ms };
    let parcels = parcels(&desk, &wanted.uris).await?;
    if wanted.dry_run {
        return show(&parcels, output).await;
    }
    if let Some(fault) = parcels.iter().find_map(Parcel::disabled) {
        return Err(fault);
    }
    let mut sent = Vec::new();
    for parcel in &parcels {
        sent.extend(parcel.deliver(&System).await);
    }
    told(&sent, output);
    Ok(verdict::worst(&sent))
}

/// What `uri` would be sent of this text, with secrets masked.
pub(in crate::cli) async fn rendered(
    config: &Config,
    dispatcher: &Dispatcher,
    uri: &str,
    body: String,
) -> Result<String, Fault> {
    let renderer =
        Renderer::new(config).map_err(|error| Fault::new(Exit::Config, format!("[templates] {error}")))?;
    let (posted, options) = (Posted { body: Some(body), ..Posted::default() }, Options::default());
    let (renderer, posted, options) = (&renderer, &posted, &options);
    let desk = Desk { config, dispatcher, renderer, posted, options, project: None, now_ms: System.now_ms() };
    desk.parcel(uri).await?.render(&System).await
}

/// All parcels, or everything that is wrong with any of them.
async fn parcels(desk: &Desk<'_>, uris: &[String]) -> Result<Vec<Parcel>, Fault> {
    let (mut parcels, mut faults) = (Vec::new(), Vec::new());
    for uri in uris {
        match desk.parcel(uri).await {
            Ok(parcel) => parcels.push(parcel),
            Err(fault) => faults.push(fault),
        }
    }
    match faults.len() {
        0 => Ok(parcels),
        1 => Err(faults.remove(0)),
        _ => {
            let exit = faults.iter().map(|fault| fault.exit).max_by_key(|exit| *exit as u8);
            let all: Vec<_> = faults.iter().map(ToString::to_string).collect();
            let errors: Vec<_> = faults.iter().map(|fault| fault.json()["error"].clone()).collect();
            Err(Fault::new(exit.unwrap_or(Exit::Input), all.join("\n\n")).detail("errors", json!(errors)))
        }
    }
}

/// The body as it was given; `-` is standard input, up to `most` bytes.
fn text(given: String, most: usize) -> Result<String, Fault> {
    if given != "-" {
        return Ok(given);
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .take(most as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Fault::new(Exit::System, format!("standard input cannot be read: {error}")))?;
    if bytes.len() > most {
        let why = format!("standard input has more than {most} bytes: raise [queues] max_messages_post_size");
        return Err(Fault::new(Exit::Input, why));
    }
    String::from_utf8(bytes).map_err(|_| Fault::new(Exit::Input, "standard input is not UTF-8 text"))
}

async fn show(parcels: &[Parcel], output: Output) -> Result<Exit, Fault> {
    for (number, parcel) in parcels.iter().enumerate() {
        let request = parcel.render(&System).await?;
        if output.json {
            let files: Vec<_> = parcel.attachments().iter().map(file).collect();
            output.value(
                &json!({"to": parcel.redacted(), "driver": parcel.driver(), "request": request, "attachments": files}),
                true,
            );
            continue;
        }
        let gap = if number == 0 { "" } else { "\n" };
        output.line(format!(
            "{gap}# {} by {}: nothing is sent\n{}\n{request}",
            parcel.redacted(),
            parcel.driver(),
            parcel.attachments().iter().map(listed).collect::<String>(),
        ));
    }
    Ok(Exit::Ok)
}

fn file(one: &Attachment) -> Value {
    json!({"name": one.name, "content_type": one.content_type, "bytes": one.data.len()})
}

fn listed(one: &Attachment) -> String {
    format!("# with {} ({}, {} bytes)\n", one.name, one.content_type, one.data.len())
}

fn told(sent: &[Sent], output: Output) {
    if output.json {
        sent.iter().for_each(|one| output.value(&one.json(), true));
    } else {
        output.table(&verdict::table(sent));
    }
}
