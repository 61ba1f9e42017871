//! api.telegram.org: the Bot API for one bot, its updates by polling or webhook, its files, and the
//! people who chat with it (`control`, `person`, `view`).

mod call;
mod chat;
mod command;
mod control;
mod deliver;
mod edit;
mod entity;
mod error;
mod file;
mod flood;
mod html;
mod markup;
mod media;
mod person;
mod person_file;
mod poll;
mod send;
mod show;
mod update;
mod view;
mod webhook;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::any;
use hyper::StatusCode;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::calls::{CallNote, Unmodelled};
use crate::world::{Shared, World};
use call::Call;
use chat::Book;
use error::{BotError, answer};

/// Telegram's side of the world.
#[derive(Debug)]
pub(crate) struct Telegram {
    book: Mutex<Book>,
    /// Grows whenever there may be something to deliver.
    woken: watch::Sender<u64>,
    /// Number of the newest poll, and whether a webhook ended the ones before.
    polls: watch::Sender<(u64, bool)>,
}

impl Default for Telegram {
    fn default() -> Self {
        Self {
            book: Mutex::default(),
            woken: watch::Sender::new(0),
            polls: watch::Sender::new((0, false)),
        }
    }
}

impl Telegram {
    /// What Telegram knows; never held across an await.
    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        self.woken.send_modify(|count| *count += 1);
    }

    /// Back to the first moment; where updates go stays.
    pub(crate) fn clear(&self) {
        let mut book = self.lock();
        *book = std::mem::take(&mut *book).emptied();
        drop(book);
        self.wake();
    }
}

pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/api.telegram.org/{*path}", any(serve))
        // Uploads are larger than axum's default and are counted while they go to disk.
        .layer(axum::extract::DefaultBodyLimit::disable())
        .merge(control::routes())
}

async fn serve(
    State(world): State<Shared>,
    Path(path): Path<String>,
    request: Request,
) -> Response {
    if let Some(rest) = path.strip_prefix("file/bot") {
        // The body of the request is not one that several may hold at once.
        let headers = request.headers().clone();
        drop(request);
        return match rest.split_once('/') {
            Some((token, file)) if is_ours(&world, token) => {
                file::download(&world, file, &headers).await
            }
            _ => BotError::new(401, "Unauthorized").into_answer(),
        };
    }
    let Some((token, method)) = path
        .strip_prefix("bot")
        .and_then(|rest| rest.split_once('/'))
    else {
        return unmodelled(BotError::new(404, "Not Found"));
    };
    if !is_ours(&world, token) {
        return BotError::new(401, "Unauthorized").into_answer();
    }
    let mut call = match Call::read(&world, method, request).await {
        Ok(call) => call,
        Err(error) => return error.into_answer(),
    };
    let outcome = run(&world, &call).await;
    let mut response = match outcome {
        Ok(Done::As(result)) => answer(StatusCode::OK, &json!({"ok": true, "result": result})),
        Ok(Done::Said(words)) => answer(
            StatusCode::OK,
            &json!({"ok": true, "result": true, "description": words}),
        ),
        Ok(Done::Unknown) => unmodelled(BotError::new(404, "Not Found")),
        Err(error) => {
            call.forget_files().await;
            error.into_answer()
        }
    };
    if let Some(note) = call.note.take() {
        response.extensions_mut().insert(CallNote(note));
    }
    response
}

fn unmodelled(error: BotError) -> Response {
    let mut response = error.into_answer();
    response.extensions_mut().insert(Unmodelled);
    response
}

fn is_ours(world: &World, token: &str) -> bool {
    token == world.options().telegram_token
}

/// What a method answers.
enum Done {
    As(Value),
    /// `true`, with a description.
    Said(&'static str),
    /// No such method, or one that is not modelled.
    Unknown,
}

async fn run(world: &Shared, call: &Call) -> Result<Done, BotError> {
    let result = match call.method.as_str() {
        "getme" => show::me(world.options()),
        "getupdates" => poll::get_updates(world, call).await?,
        "setwebhook" => return webhook::set(world, call).map(Done::Said),
        "deletewebhook" => return Ok(Done::Said(webhook::delete(world, call))),
        "getwebhookinfo" => webhook::info(world),
        "sendmessage" => send::message(world, call)?,
        "sendphoto" | "sendvideo" | "sendanimation" | "sendaudio" | "senddocument"
        | "sendvoice" => send::file(world, call).await?,
        "sendmediagroup" => send::group(world, call).await?,
        "sendchataction" => send::action(world, call)?,
        "editmessagetext" => edit::text(world, call)?,
        "editmessagecaption" => edit::caption(world, call)?,
        "editmessagemedia" => edit::media(world, call).await?,
        "editmessagereplymarkup" => edit::markup(world, call)?,
        "deletemessage" => edit::delete(world, call)?,
        "setmessagereaction" => edit::reaction(world, call)?,
        "answercallbackquery" => command::answer_callback(world, call)?,
        "getfile" => file::get(world, call)?,
        "getchat" => command::get_chat(world, call)?,
        "setmycommands" => command::set(world, call)?,
        "getmycommands" => command::get(world, call)?,
        "deletemycommands" => command::delete(world, call)?,
        _ => return Ok(Done::Unknown),
    };
    Ok(Done::As(result))
}

/// Tells whoever watches that a chat changed.
fn changed(world: &World, chat: i64, what: &'static str) {
    world.telegram_changed(&chat.to_string(), what);
}
