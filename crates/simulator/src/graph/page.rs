//! Pages of a list. A cursor names the item it stands behind by its place, not by its number, so that
//! it goes on working when items are deleted or added.

use serde_json::{Value, json};

use super::Host;
use super::call::Call;
use super::error::GraphError;
use super::fields::Field;
use crate::world::World;

/// Where an item stands: its time, and its id among those of the same moment.
pub(super) type Place<'a> = (i64, &'a str);

/// What part of a list is asked for.
#[derive(Debug, Clone)]
pub(super) struct Window {
    pub(super) limit: usize,
    pub(super) after: Option<(i64, String)>,
}

impl Window {
    /// From `.limit(n).after(c)` of an expanded field.
    pub(super) fn of_field(field: &Field, default: usize, most: usize) -> Result<Self, GraphError> {
        Self::new(field.limit, field.after.as_deref(), default, most)
    }

    /// From the arguments of a call of its own.
    pub(super) fn of_call(call: &Call, default: usize, most: usize) -> Result<Self, GraphError> {
        let limit = call.params.text("limit").and_then(|text| text.parse().ok());
        Self::new(limit, call.params.text("after").as_deref(), default, most)
    }

    fn new(
        limit: Option<usize>,
        after: Option<&str>,
        default: usize,
        most: usize,
    ) -> Result<Self, GraphError> {
        let after = after.filter(|text| !text.is_empty()).map(read);
        Ok(Self {
            limit: limit.unwrap_or(default).clamp(1, most),
            after: after.transpose()?,
        })
    }
}

/// The items of a page and whether others follow. `newest` says which way the list runs.
pub(super) fn cut<'a, T>(
    items: Vec<&'a T>,
    window: &Window,
    place: impl Fn(&'a T) -> Place<'a>,
    newest: bool,
) -> (Vec<&'a T>, bool) {
    let behind = |item: &'a T| match &window.after {
        None => true,
        Some((at_ms, id)) => {
            let (mine, after) = (place(item), (*at_ms, id.as_str()));
            if newest { mine < after } else { mine > after }
        }
    };
    let mut rest = items.into_iter().filter(|item| behind(item));
    let page: Vec<&T> = rest.by_ref().take(window.limit).collect();
    let more = rest.next().is_some();
    (page, more)
}

/// `{data, paging}`; an empty page has no `paging`.
pub(super) fn answer(
    data: &[Value],
    ends: Option<(Place<'_>, Place<'_>)>,
    next: Option<String>,
) -> Value {
    let mut answer = json!({"data": data});
    if let Some((first, last)) = ends {
        answer["paging"] = json!({"cursors": {"before": write(first), "after": write(last)}});
        if let Some(next) = next {
            answer["paging"]["next"] = next.into();
        }
    }
    answer
}

/// The address of the next page as Meta gives it: with the token in it.
pub(super) fn next_url(world: &World, call: &Call, path: &str, last: (i64, &str)) -> String {
    let host = match call.host {
        Host::Facebook => "graph.facebook.com",
        Host::Instagram => "graph.instagram.com",
    };
    let version = call
        .version
        .as_deref()
        .unwrap_or(&world.options().graph_version);
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for name in ["fields", "limit"] {
        if let Some(value) = call.params.text(name) {
            query.append_pair(name, &value);
        }
    }
    query.append_pair("access_token", call.token.as_deref().unwrap_or_default());
    query.append_pair("after", &write(last));
    let query = query.finish();
    format!("{}/{host}/{version}/{path}?{query}", world.base_url())
}

pub(super) fn write(place: (i64, &str)) -> String {
    format!("QVFI{}", hex::encode(format!("{}:{}", place.0, place.1)))
}

fn read(cursor: &str) -> Result<(i64, String), GraphError> {
    let wrong = || GraphError::argument("Invalid cursor");
    let bytes = cursor
        .strip_prefix("QVFI")
        .and_then(|rest| hex::decode(rest).ok())
        .ok_or_else(wrong)?;
    let text = String::from_utf8(bytes).map_err(|_| wrong())?;
    let (at_ms, id) = text.split_once(':').ok_or_else(wrong)?;
    Ok((at_ms.parse().map_err(|_| wrong())?, id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_item_it_names() {
        let items: Vec<(i64, String)> = (1..=5).rev().map(|n| (n, format!("c{n}"))).collect();
        let place = |item: &'_ (i64, String)| -> i64 { item.0 };
        let mut window = Window::new(Some(2), None, 25, 50).unwrap();
        let (page, more) = cut(items.iter().collect(), &window, |i| (i.0, &i.1), true);
        assert_eq!(
            (page.iter().map(|i| place(i)).collect::<Vec<_>>(), more),
            (vec![5, 4], true)
        );
        window = Window::new(Some(2), Some(&write((4, "c4"))), 25, 50).unwrap();
        let left: Vec<_> = items.iter().filter(|item| item.0 != 4).collect();
        let (page, more) = cut(left, &window, |i| (i.0, &i.1), true);
        assert_eq!(
            (page.iter().map(|i| place(i)).collect::<Vec<_>>(), more),
            (vec![3, 2], true)
        );
        assert!(Window::new(None, Some("nonsense"), 25, 50).is_err());
    }
}
