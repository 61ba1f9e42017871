//! What goes over the wire for each kind of content.

use serde_json::json;

use super::media::shown_name;
use super::*;
use crate::channel::LocalFile;

const PLACE: Place = Place {
    chat: 7,
    thread: None,
};

fn composed(content: &Content) -> (String, Value, Vec<(String, String)>) {
    composed_in(PLACE, content)
}

fn composed_in(place: Place, content: &Content) -> (String, Value, Vec<(String, String)>) {
    let draft = draft(Path::new("/d"), place, content).unwrap();
    let files = draft
        .files
        .iter()
        .map(|file| (file.field.clone(), file.name.clone()))
        .collect();
    (draft.method.to_owned(), Value::Object(draft.params), files)
}

fn local(file: &str) -> LocalFile {
    LocalFile {
        folder: "w1".into(),
        file: file.into(),
        mime: "video/mp4".into(),
        hash: "h".into(),
        thumbnail: None,
        shown_as: None,
    }
}

fn video(attachment: Handed, frame: Frame) -> Content {
    Content::File {
        file: FileKind::Video,
        attachment,
        caption: Some("um < dois".into()),
        look: Look {
            width: Some(720),
            height: Some(1280),
            duration_ms: Some(8_001),
        },
        frame,
    }
}

#[test]
fn words_go_out_plain_under_what_they_answer() {
    let place = Place {
        chat: -100_500,
        thread: Some(4),
    };
    let frame = Frame {
        under: Some("12".into()),
        ..Frame::default()
    };
    let (method, params, _) = composed_in(place, &Content::framed("a <b>", frame));
    assert_eq!(method, "sendMessage");
    assert_eq!(
        params,
        json!({
            "chat_id": -100_500,
            "message_thread_id": 4,
            "text": "a <b>",
            "link_preview_options": {"is_disabled": true},
            "reply_parameters": {"message_id": 12, "allow_sending_without_reply": true},
        })
    );
}

#[test]
fn short_choices_stand_two_in_a_row() {
    let choice = |title: &str| Choice {
        title: title.into(),
        data: title.into(),
    };
    let rows = |titles: &[&str]| {
        let choices: Vec<_> = titles.iter().map(|title| choice(title)).collect();
        let rows = keyboard(&choices).unwrap().inline_keyboard;
        rows.iter().map(Vec::len).collect::<Vec<_>>()
    };
    assert_eq!(rows(&["Áudio", "Transcrição", "English"]), [2, 1]);
    assert_eq!(rows(&["Áudio", "Transcrição completa"]), [1, 1]);
    assert!(keyboard(&[]).is_none());
}

#[test]
fn an_edit_carries_the_keyboard_it_shall_have() {
    let frame = |choices| Frame {
        over: Some("9".into()),
        under: Some("1".into()),
        choices,
    };
    let (method, params, _) = composed(&Content::framed("x", frame(Vec::new())));
    assert_eq!(method, "editMessageText");
    assert_eq!(params["message_id"], 9);
    assert!(params.get("reply_markup").is_none() && params.get("reply_parameters").is_none());
    let choice = Choice {
        title: "T".into(),
        data: "d".into(),
    };
    let (_, params, _) = composed(&Content::framed("x", frame(vec![choice])));
    assert_eq!(
        params["reply_markup"]["inline_keyboard"],
        json!([[{"text": "T", "callback_data": "d"}]])
    );
}

#[test]
fn a_video_always_tells_its_size_and_length() {
    let shape = json!({"width": 720, "height": 1280, "duration": 9, "supports_streaming": true, "caption": "um < dois"});
    let has_shape = |value: &Value| {
        shape
            .as_object()
            .unwrap()
            .iter()
            .all(|(name, is)| value[name] == *is)
    };

    let (method, params, files) = composed(&video(Handed::Known("AgAD".into()), Frame::default()));
    assert_eq!(
        (method.as_str(), &params["video"], files.len()),
        ("sendVideo", &json!("AgAD"), 0)
    );
    assert!(has_shape(&params), "{params}");

    let file = LocalFile {
        thumbnail: Some("t.jpg".into()),
        ..local("v.mp4")
    };
    let (_, params, files) = composed(&video(Handed::Local(file.clone()), Frame::default()));
    let names = [("video", "video.mp4"), ("thumbnail", "thumbnail.jpg")];
    assert_eq!(
        files,
        names.map(|(field, name)| (field.to_owned(), name.to_owned()))
    );
    assert!(has_shape(&params), "{params}");

    let over = Frame {
        over: Some("3".into()),
        ..Frame::default()
    };
    let (method, params, files) = composed(&video(Handed::Local(file), over));
    assert_eq!(method, "editMessageMedia");
    let media = &params["media"];
    assert_eq!(
        (&media["type"], &media["media"]),
        (&json!("video"), &json!("attach://file"))
    );
    assert_eq!(media["thumbnail"], "attach://thumbnail");
    assert!(has_shape(media), "{params}");
    assert_eq!(files[0].0, "file", "not a parameter's name");
}

#[test]
fn each_kind_has_its_method_and_its_field() {
    for (kind, method, field) in [
        (FileKind::Image, "sendPhoto", "photo"),
        (FileKind::Animation, "sendAnimation", "animation"),
        (FileKind::Audio, "sendAudio", "audio"),
        (FileKind::Document, "sendDocument", "document"),
    ] {
        let content = Content::File {
            file: kind,
            attachment: Handed::Known("id".into()),
            caption: None,
            look: Look::default(),
            frame: Frame::default(),
        };
        let (called, params, _) = composed(&content);
        assert_eq!((called.as_str(), &params[field]), (method, &json!("id")));
    }
}

#[test]
fn several_pictures_are_an_album_and_one_is_a_photo() {
    let pictures = |attachments: Vec<Handed>, over: Option<&str>| Content::Pictures {
        attachments,
        frame: Frame {
            over: over.map(str::to_owned),
            ..Frame::default()
        },
    };
    let known = || Handed::Known("id".into());
    let (method, params, files) = composed(&pictures(
        vec![known(), Handed::Local(local("1.jpg"))],
        Some("5"),
    ));
    assert_eq!(method, "sendMediaGroup", "an album comes anew");
    assert_eq!(
        params["media"],
        json!([{"type": "photo", "media": "id"}, {"type": "photo", "media": "attach://picture1"}])
    );
    assert_eq!(files, [("picture1".to_owned(), "photo.jpg".to_owned())]);
    assert_eq!(composed(&pictures(vec![known()], None)).0, "sendPhoto");
    assert_eq!(
        composed(&pictures(vec![known()], Some("5"))).0,
        "editMessageMedia"
    );
    for wrong in [Vec::new(), (0..11).map(|_| known()).collect()] {
        assert!(draft(Path::new("/d"), PLACE, &pictures(wrong, None)).is_err());
    }
}

#[test]
fn files_stay_in_their_folder_and_names_are_harmless() {
    let content = video(
        Handed::Local(LocalFile {
            folder: "..".into(),
            ..local("v.mp4")
        }),
        Frame::default(),
    );
    assert_eq!(
        draft(Path::new("/d"), PLACE, &content).err().unwrap().code,
        "file_name"
    );
    for (name, shown) in [
        ("transcrição.txt", "transcrição.txt"),
        ("a\"b\r\nc/../d", "a_b__c_.._d"),
        ("...", "file"),
    ] {
        assert_eq!(shown_name(name), shown);
    }
}

#[test]
fn a_mirror_repeats_words_and_keyboard() {
    let choices = vec![Choice {
        title: "T".into(),
        data: "d".into(),
    }];
    let frame = Frame {
        choices,
        ..Frame::default()
    };
    let text = mirror(PLACE, 5, &Content::framed("x", frame.clone())).unwrap();
    assert_eq!(
        (text.method, &text.params["text"]),
        ("editMessageText", &json!("x"))
    );
    assert!(text.params.contains_key("reply_markup"));
    let file = mirror(PLACE, 5, &video(Handed::Known("id".into()), frame)).unwrap();
    assert_eq!(
        (file.method, &file.params["caption"]),
        ("editMessageCaption", &json!("um < dois"))
    );
    assert!(file.params.contains_key("reply_markup"));
}
