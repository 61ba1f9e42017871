//! Everything that goes wrong with a login or a token, each in a sentence with the one next step, in both languages of
//! our pages. One row a failure; Meta's codes and, where it has none, its words choose the row.
//!
//! Longer than 400 lines, since a row is two sentences in two languages and its test stands beside it.

use graph_api::error::{CallError, ErrorKind, GraphError, Reaction};

/// How an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Calls go well.
    Fine,
    /// Nobody has asked Meta yet.
    Unchecked,
    /// The token ends soon and could not be refreshed.
    Expiring,
    /// The token has ended.
    Expired,
    /// The owner or Meta took the token back.
    Revoked,
    /// Meta wants the owner to prove who they are.
    Checkpoint,
    /// Whoever logged in has no role, or not the right one.
    NoRole,
    /// The token is of the other login, or lacks what we need.
    WrongScopeFamily,
    /// A personal account.
    NotProfessional,
}

const VERDICTS: [(Verdict, &str); 9] = [
    (Verdict::Fine, "fine"),
    (Verdict::Unchecked, "unchecked"),
    (Verdict::Expiring, "expiring"),
    (Verdict::Expired, "expired"),
    (Verdict::Revoked, "revoked"),
    (Verdict::Checkpoint, "checkpoint"),
    (Verdict::NoRole, "no_role"),
    (Verdict::WrongScopeFamily, "wrong_scope_family"),
    (Verdict::NotProfessional, "not_professional"),
];

impl Verdict {
    pub(crate) fn as_str(self) -> &'static str {
        let row = VERDICTS.iter().find(|(verdict, _)| *verdict == self);
        row.map_or("unchecked", |(_, word)| word)
    }

    pub(crate) fn parse(word: &str) -> Self {
        let row = VERDICTS.iter().find(|(_, known)| *known == word);
        row.map_or(Self::Unchecked, |(verdict, _)| *verdict)
    }

    /// Whether the account can be used as it is.
    pub(crate) fn is_usable(self) -> bool {
        matches!(self, Self::Fine | Self::Unchecked | Self::Expiring)
    }
}

/// A known failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Its word, stable.
    pub(crate) code: &'static str,
    /// What it makes of the account.
    pub(crate) verdict: Verdict,
    /// What happened and what to do, in English.
    pub(crate) english: (&'static str, &'static str),
    /// The same in Portuguese.
    pub(crate) portuguese: (&'static str, &'static str),
}

macro_rules! failures {
    ($($name:ident = $code:literal, $verdict:ident,
        $says:literal, $next:literal,
        $diz:literal, $faz:literal;)*) => {
        $(pub(crate) const $name: Failure = Failure {
            code: $code,
            verdict: Verdict::$verdict,
            english: ($says, $next),
            portuguese: ($diz, $faz),
        };)*
        /// Every row.
        #[cfg(test)]
        pub(crate) const ALL: &[Failure] = &[$($name),*];
    };
}

failures! {
    CANCELLED = "login_cancelled", Unchecked,
        "The login was cancelled at Meta.", "Open the login link again and allow access.",
        "O login foi cancelado na Meta.", "Abra o link de login de novo e permita o acesso.";
    STATE_UNKNOWN = "state_unknown", Unchecked,
        "This login was not begun here.", "Ask for a new login link and finish in the same browser.",
        "Este login não começou aqui.", "Peça um link de login novo e termine no mesmo navegador.";
    STATE_USED = "state_used", Unchecked,
        "This login was already finished.", "Nothing to do if the account is listed; else ask for a new login link.",
        "Este login já foi concluído.", "Se a conta está na lista, não falta nada; senão, peça um link novo.";
    STATE_EXPIRED = "state_expired", Unchecked,
        "The login took longer than ten minutes.", "Ask for a new login link.",
        "O login demorou mais de dez minutos.", "Peça um link de login novo.";
    STATE_FOREIGN = "state_foreign", Unchecked,
        "This login was begun in another browser, or with another key.",
        "Finish it where it was begun, or ask for a new login link.",
        "Este login começou em outro navegador ou com outra chave.",
        "Termine onde começou, ou peça um link de login novo.";
    CODE_MISSING = "code_missing", Unchecked,
        "Meta sent nobody's code along.", "Open the login link again.",
        "A Meta não mandou o código do login.", "Abra o link de login de novo.";
    CODE_USED = "code_used", Unchecked,
        "This code was already exchanged; Meta takes each one once.", "Ask for a new login link.",
        "Este código já foi usado; a Meta aceita cada um só uma vez.", "Peça um link de login novo.";
    CODE_EXPIRED = "code_expired", Unchecked,
        "The code was older than an hour.", "Ask for a new login link.",
        "O código tinha mais de uma hora.", "Peça um link de login novo.";
    REDIRECT_MISMATCH = "redirect_mismatch", Unchecked,
        "The redirect address is not the one registered at Meta.",
        "Copy instagram.redirect_uri into Meta's dashboard letter by letter, slash at the end included.",
        "O endereço de retorno não é o que está registrado na Meta.",
        "Copie instagram.redirect_uri para o painel da Meta letra por letra, com a barra do fim.";
    APP_UNKNOWN = "app_unknown", Unchecked,
        "Meta does not know this app id.",
        "Set INSTAGRAM_APP_ID to the id shown beside this login in Meta's dashboard: the Instagram app and the Meta app have different ones.",
        "A Meta não conhece este id de app.",
        "Preencha INSTAGRAM_APP_ID com o id que o painel da Meta mostra para este login: o app do Instagram e o da Meta têm ids diferentes.";
    SECRET_WRONG = "app_secret_wrong", Unchecked,
        "The app secret does not belong to this app id.",
        "Set INSTAGRAM_APP_SECRET to the secret shown beside that id, without quotes or spaces.",
        "O segredo do app não é deste id de app.",
        "Preencha INSTAGRAM_APP_SECRET com o segredo mostrado ao lado desse id, sem aspas nem espaços.";
    APP_UNSET = "app_unset", Unchecked,
        "No Meta app is set up here, so nobody can log in.",
        "Set INSTAGRAM_APP_ID and INSTAGRAM_APP_SECRET and restart.",
        "Nenhum app da Meta está configurado aqui, então ninguém consegue entrar.",
        "Preencha INSTAGRAM_APP_ID e INSTAGRAM_APP_SECRET e reinicie.";
    SCOPES_MISSING = "scopes_missing", WrongScopeFamily,
        "The login left out a permission that is needed.",
        "Connect the account again and leave every permission ticked.",
        "O login deixou de fora uma permissão necessária.",
        "Conecte a conta de novo e deixe todas as permissões marcadas.";
    WRONG_FAMILY = "wrong_scope_family", WrongScopeFamily,
        "The token belongs to the other of Meta's two logins.",
        "Connect the account again with the right login: ?login=instagram or ?login=facebook.",
        "O token é do outro login da Meta.",
        "Conecte a conta de novo pelo login certo: ?login=instagram ou ?login=facebook.";
    NO_PAGE = "no_page", NoRole,
        "The login shares no Facebook Page with us.",
        "Connect again and tick the Page that is linked to the Instagram account.",
        "O login não compartilhou nenhuma Página do Facebook.",
        "Conecte de novo e marque a Página ligada à conta do Instagram.";
    PAGE_WITHOUT_ACCOUNT = "page_without_account", NoRole,
        "None of the shared Pages has an Instagram professional account.",
        "Link the account to the Page in the Page's settings (Linked accounts), then connect again.",
        "Nenhuma das Páginas tem uma conta profissional do Instagram.",
        "Ligue a conta à Página nas configurações dela (Contas vinculadas) e conecte de novo.";
    PAGE_ROLE = "page_role_missing", NoRole,
        "Whoever logged in may not act for this Page.",
        "Have an administrator of the Page give full control, then connect again.",
        "Quem entrou não pode agir por esta Página.",
        "Peça controle total a quem administra a Página e conecte de novo.";
    APP_ROLE = "app_role_missing", NoRole,
        "The app is in development mode and this account has no role on it.",
        "Add the account as a tester in Meta's dashboard and accept the invitation in Instagram, or make the app live.",
        "O app está em desenvolvimento e esta conta não tem papel nele.",
        "Adicione a conta como testadora no painel da Meta e aceite o convite no Instagram, ou publique o app.";
    NOT_PROFESSIONAL = "not_professional", NotProfessional,
        "This is a personal account; Meta's API is for professional ones.",
        "Switch it to a business or creator account in the Instagram app, then connect again.",
        "Esta conta é pessoal; a API da Meta é só para contas profissionais.",
        "Mude para conta comercial ou de criador no app do Instagram e conecte de novo.";
    EXPIRED = "token_expired", Expired,
        "The account's access ended.", "Connect the account again.",
        "O acesso à conta venceu.", "Conecte a conta de novo.";
    PASSWORD_CHANGED = "password_changed", Revoked,
        "The password was changed, which ends every access.", "Connect the account again.",
        "A senha foi trocada, e isso encerra todos os acessos.", "Conecte a conta de novo.";
    APP_REMOVED = "app_removed", Revoked,
        "The owner removed this app in Instagram's settings.", "Ask the owner, then connect the account again.",
        "O dono da conta removeu este app nas configurações do Instagram.", "Fale com o dono e conecte a conta de novo.";
    REVOKED = "token_revoked", Revoked,
        "Meta no longer accepts the account's access.", "Connect the account again.",
        "A Meta não aceita mais o acesso desta conta.", "Conecte a conta de novo.";
    CHECKPOINT = "checkpoint", Checkpoint,
        "Instagram wants the owner to confirm that it is them.",
        "Open the Instagram app, confirm there, then connect the account again.",
        "O Instagram quer que o dono da conta confirme quem é.",
        "Abra o app do Instagram, confirme lá e conecte a conta de novo.";
    LINK_BROKEN = "page_link_broken", NoRole,
        "The link between the account and its Page is broken.",
        "Link them again in the Page's settings, then connect the account again.",
        "A ligação entre a conta e a Página se desfez.",
        "Ligue as duas de novo nas configurações da Página e conecte a conta de novo.";
    EXPIRING = "token_expiring", Expiring,
        "The account's access ends within a week, and it could not be refreshed.",
        "Connect the account again before then.",
        "O acesso à conta vence em menos de uma semana e não deu para renovar.",
        "Conecte a conta de novo antes disso.";
    OTHER_ACCOUNT = "other_account", Unchecked,
        "The login was for another account than the link.",
        "Log in to Instagram as the account that the link names, then open the link again.",
        "O login foi de outra conta, não a do link.",
        "Entre no Instagram com a conta do link e abra o link de novo.";
    AWAY = "meta_away", Unchecked,
        "Meta did not answer.", "Try again in a minute.",
        "A Meta não respondeu.", "Tente de novo em um minuto.";
    CUT_OFF = "login_cut_off", Unchecked,
        "Meta stopped answering while the login was being finished.", "Ask for a new login link and log in again.",
        "A Meta parou de responder enquanto o login era concluído.", "Peça um link de login novo e entre de novo.";
    THROTTLED = "meta_throttled", Unchecked,
        "Meta takes no more calls from this app for now.", "Begin the login again in an hour.",
        "A Meta não aceita mais chamadas deste app por enquanto.", "Comece o login de novo daqui a uma hora.";
    UNCLEAR = "meta_refused", Unchecked,
        "Meta refused, without a reason that we know.",
        "Look for the app's alerts in Meta's dashboard, then try again.",
        "A Meta recusou, sem um motivo conhecido.",
        "Veja os alertas do app no painel da Meta e tente de novo.";
}

/// What a call that failed says about a login or an account.
pub(crate) fn of(error: &CallError) -> Failure {
    match error.graph() {
        Some(graph) => of_graph(graph),
        None => AWAY,
    }
}

fn of_graph(error: &GraphError) -> Failure {
    if let Some(token) = of_token(error.code, error.subcode) {
        return token;
    }
    match (error.code, error.subcode) {
        (100, Some(36_007)) => return CODE_EXPIRED,
        (100, Some(36_008)) => return REDIRECT_MISMATCH,
        (100, Some(36_009)) => return CODE_USED,
        (101, _) => return APP_UNKNOWN,
        _ => {}
    }
    if let Some(known) = of_words(&error.message) {
        return known;
    }
    match error.kind {
        ErrorKind::LinkBroken => return LINK_BROKEN,
        ErrorKind::NeedsAdvancedAccess => return APP_ROLE,
        ErrorKind::Permission => return SCOPES_MISSING,
        _ => {}
    }
    match error.reaction() {
        Reaction::Throttled { .. } => THROTTLED,
        Reaction::RetryLater { .. } | Reaction::Reconcile => AWAY,
        _ => UNCLEAR,
    }
}

/// Codes that speak of the token itself. A retired metric or a wrong parameter is none of them: it must never look like
/// a lost connection. <https://developers.facebook.com/docs/graph-api/guides/error-handling> (read 2026-11-22)
pub(crate) fn of_token(code: i64, subcode: Option<i64>) -> Option<Failure> {
    Some(match (code, subcode) {
        (190, Some(458)) => APP_REMOVED,
        (190, Some(459 | 464)) => CHECKPOINT,
        (190, Some(460)) => PASSWORD_CHANGED,
        (190, Some(463)) | (102, _) => EXPIRED,
        (190, Some(492)) => PAGE_ROLE,
        (190, _) => REVOKED,
        (10, Some(2_534_077)) | (100, Some(2_534_013)) => LINK_BROKEN,
        _ => return None,
    })
}

/// The login hosts give no code for what they refuse, only words; the newest ones that are known, longest first.
const WORDS: &[(&str, Failure)] = &[
    ("already used", CODE_USED),
    ("has been used", CODE_USED),
    ("redirect_uri", REDIRECT_MISMATCH),
    ("redirect uri", REDIRECT_MISMATCH),
    ("client secret", SECRET_WRONG),
    ("client_secret", SECRET_WRONG),
    ("invalid platform app", APP_UNKNOWN),
    ("validating application", APP_UNKNOWN),
    ("client_id", APP_UNKNOWN),
    ("invalid scope", WRONG_FAMILY),
    ("developer role", APP_ROLE),
    ("personal account", NOT_PROFESSIONAL),
    ("not a business", NOT_PROFESSIONAL),
    ("code has expired", CODE_EXPIRED),
    ("cannot parse access token", WRONG_FAMILY),
    ("invalid oauth access token", REVOKED),
];

/// What Meta's redirect says instead of a code; none: it brings one.
/// <https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow#cancelation> (read 2026-11-22)
pub(crate) fn of_redirect(words: &[Option<&str>]) -> Option<Failure> {
    let words: Vec<&str> = words.iter().copied().flatten().collect();
    if words.is_empty() {
        return None;
    }
    if words
        .iter()
        .any(|word| ["access_denied", "user_denied"].contains(word))
    {
        return Some(CANCELLED);
    }
    let said = words.join(" ");
    let known = of_words(&said).or_else(|| of_words(&said.replace('_', " ")));
    Some(known.unwrap_or(UNCLEAR))
}

fn of_words(message: &str) -> Option<Failure> {
    let message = message.to_lowercase();
    let row = WORDS.iter().find(|(words, _)| message.contains(words));
    row.map(|(_, failure)| *failure)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use graph_api::error::classify;

    use super::*;

    fn graph(code: i64, subcode: Option<i64>, message: &str) -> CallError {
        CallError::Graph(Box::new(GraphError {
            code,
            subcode,
            kind: classify(code, subcode),
            message: message.to_owned(),
            is_transient: false,
            fbtrace_id: None,
            status: 400,
            retry_after: None,
        }))
    }

    #[track_caller]
    fn check(code: i64, subcode: Option<i64>, message: &str, expected: Failure) {
        let found = of(&graph(code, subcode, message));
        assert_eq!(found.code, expected.code, "{code} {subcode:?} {message}");
    }

    #[test]
    fn every_row_says_what_happened_and_one_thing_to_do() {
        let codes: HashSet<&str> = ALL.iter().map(|row| row.code).collect();
        assert_eq!(codes.len(), ALL.len(), "a code stands twice");
        for row in ALL {
            for (says, next) in [row.english, row.portuguese] {
                assert!(
                    says.ends_with('.') && says.len() > 15,
                    "{}: {says}",
                    row.code
                );
                assert!(
                    next.ends_with('.') && next.len() > 15,
                    "{}: {next}",
                    row.code
                );
                assert!(!says.contains('!') && !next.contains('!'), "{}", row.code);
            }
            assert_eq!(Verdict::parse(row.verdict.as_str()), row.verdict);
        }
    }

    #[test]
    fn tokens_that_are_no_good_say_why() {
        check(190, Some(458), "", APP_REMOVED);
        check(190, Some(459), "", CHECKPOINT);
        check(190, Some(464), "", CHECKPOINT);
        check(190, Some(460), "", PASSWORD_CHANGED);
        check(190, Some(463), "", EXPIRED);
        check(102, None, "", EXPIRED);
        check(190, Some(467), "", REVOKED);
        check(190, None, "", REVOKED);
        check(190, Some(492), "", PAGE_ROLE);
        check(10, Some(2_534_077), "", LINK_BROKEN);
        check(100, Some(2_534_013), "", LINK_BROKEN);
    }

    #[test]
    fn refusals_without_a_code_are_known_by_their_words() {
        for (words, failure) in [
            ("Matching code was not found or was already used", CODE_USED),
            ("This authorization code has been used.", CODE_USED),
            ("This authorization code has expired.", CODE_EXPIRED),
            (
                "Error validating verification code. Please make sure your redirect_uri is identical to the one you used",
                REDIRECT_MISMATCH,
            ),
            ("Error validating client secret.", SECRET_WRONG),
            ("Invalid platform app", APP_UNKNOWN),
            (
                "Error validating application. Cannot get application info",
                APP_UNKNOWN,
            ),
            ("You must provide a client_id", APP_UNKNOWN),
            ("Invalid scope: ['instagram_basic']", WRONG_FAMILY),
            (
                "Invalid OAuth access token - Cannot parse access token",
                WRONG_FAMILY,
            ),
            ("Insufficient Developer Role", APP_ROLE),
            ("This is a personal account", NOT_PROFESSIONAL),
            ("Something else", UNCLEAR),
        ] {
            check(400, None, words, failure);
        }
    }

    #[test]
    fn a_redirect_without_a_code_says_why() {
        for (words, failure) in [
            (vec![Some("access_denied"), Some("user_denied")], CANCELLED),
            (vec![Some("invalid_scope"), None], WRONG_FAMILY),
            (
                vec![None, Some("100"), Some("Invalid Scopes: instagram_basic")],
                WRONG_FAMILY,
            ),
            (vec![None, Some("Insufficient Developer Role")], APP_ROLE),
            (vec![Some("server_error"), Some("Oops")], UNCLEAR),
        ] {
            assert_eq!(of_redirect(&words).unwrap().code, failure.code, "{words:?}");
        }
        assert!(of_redirect(&[None, None]).is_none());
    }

    #[test]
    fn what_says_nothing_of_the_token_is_no_lost_connection() {
        check(
            100,
            None,
            "(#100) metric[0] must be one of the following values",
            UNCLEAR,
        );
        assert!(of_token(100, None).is_none());
        assert!(of_token(4, None).is_none());
        check(4, None, "", THROTTLED);
        check(2, None, "", AWAY);
        check(10, None, "", SCOPES_MISSING);
        check(200, None, "", APP_ROLE);
        assert_eq!(of(&CallError::Lost(String::new())).code, AWAY.code);
    }
}
