//! The sentences that are commands, in three languages; how they are written is said in `pattern`.
//!
//! Only what means the command when it is all that somebody writes. Left out on purpose: "para" and
//! "para!" (a preposition, and in Brazil a laugh), "cancel" (which one?), "me esquece" (leave me
//! alone, not erase me), "quanto falta?" (how long yet?), "o que é isso?" (about the video).

use media::Language;

use super::Command;

type Make = fn(Option<Language>) -> Command;

const HELP: Make = |_| Command::Help;
const START: Make = |_| Command::Start;
const STOP: Make = |_| Command::Stop;
const QUOTA: Make = |_| Command::Quota;
const HISTORY: Make = |_| Command::History;
const FIND: Make = |_| Command::Find(String::new());
const FORGET: Make = |_| Command::Forget;
const TRANSCRIPT: Make = |_| Command::Transcript;
const AUDIO: Make = |_| Command::Audio;
const AGAIN: Make = |_| Command::TryAgain;

/// Names behind a slash.
pub(super) const SLASHES: &[(Make, &str)] = &[
    (HELP, "help ajuda ayuda menu comandos commands"),
    (
        START,
        "start iniciar comecar empezar comenzar voltar volver",
    ),
    (STOP, "stop parar pare baja unsubscribe"),
    (Command::Language, "language lang idioma lingua lengua"),
    (QUOTA, "quota limit cota limite cuota"),
    (HISTORY, "history historico historial"),
    (FIND, "find search buscar busca procurar procura"),
    (FORGET, "forget forgetme esquecer esqueca olvidar olvidame"),
    (TRANSCRIPT, "transcript transcricao transcripcion"),
    (AUDIO, "audio"),
    (Command::Other, "translate traduzir traducir"),
    (AGAIN, "retry again tentar repetir reintentar"),
];

/// What may follow `/forget`.
pub(super) const FORGETS_WHOM: &str = "de|about? mim|me|mi";

/// Openings without meaning.
pub(super) const LEADS: &[&str] = &[
    "oi|ola|opa|hi|hello|hey|hola|ok|okay|bot|gramophone|gramofone|please|pls|plz|pfv|porfa|porfavor",
    "por favor",
    "bom|boa|good|buenos|buenas dia|tarde|noite|morning|evening|dias|tardes|noches",
];
/// Openings that make a question a request.
pub(super) const REQUESTS: &[&str] = &[
    "voce|vc|tu? pode|podes|poderia|consegue|consegues me?",
    "da|daria pra|para",
    "can|could|would|will you|u please?",
    "me? puedes|podrias|puede|podria",
];
/// Openings that say that somebody wants something.
pub(super) const WISHES: &[&str] = &[
    "eu? quero|queria|gostaria|preciso de? ver|ter|ouvir|saber|falar? o|a|os|as|do|da|uma|um?",
    "i? want|need|would|id like? to? see|get|have|know|hear? the|a|an|some?",
    "yo? quiero|quisiera|necesito ver|tener|oir|saber? el|la|los|las|una|un?",
    "me? manda|mande|mostra|mostre|envia|envie|passa|diz|diga me? o|a|os|as?",
    "me da|de|ve o|a|os|as|uma|um?",
    "send|give|show|tell|get me? the|a?",
    "mandame|muestrame|dame|enviame|dime|pasame el|la|los|las?",
];
/// Endings without meaning.
pub(super) const TRAILS: &[&str] = &[
    "please|pls|plz|bot|gramophone|gramofone|thanks|thx|ty|obrigado|obrigada|obg|valeu|vlw|gracias",
    "now|agora|ahora|ai|aqui|here|porfa|porfavor|pfv|ok",
    "por favor",
    "pra|para|for mim|mi|me",
    "thank you",
    "muito|muchas obrigado|obrigada|gracias",
];

/// Whole messages.
pub(super) const PHRASES: &[(Make, &[&str])] = &[
    (HELP, HELPS),
    (STOP, STOPS),
    (FORGET, FORGETS),
    (START, STARTS),
    (QUOTA, QUOTAS),
    (HISTORY, HISTORIES),
    (Command::Other, OTHERS),
    (Command::Language, LANGUAGES),
    (TRANSCRIPT, TRANSCRIPTS),
    (AUDIO, AUDIOS),
    (AGAIN, AGAINS),
];

const HELPS: &[&str] = &[
    "ajuda|help|ayuda|menu|comandos|commands|instrucoes|instructions|instrucciones",
    "me? ajuda|ajude|ajudar",
    "help me",
    "ayudame|ajudame",
    "preciso|necesito|need de? ajuda|ayuda|help",
    "como isso|isto|voce|vc|tu|esse|este|o|el? bot|gramophone? funciona|funcionas",
    "como funciona isso|isto|esto|voce|vc|o|el? bot|gramophone?",
    "como eu? uso|usa|usar voce|vc|isso|isto|esto|o|el? bot?",
    "como se usa esto|isso?",
    "como te|lo uso",
    "o? que e? que? voce|vc|tu faz|fazes|sabe|consegue|pode fazer?",
    "que haces|sabes|puedes hacer?",
    "pra|para que voce|vc? serve|serves|sirve|sirves",
    "quem e voce|vc",
    "quien eres",
    "how does|do this|it|you|the bot|gramophone? work",
    "how this|it works",
    "how do|can|to i? use this|it|you|the? bot?",
    "what can|do you do",
    "what can|does this|the bot do",
    "who|what are you",
];

const STOPS: &[&str] = &[
    "stop|stopall|unsubscribe|optout|parar|pare|baja|descadastrar|descadastra|desinscrever",
    "opt out",
    "stop|quit sending|messaging|texting|writing|contacting|spamming to? me? messages|stuff|these|videos|anything? anymore?",
    "dont send|message|text|write|contact to? me messages|anything? again|anymore|more?",
    "do not send|message|text|write|contact to? me messages|anything? again|anymore|more?",
    "leave me alone",
    "no more messages",
    "unsubscribe|remove me from this|the|your? list?",
    "para|pare|parar de me? mandar|enviar|escrever|mandarme|enviarme|escribirme|responder coisas|mensagens|mensagem|mensajes|videos|isso|nada? mais?",
    "parar de receber mensagens|isso?",
    "nao me mande|manda|envie|envia|escreva|escreve mais mensagens|nada?",
    "nao me mande|manda|envie|envia|escreva|escreve mensagens|nada mais?",
    "nao mande|manda|envie|envia mais mensagens|nada",
    "nao quero mais? receber mais? mensagens|nada mais?",
    "me deixa|deixe em paz",
    "dejame en paz",
    "dar|darme|dame|date|quiero darme? de? baja",
    "deja|deje|dejar de mandar|mandarme|enviar|enviarme|escribir|escribirme mensajes|cosas?",
    "no me mandes|envies|escribas mas? mensajes|nada? mas?",
    "no quiero recibir? mas mensajes",
    "cancelar|cancela a|mi|la|minha? inscricao|assinatura|suscripcion",
    "cancel my|the? subscription",
];

const FORGETS: &[&str] = &[
    "forget me",
    "forget everything|all about me",
    "forget everything|all you know about me",
    "delete|erase|remove|wipe all? of? my personal? data|info|information",
    "delete|erase|remove|wipe all? the? data|info|information you? have? about|of|on me",
    "delete|erase|remove my account",
    "delete|erase|remove|wipe everything|all about|of|on me",
    "delete|erase|remove|wipe everything|all you know|have about|of|on me",
    "esqueca|esquece|esquecer de mim",
    "esqueca|esquece tudo sobre mim",
    "apaga|apague|apagar|deleta|delete|deletar|exclui|exclua|excluir|elimina|elimine|eliminar|remova|remove|remover todos|todas? os|as? meus|minhas|minha dados|informacoes|conta pessoais?",
    "apaga|apague|apagar|deleta|delete|deletar|exclui|exclua|excluir tudo que|o? que? voce|vc? tem|sabe? sobre|de mim",
    "apaga|apague|apagar|deleta|delete|deletar|exclui|exclua|excluir tudo o? que|q voce|vc tem|sabe meu|de|sobre mim?",
    "olvidame",
    "olvidate|olvida de|a mi",
    "olvida|borra|elimina todo lo? que? sabes|tienes? sobre|de mi",
    "borra|borre|borrar|elimina|elimine|eliminar|suprime|suprimir todos|todas|toda? mis|mi datos|informacion|cuenta personales|personal?",
];

const STARTS: &[&str] = &[
    "start|unstop|restart|subscribe|resubscribe|comecar|comeca|iniciar|voltar|volta|empezar|empieza|comenzar|volver|vuelve|reativar|reactivar",
    "start|begin over|again",
    "come back",
    "get started",
    "lets start",
    "pode|podes|quero|quiero|puedes voltar|volver|comecar|empezar",
    "voltar|volver a receber|recibir|escrever|escribir mensagens|mensajes?",
    "comecar|comeca|empezar|empieza de novo|nuevo",
    "comecar|comeca|empezar|empieza otra|outra vez",
    "vamos comecar",
];

const QUOTAS: &[&str] = &[
    "minha|meu|mi|my|a|o|la|el|the? cota|quota|cuota|limite|limit do|de|for|of? hoje|hoy|today|dia|day?",
    "qual|cual|whats|what e|es|is? a|o|la|el|the? minha|meu|mi|my|seu|tu|your? cota|quota|cuota|limite|limit diario|diaria|daily?",
    "quantos|quantas videos|reels|resumos|links|pedidos? me? ainda|eu? eu|ainda? faltam|restam|sobram|sobraram|tenho hoje|ainda? hoje?",
    "quantos|quantas videos|reels|resumos|links|pedidos? ainda? eu? ainda? posso mandar|enviar|pedir|usar? ainda? hoje?",
    "cuantos|cuantas|cuanto videos|reels|resumenes|enlaces|links? me? queda|quedan|restan hoy?",
    "cuantos|cuantas videos|reels|resumenes|enlaces|links? mas? todavia? puedo mandar|enviar|pedir|usar? todavia? hoy?",
    "how many|much more? reels|videos|summaries|links? do|have|are? i|there? have|got|is|are? left for? today?",
    "how many more? reels|videos|summaries|links? can i still? send|ask|have|use|do still? for? today?",
    "how many more reels|videos|summaries|links? today?",
    "how much is? left",
];

const HISTORIES: &[&str] = &[
    "meu|o|my|the|mi|el? historico|history|historial dos|de|of|my|meus? videos|reels?",
    "ver|veja|mostra|mostre|mostrar|muestra|mostrar|show|see|list|listar|lista|search me? meu|o|my|the|mi|el? historico|history|historial",
    "meus|minhas|my|mis ultimos|ultimas|last|latest|recent|past|previous? videos|reels|pedidos|links|resumos|posts|requests|summaries|enlaces|resumenes|publicacoes",
    "os|the|los|my? ultimos|ultimas|last|latest|recent|past|previous videos|reels|pedidos|links|resumos|posts|requests|summaries|enlaces|resumenes que|i? mandei|enviei|mande|envie|sent?",
    "lista|listar|ver|mostra|mostre|mostrar|muestra|list|show os|the|los? meus|minhas|my|mis ultimos|ultimas|last|latest|recent|past|previous? videos|reels|pedidos|links|resumos|posts|requests|summaries|enlaces|resumenes",
    "o? que e? que? eu? ja? te? mandei|enviei|pedi",
    "que te? mande|envie|pedi",
    "que te? he mandado|enviado|pedido",
    "what did|have i send|sent|ask|asked for|to? you?",
];

const OTHERS: &[&str] = &[
    "faz|faca|fazer|haz|hazme|make? me? o|the|el|a|um|un|meu|my|mi? ultimo|last? resumo|resumen|summary do|of|del? this|it|ultimo|last? one? em|en|in|para|to|into|pro|al|no o|the? LANG",
    "resumo|resumen|summary LANG",
    "LANG summary",
    "resume|resuma|resumir|resumelo|resumeme|summarize|summarise|summary it|this|that|isso|esse|este|esto|lo|o? ultimo|last? em|en|in|to LANG",
    "the|o|el|a|la|lo? same|mesmo|mesma|mismo thing|coisa|one|cosa|resumo|summary? in|em|en LANG",
    "translate|translation|traduz|traduza|traduzir|traduce|traducir|traducelo|traduzca|traducao|traduccion it|this|that|isso|esse|este|eso|esto|ultimo? o|a|the|el|la? ultimo|last? resumo|summary|resumen|one? para|pra|pro|to|into|in|em|al|a|en|ao o|the? LANG",
    "translate|traduz|traduza|traduzir|traduce|traducir|traducelo it|this|that|isso|esse|este|eso|esto? o|a|the|el|la? ultimo|last? resumo|summary|resumen|one?",
    "o|the|el|a? resumo|resumen|summary? in|em|en? the|o|a|el|la? other|another|outro|outra|otro|otra language|idioma|lingua|lengua",
];

const LANGUAGES: &[&str] = &[
    "idioma|idiomas|lingua|language|languages|lang|lengua",
    "muda|mude|mudar|troca|troque|trocar|altera|altere|alterar|escolher|change|switch|set|choose|cambia|cambie|cambiar|elegir o|a|de|the|my|el|la|meu|mi? idioma|lingua|language|lang|lengua",
    "muda|mude|mudar|troca|troque|trocar|change|switch|set|cambia|cambie|cambiar o|a|de|the|my|el|la|meu|mi? idioma|lingua|language|lang|lengua para|pra|pro|to|a|al|por|em|en o|el? LANG|CODE|FOREIGN",
    "muda|mude|mudar|troca|troque|trocar|change|switch|cambia|cambie|cambiar para|pra|pro|to|a|al o|el? LANG|FOREIGN",
    "idioma|lingua|language|lang|lengua e|is|em|en|in|to|para|pra? LANG|CODE|FOREIGN",
    "LANG language|idioma?",
    "em|en|in LANG|FOREIGN",
    "portugues brasileiro",
    "portugues do brasil",
    "brazilian portuguese",
    "do|voce|vc|tu|usted|me? you|voce|vc|me? fala|fale|falar|falas|habla|hable|hablas|hablar|hablame|hablemos|speak|talk|write|answer|reply|respond|responde|responda|respondeme|escreve|escreva|escribe|escribeme to? me|us|comigo|conmigo? em|en|in? o? LANG|FOREIGN comigo|conmigo?",
    "i|eu|yo? prefer|prefiro|prefiero em|en|in? o|el? LANG|FOREIGN",
    "resumo|resumen|summary|translate|traduz|traduzir|traduce|traducir it|this|isso|esto? em|en|in|to|into|para|pra|pro|al o? FOREIGN",
    "que|quais|cuales|what|which idiomas|linguas|languages do|can|voce|vc? you? fala|falas|hablas|speak|know|conhece|conoces?",
];

const TRANSCRIPTS: &[&str] = &[
    "a|the|la|o|el? full|complete|whole|entire? transcript|transcription|transcricao|transcripcion completa|inteira|toda|entera? do|da|de|desse|deste|of|for|del|from? this|that|the|it|ultimo|last|este|ese? video|reel|one|ultimo|last? one?",
    "ver transcricao|transcripcion",
    "transcreve|transcreva|transcrever|transcribe|transcribir|transcribelo|transcribeme isso|it|this|that|esse|este|eso|esto|o|the|el|tudo|todo? video|reel|audio|one?",
    "o|el? texto completo|inteiro|entero|todo",
    "the? full|whole|complete|entire text",
    "todo el|o texto",
    "as|the|los? legendas|subtitles|subtitulos",
    "srt",
    "palavra|palabra|word por|for palavra|palabra|word",
];

const AUDIOS: &[&str] = &[
    "audio|mp3",
    "so|somente|apenas|only|just|solo|solamente o|a|the|el? audio|mp3|som",
    "o|the|el audio only|so|solo|apenas? do|of|del|desse? video|reel|this|it?",
    "audio only|apenas|solo",
];

const AGAINS: &[&str] = &[
    "tenta|tente|tentar|faz|faca|manda|mande esse|isso|ele|la? de novo",
    "tenta|tente|tentar|faz|faca|manda|mande esse|isso|ele? novamente",
    "tenta|tente|tentar|faz|faca|manda|mande esse|isso|ele? outra|mais uma? vez",
    "de novo|nuevo",
    "outra|otra|mais uma? vez",
    "novamente|nuevamente|again|retry|reintentar|reintenta|repete|repetir|repita|repeat|repite|repitelo",
    "tentar|intentar de nuevo|novo",
    "try|do it|this|that|the? last? one? again",
    "retry it|this|that|the? last? one?",
    "try? it|that? one more time",
    "try? it|that? once more",
    "intenta|intente|intentalo|prueba|hazlo|intentar de nuevo",
    "intenta|intente|intentalo|prueba|hazlo|intentar otra vez",
    "intenta|intente|intentalo|prueba|hazlo|intentar nuevamente",
];

#[cfg(test)]
mod tests {
    use super::super::words::fold;
    use super::*;

    /// A pattern with an accent or with nothing it insists on would never match, or always.
    #[test]
    fn each_pattern_is_well_written() {
        let phrases = PHRASES.iter().flat_map(|(_, patterns)| patterns.iter());
        for pattern in phrases
            .chain(LEADS)
            .chain(REQUESTS)
            .chain(WISHES)
            .chain(TRAILS)
        {
            let mut insists = false;
            for part in pattern.split(' ') {
                insists |= !part.ends_with('?');
                let choices = part.strip_suffix('?').unwrap_or(part);
                for choice in choices.split('|') {
                    let is_slot = matches!(choice, "LANG" | "CODE" | "FOREIGN");
                    let is_word = !choice.is_empty()
                        && choice.chars().all(char::is_alphanumeric)
                        && fold(choice) == choice;
                    assert!(is_slot || is_word, "{choice:?} in {pattern:?}");
                }
            }
            assert!(insists, "{pattern:?}");
        }
    }

    #[test]
    fn no_name_stands_for_two_commands() {
        let mut names: Vec<&str> = SLASHES.iter().flat_map(|(_, n)| n.split(' ')).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
