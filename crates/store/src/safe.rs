//! The part of the store that opens with the master key only: tokens, and what a login keeps between two pages.
//!
//! Rows are sealed with keys of the table `seal_key`; those are sealed with a key made from the master key. So several
//! machines share them, and a rotation changes them while everything runs: the newest key seals, all of them open, and
//! one that seals no row any more is thrown away. Decision 0011 says why.

mod rotation;

use std::collections::HashMap;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use crate::accounts::{COLUMNS, account_row, joined};
use crate::db::{Result, Row, Tx, values};
use crate::error::StoreError;
use crate::seal::{OuterKey, Place, SealKey, key_of};
use crate::store::Store;
use crate::types::{AccountRow, FreshToken, LoginTurn, NewAccount};

/// A column that is sealed: table, column, and the column that says with which key.
struct Sealed {
    table: &'static str,
    column: &'static str,
    key_column: &'static str,
}

const TOKEN: Sealed = Sealed {
    table: "account",
    column: "token",
    key_column: "token_key",
};
const KEPT: Sealed = Sealed {
    table: "login_state",
    column: "kept",
    key_column: "kept_key",
};
/// Everything that a rotation has to seal anew.
const SEALED: [Sealed; 2] = [TOKEN, KEPT];

impl Sealed {
    fn place(&self, row: Uuid) -> Place {
        Place {
            table: self.table,
            row,
            column: self.column,
        }
    }
}

/// The keys that can be opened, by number, and the newest.
struct Ring {
    keys: HashMap<i64, SealKey>,
    newest: i64,
}

impl Ring {
    fn open(&self, place: &Place, sealed: &[u8]) -> Result<SecretString> {
        let key = key_of(sealed).and_then(|id| self.keys.get(&id));
        let Some(key) = key else {
            return Err(StoreError::Config(format!(
                "a secret in {}.{} is sealed with a key that this master key does not open; give the former one as \
                 master_key_before",
                place.table, place.column
            )));
        };
        let plain = key.open(place, sealed)?;
        let text =
            String::from_utf8(plain).map_err(|_| StoreError::corrupt("a secret is not text"))?;
        Ok(SecretString::from(text))
    }

    fn seal(&self, place: &Place, secret: &SecretString) -> Result<Vec<u8>> {
        let key = self
            .keys
            .get(&self.newest)
            .ok_or_else(|| StoreError::Config(NO_NEWEST.to_owned()))?;
        key.seal(self.newest, place, secret.expose_secret().as_bytes())
    }
}

const NO_NEWEST: &str = "the database's secrets are sealed with another master key: set the one that was used, or give \
                         it as master_key_before and run: gramophone secrets rotate";

/// Tokens and other secrets of the store. Clone it freely.
#[derive(Clone)]
pub struct Safe {
    store: Store,
    /// The first seals; the others only open.
    outer: Arc<[OuterKey]>,
}

impl std::fmt::Debug for Safe {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Safe").finish_non_exhaustive()
    }
}

impl Safe {
    /// The safe of a store. `before` are master keys that were used earlier.
    pub fn new(store: Store, master: &SecretString, before: &[SecretString]) -> Result<Self> {
        let outer: Result<Vec<OuterKey>> = std::iter::once(master)
            .chain(before)
            .map(OuterKey::of)
            .collect();
        Ok(Self {
            store,
            outer: outer?.into(),
        })
    }

    /// The store beside the secrets.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Connects an account, or changes the one that has its id.
    pub async fn connect(&self, account: NewAccount) -> Result<AccountRow> {
        let id = account.account.clone();
        let call = (Arc::clone(&self.outer), account);
        self.store
            .write(call, |tx, (outer, account)| {
                Box::pin(connect(tx, outer, account))
            })
            .await?;
        let row = self.store.linked_account(&id).await?;
        row.ok_or_else(|| StoreError::conflict("the account was removed meanwhile"))
    }

    /// Writes a fresh token, unless the one it was made from is no longer the stored one. False: it is not.
    pub async fn freshen(&self, account: &str, old_print: &str, token: FreshToken) -> Result<bool> {
        let call = (
            Arc::clone(&self.outer),
            account.to_owned(),
            old_print.to_owned(),
            token,
        );
        self.store
            .write(call, |tx, (outer, account, old_print, token)| {
                Box::pin(freshen(tx, outer, account, old_print, token))
            })
            .await
    }

    /// The token of each connected account, by its row; one that does not open carries its error.
    pub async fn tokens(&self) -> Result<Vec<(AccountRow, Result<SecretString>)>> {
        const TRIES: usize = 3;
        let mut tries = 0;
        loop {
            tries += 1;
            // Keys first: a rotation throws one away only when no row needs it.
            let ring = self.ring().await?;
            let sql = format!(
                "SELECT token, {COLUMNS} FROM account WHERE removed_at_ms IS NULL AND token IS NOT NULL ORDER BY id"
            );
            let rows = self.store.reader().all(&sql, Vec::new()).await?;
            let mut found = Vec::with_capacity(rows.len());
            let mut is_behind = false;
            for row in &rows {
                let sealed: Vec<u8> = row.get("token")?;
                let account = account_row(row)?;
                is_behind |= key_of(&sealed).is_some_and(|id| id > ring.newest);
                let token = ring.open(&TOKEN.place(account.id), &sealed);
                found.push((account, token));
            }
            if !is_behind || tries == TRIES {
                return Ok(found);
            }
        }
    }

    /// Lets a login go on, once, if `bound_to` is who began it.
    pub async fn take_login(&self, hash: &str, bound_to: &str) -> Result<LoginTurn> {
        let call = (
            Arc::clone(&self.outer),
            hash.to_owned(),
            bound_to.to_owned(),
        );
        self.store
            .write(call, |tx, (outer, hash, bound_to)| {
                Box::pin(take_login(tx, outer, hash, bound_to))
            })
            .await
    }

    /// Seals something to a login, for its next page: it goes on once more.
    pub async fn keep_with_login(&self, hash: &str, secret: SecretString) -> Result<()> {
        let call = (Arc::clone(&self.outer), hash.to_owned(), secret);
        self.store
            .write(call, |tx, (outer, hash, secret)| {
                Box::pin(async move {
                    let sql = "SELECT id FROM login_state WHERE state_hash = ?";
                    let row = tx.one(sql, values![hash.as_str()]).await?;
                    let row = row.ok_or_else(|| StoreError::conflict("there is no such login"))?;
                    let id: Uuid = row.get("id")?;
                    let ring = ring_for_writing(tx, outer).await?;
                    let sealed = ring.seal(&KEPT.place(id), secret)?;
                    let sql = "UPDATE login_state SET kept = ?, kept_key = ?, used_at_ms = NULL WHERE id = ?";
                    tx.exec(sql, values![sealed, ring.newest, id]).await?;
                    Ok(())
                })
            })
            .await
    }

    async fn ring(&self) -> Result<Ring> {
        let rows = self.store.reader().all(KEYS, Vec::new()).await?;
        ring_of(&rows, &self.outer)
    }
}

const KEYS: &str = "SELECT id, outer_key, sealed FROM seal_key ORDER BY id";

fn ring_of(rows: &[Row], outer: &[OuterKey]) -> Result<Ring> {
    let mut ring = Ring {
        keys: HashMap::new(),
        newest: 0,
    };
    for row in rows {
        let id: i64 = row.get("id")?;
        let name: String = row.get("outer_key")?;
        ring.newest = ring.newest.max(id);
        if let Some(outer) = outer.iter().find(|outer| outer.name == name) {
            let sealed: Vec<u8> = row.get("sealed")?;
            ring.keys.insert(id, outer.unwrap_key(id, &sealed)?);
        }
    }
    Ok(ring)
}

/// The keys, the rows locked: who throws one away waits until we have written.
async fn ring_in(tx: &Tx, outer: &[OuterKey]) -> Result<Ring> {
    let rows = tx
        .all(&format!("{KEYS}{}", tx.for_update()), Vec::new())
        .await?;
    ring_of(&rows, outer)
}

/// The same, with a first key if there is none.
async fn ring_for_writing(tx: &Tx, outer: &[OuterKey]) -> Result<Ring> {
    let ring = ring_in(tx, outer).await?;
    if ring.newest > 0 {
        return Ok(ring);
    }
    add_key(tx, outer, 1).await?;
    ring_in(tx, outer).await
}

async fn add_key(tx: &Tx, outer: &[OuterKey], id: i64) -> Result<i64> {
    let outer = outer
        .first()
        .ok_or_else(|| StoreError::Config("there is no master key".to_owned()))?;
    let sealed = outer.wrap(id, &SealKey::random())?;
    let row = values![id, outer.name.as_str(), sealed, tx.now_ms()];
    let columns = ["id", "outer_key", "sealed", "created_at_ms"];
    tx.insert_rows("seal_key", &columns, row).await?;
    Ok(id)
}

async fn connect(tx: &Tx, outer: &[OuterKey], account: &NewAccount) -> Result<()> {
    let sql = format!(
        "SELECT id, connected_at_ms, removed_at_ms FROM account WHERE account = ?{}",
        tx.for_update()
    );
    let now_ms = tx.now_ms();
    let known = tx.one(&sql, values![account.account.as_str()]).await?;
    let id = match &known {
        Some(row) => row.get("id")?,
        None => tx.new_id(),
    };
    let ring = ring_for_writing(tx, outer).await?;
    let sealed = ring.seal(&TOKEN.place(id), &account.token)?;
    let none: Option<i64> = None;
    let mut news = vec![
        ("account", account.account.as_str().into()),
        ("app_scoped_id", account.app_scoped_id.as_deref().into()),
        ("page_id", account.page_id.as_deref().into()),
        ("login", account.login.as_str().into()),
        ("username", account.username.as_deref().into()),
        ("name", account.name.as_deref().into()),
        ("account_type", account.account_type.as_deref().into()),
        ("origin", account.origin.as_str().into()),
        ("token", sealed.into()),
        ("token_key", ring.newest.into()),
        ("token_print", account.token_print.as_str().into()),
        ("settings_print", account.settings_print.as_deref().into()),
        ("issued_at_ms", account.issued_at_ms.into()),
        ("refreshed_at_ms", none.into()),
        ("expires_at_ms", account.expires_at_ms.into()),
        ("scopes", account.scopes.as_deref().map(joined).into()),
        ("verdict", account.verdict.as_str().into()),
        ("verdict_at_ms", now_ms.into()),
        ("removed_at_ms", none.into()),
        ("changed_at_ms", now_ms.into()),
    ];
    // What came before a disconnection is over: the account is connected from now on.
    let is_connected = match &known {
        Some(row) => row.get::<Option<i64>>("removed_at_ms")?.is_none(),
        None => false,
    };
    if !is_connected {
        news.push(("connected_at_ms", now_ms.into()));
    }
    // What a login does not say is known from before.
    let keep = [
        "app_scoped_id",
        "username",
        "name",
        "account_type",
        "settings_print",
    ];
    tx.change_or_insert("account", vec![("id", id.into())], news, &keep)
        .await
}

async fn freshen(
    tx: &Tx,
    outer: &[OuterKey],
    account: &str,
    old_print: &str,
    token: &FreshToken,
) -> Result<bool> {
    let sql = format!(
        "SELECT id FROM account WHERE account = ? AND token_print = ? AND removed_at_ms IS NULL{}",
        tx.for_update()
    );
    let Some(row) = tx.one(&sql, values![account, old_print]).await? else {
        return Ok(false);
    };
    let id: Uuid = row.get("id")?;
    let ring = ring_for_writing(tx, outer).await?;
    let sealed = ring.seal(&TOKEN.place(id), &token.token)?;
    let now_ms = tx.now_ms();
    let sql = "UPDATE account SET token = ?, token_key = ?, token_print = ?, issued_at_ms = ?, refreshed_at_ms = ?, \
               expires_at_ms = ?, changed_at_ms = ? WHERE id = ?";
    let values = values![
        sealed,
        ring.newest,
        token.token_print.as_str(),
        now_ms,
        now_ms,
        token.expires_at_ms,
        now_ms,
        id
    ];
    Ok(tx.exec(sql, values).await? == 1)
}

async fn take_login(tx: &Tx, outer: &[OuterKey], hash: &str, bound_to: &str) -> Result<LoginTurn> {
    // One statement decides, so that of two at once one alone goes on; and a stranger cannot spend it.
    let now_ms = tx.now_ms();
    let sql = "UPDATE login_state SET used_at_ms = ? \
               WHERE state_hash = ? AND bound_to = ? AND used_at_ms IS NULL AND expires_at_ms > ?";
    let took = tx
        .exec(sql, values![now_ms, hash, bound_to, now_ms])
        .await?;
    let sql = "SELECT id, login, bound_to, kept, expires_at_ms, used_at_ms FROM login_state \
               WHERE state_hash = ?";
    let Some(row) = tx.one(sql, values![hash]).await? else {
        return Ok(LoginTurn::Unknown);
    };
    if took == 1 {
        let id: Uuid = row.get("id")?;
        let kept = match row.get::<Option<Vec<u8>>>("kept")? {
            Some(sealed) => Some(ring_in(tx, outer).await?.open(&KEPT.place(id), &sealed)?),
            None => None,
        };
        let login = row.get("login")?;
        return Ok(LoginTurn::Yours { login, kept });
    }
    if row.get::<String>("bound_to")? != bound_to {
        return Ok(LoginTurn::Foreign);
    }
    if row.get::<Option<i64>>("used_at_ms")?.is_some() {
        return Ok(LoginTurn::Used);
    }
    Ok(LoginTurn::Expired)
}
