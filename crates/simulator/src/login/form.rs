//! What a log-in page is asked with, and what comes back from its form.

use std::collections::BTreeSet;

use crate::world::World;

/// Name and value pairs of a query or a form.
#[derive(Debug, Default)]
pub(super) struct Pairs(Vec<(String, String)>);

impl Pairs {
    pub(super) fn read(query: Option<&str>, body: &[u8]) -> Self {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for part in [query.unwrap_or_default().as_bytes(), body] {
            pairs.extend(url::form_urlencoded::parse(part).into_owned());
        }
        Self(pairs)
    }

    /// The last value of a name that is not empty: a form adds to its own address.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn all(&self, name: &str) -> BTreeSet<String> {
        self.0
            .iter()
            .filter(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.clone())
            .collect()
    }

    /// A list with commas or spaces between its items.
    pub(super) fn list(&self, name: &str) -> Option<BTreeSet<String>> {
        self.one(name).map(names)
    }
}

/// Scopes come with commas or spaces between them.
fn names(text: &str) -> BTreeSet<String> {
    text.split([',', ' '])
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// What both families' pages are asked with.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) redirect_uri: String,
    pub(super) scopes: BTreeSet<String>,
    pub(super) state: Option<String>,
    /// Whoever is logged in must say so again.
    pub(super) anew: bool,
}

impl Ask {
    /// Checks what both families check; the error is a sentence in Instagram's words, which name the parameter.
    pub(super) fn read(world: &World, pairs: &Pairs) -> Result<Self, String> {
        if pairs.one("client_id") != Some(world.options().app_id.as_str()) {
            return Err("Invalid platform app".into());
        }
        let redirect_uri = pairs
            .one("redirect_uri")
            .filter(|uri| world.lock().app.dashboard.leads_to(uri))
            .ok_or("Invalid redirect_uri")?;
        if pairs.one("response_type") != Some("code") {
            return Err("Invalid response_type".into());
        }
        Ok(Self {
            redirect_uri: redirect_uri.to_owned(),
            scopes: pairs.list("scope").unwrap_or_default(),
            state: pairs.one("state").map(str::to_owned),
            anew: pairs
                .one("force_reauth")
                .is_some_and(|value| matches!(value, "true" | "1"))
                || pairs.one("auth_type") == Some("reauthenticate"),
        })
    }

    /// The first scope that is none of `known`.
    pub(super) fn stranger(&self, known: &[&str]) -> Option<&str> {
        self.scopes
            .iter()
            .map(String::as_str)
            .find(|scope| !known.contains(scope))
    }

    pub(super) fn back(&self) -> Back {
        Back {
            joined: self.redirect_uri.contains('?'),
            address: self.redirect_uri.clone(),
        }
    }
}

/// The address to lead back to, letter by letter as it was registered, with what is added.
#[derive(Debug)]
pub(super) struct Back {
    address: String,
    joined: bool,
}

impl Back {
    pub(super) fn add(&mut self, name: &str, value: &str) {
        self.address.push(if self.joined { '&' } else { '?' });
        self.joined = true;
        let mut pair = url::form_urlencoded::Serializer::new(String::new());
        pair.append_pair(name, value);
        self.address.push_str(&pair.finish());
    }

    pub(super) fn done(self) -> String {
        self.address
    }
}

/// What somebody decided: by the form's button, or by `sim_decision` in the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Everything that was asked.
    All,
    /// What is named, and what cannot be left out.
    Part,
    Cancel,
}

impl Decision {
    pub(super) fn read(pairs: &Pairs) -> Option<Result<Self, String>> {
        let (name, word) = ["decision", "sim_decision"]
            .into_iter()
            .find_map(|name| pairs.one(name).map(|word| (name, word)))?;
        Some(match (name, word) {
            ("sim_decision", "allow") => Ok(Self::All),
            ("decision", "allow") | ("sim_decision", "partial") => Ok(Self::Part),
            (_, "deny" | "cancel") => Ok(Self::Cancel),
            _ => Err(format!("{name} is allow, deny or partial, not {word}")),
        })
    }

    /// The scopes that are granted of those that were asked. `always` cannot be left out.
    pub(super) fn granted(
        self,
        pairs: &Pairs,
        asked: &BTreeSet<String>,
        always: &[&str],
    ) -> BTreeSet<String> {
        let named: BTreeSet<String> = pairs
            .all("grant")
            .into_iter()
            .chain(pairs.list("sim_scopes").unwrap_or_default())
            .collect();
        asked
            .iter()
            .filter(|scope| {
                self == Self::All
                    || always.contains(&scope.as_str())
                    || named.contains(scope.as_str())
            })
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_wins_over_its_own_address() {
        let pairs = Pairs::read(
            Some("scope=a,b%20c&account=1&empty="),
            b"account=2&grant=a&grant=b",
        );
        assert_eq!(pairs.one("account"), Some("2"));
        assert_eq!(pairs.one("empty"), None);
        assert_eq!(pairs.all("grant").len(), 2);
        assert_eq!(pairs.list("scope").unwrap().len(), 3);
    }

    #[test]
    fn the_address_back_keeps_its_letters() {
        let ask = Ask {
            redirect_uri: "http://localhost/Back/?tenant=a%20b".into(),
            scopes: BTreeSet::new(),
            state: None,
            anew: false,
        };
        let mut back = ask.back();
        back.add("state", "x y&z");
        assert_eq!(
            back.done(),
            "http://localhost/Back/?tenant=a%20b&state=x+y%26z"
        );
    }
}
