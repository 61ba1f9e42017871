//! What an answer says of the message that was shown or changed.

use serde_json::Value;

use crate::channel::Sent;

/// A message as an answer tells it, as far as we look at it. Read leniently: a message that was accepted must not become
/// one of unknown fate because of a detail.
fn shown(message: &Value) -> Option<(i32, Option<String>)> {
    let mid = i32::try_from(message.get("message_id")?.as_i64()?).ok()?;
    let id = |file: &Value| Some(file.get("file_id")?.as_str()?.to_owned());
    let kinds = [
        "animation",
        "video",
        "audio",
        "document",
        "voice",
        "video_note",
    ];
    let file = kinds.iter().find_map(|kind| id(message.get(*kind)?));
    // The last size of a photo is the largest.
    let photo = || id(message.get("photo")?.as_array()?.last()?);
    Some((mid, file.or_else(photo)))
}

/// The message (for an album: its first) that an answer tells, and the files in it.
pub(super) fn sent(answer: &Value) -> Option<(i32, Sent)> {
    let messages = answer
        .as_array()
        .map_or(std::slice::from_ref(answer), Vec::as_slice);
    let shown: Vec<_> = messages.iter().map(shown).collect::<Option<_>>()?;
    let mid = shown.first()?.0;
    let last = shown.iter().map(|(mid, _)| *mid).max()?;
    let files = shown.into_iter().filter_map(|(_, file)| file).collect();
    Some((
        last,
        Sent {
            mid: mid.to_string(),
            files,
        },
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_names_the_message_and_its_files() {
        let animation =
            json!({"message_id": 5, "animation": {"file_id": "A"}, "document": {"file_id": "D"}});
        assert_eq!(
            sent(&animation).unwrap(),
            (
                5,
                Sent {
                    mid: "5".into(),
                    files: vec!["A".into()]
                }
            )
        );
        let photo = |mid: i32| json!({"message_id": mid, "photo": [{"file_id": "s"}, {"file_id": format!("L{mid}")}]});
        let (newest, album) = sent(&json!([photo(6), photo(7)])).unwrap();
        assert_eq!((newest, album.mid.as_str()), (7, "6"));
        assert_eq!(album.files, ["L6", "L7"]);
        for none in [
            json!({}),
            json!([]),
            json!(true),
            json!({"message_id": "x"}),
        ] {
            assert!(sent(&none).is_none(), "{none}");
        }
    }
}
