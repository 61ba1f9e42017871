//! What is a command and, above all, what is not.

use bot::command::{Command, Tap, menu, read};
use bot::texts::{Text, plain};
use media::Language::{self, En, Es, PtBr};
use proptest::prelude::*;
use uuid::Uuid;

/// Every row is read before the test speaks, so that one run shows all that is wrong.
fn check(expected: &Command, table: &str) {
    rows(sentences(table).map(|words| (words, Some(expected.clone()))));
}

/// A table is a text: sentences with bars between them, as many in a line as fit.
fn sentences(table: &str) -> impl Iterator<Item = &str> {
    let all = table.split(['|', '\n']).map(str::trim);
    all.filter(|sentence| !sentence.is_empty())
}

fn rows<'a>(rows: impl IntoIterator<Item = (&'a str, Option<Command>)>) {
    let rows: Vec<_> = rows.into_iter().collect();
    assert!(!rows.is_empty(), "a table without rows");
    let wrong: Vec<String> = rows
        .into_iter()
        .map(|(words, expected)| (words, expected, read(words)))
        .filter(|(_, expected, found)| found != expected)
        .map(|(words, expected, found)| format!("{words:?}: {found:?}, not {expected:?}"))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn find(query: &str) -> Command {
    Command::Find(query.to_owned())
}

#[test]
fn help() {
    check(
        &Command::Help,
        "
            /help | /HELP | /ajuda | /ayuda | /help@gramophone_bot | /help me please | ajuda
            Ajuda! | AJUDA | me ajuda | me ajuda aí, por favor | preciso de ajuda | quero ajuda
            como funciona? | Como funciona isso? | como vc funciona | como isso funciona?
            como eu uso isso? | o que você faz | O que é que você faz? | oi, o que vc faz?
            o que você sabe fazer? | pra que serve? | para que você serve? | quem é você?
            oi bot, ajuda 🙏 | help | Help! | help me | can you help me? | please help
            I need help | how does this work? | How do you work | how do I use this?
            how to use this bot | what can you do? | what do you do | who are you?
            what does this bot do? | ayuda | ¡Ayuda! | ayúdame | necesito ayuda
            ¿cómo funciona? | cómo funcionas | ¿cómo se usa esto? | qué puedes hacer
            ¿qué haces? | para qué sirves | hola, ¿quién eres? | menu | comandos | commands
        ",
    );
}

#[test]
fn stop() {
    check(
        &Command::Stop,
        "
            /stop | /parar | /baja | /Stop@gramophone_bot | parar | pare | Pare! | PARE.
            pare por favor | para de mandar | para de me mandar mensagem
            pare de enviar mensagens | parar de receber mensagens | não me mande mais nada
            nao manda mais mensagens | não quero mais receber mensagens | me deixa em paz
            descadastrar | você pode parar de mandar mensagens? | pode parar de me escrever
            stop | Stop! | please stop | stop please | unsubscribe | opt out | stop messaging me
            stop sending me messages | don't message me anymore | do not write to me again
            leave me alone | can you stop messaging me? | baja | Baja. | dar de baja
            quiero darme de baja | deja de escribirme | para de mandarme mensajes
            no me escribas más | no quiero más mensajes | no quiero recibir más mensajes
            déjame en paz | ¿puedes dejar de mandarme mensajes?
        ",
    );
}

#[test]
fn start() {
    check(
        &Command::Start,
        "
            /start | /start abc123_-payload | /START | /iniciar | /volver | começar | comecar
            Começar! | voltar | volta | pode voltar | quero voltar | vamos começar
            voltar a receber mensagens | start | Start | start again | come back | get started
            let's start | volver | vuelve | empezar | comenzar
        ",
    );
}

#[test]
fn forget() {
    check(
        &Command::Forget,
        "
            /forget | /forget me | /forget_me | /esquecer | /esqueca de mim | /olvidar
            /olvídame | esqueça de mim | esqueca de mim | Esquece de mim, por favor
            apaga meus dados | apague os meus dados | apagar todos os meus dados
            deleta meus dados pessoais | exclua minha conta | apaga tudo o que você sabe de mim
            apaga tudo que vc tem sobre mim | pode apagar meus dados? | forget me | Forget me.
            please forget me | delete my data | delete all my data | erase my account
            delete everything about me | forget everything you know about me
            can you delete my data? | olvídame | olvidate de mí | borra mis datos
            borrar todos mis datos | elimina mi cuenta | borra todo lo que sabes de mí
            ¿puedes borrar mis datos?
        ",
    );
}

#[test]
fn language() {
    let to = |language| Command::Language(Some(language));
    check(
        &to(PtBr),
        "
            /idioma pt | /idioma português | /language pt-BR | /lang portuguese
            idioma português | fale em português | fala português? | pode falar em português?
            português | quero falar português | me responde em português
            mudar idioma para português | em português, por favor | prefiro português
            Portuguese please | speak portuguese | habla portugués | idioma pt
        ",
    );
    check(
        &to(En),
        "
            /idioma en | /idioma inglês | /language English | /lang en-GB | idioma inglês
            idioma: inglês | fala inglês comigo | muda pra inglês | em inglês
            in english please | In English, please. | english | English please | speak english
            do you speak English? | can you speak english? | language english | language: en
            switch to english | change the language to English | answer me in english
            I prefer English | cambiar idioma a inglés | háblame en inglés
        ",
    );
    check(
        &to(Es),
        "
            /idioma es | /language español | /idioma ES | idioma espanhol | en español
            en español por favor | español | habla español | ¿hablas español? | idioma español
            cambia el idioma a español | puedes hablar en español? | responde en español
            castellano | spanish please | fale espanhol | prefiero en español
        ",
    );
    check(
        &Command::Language(None),
        "
            /idioma | /language | /lang klingon | /idioma français | idioma | mudar idioma
            trocar o idioma | language | change language | change my language | cambiar idioma
            cambiar de idioma | speak french | fala francês? | em alemão por favor
            summary in Italian | what languages do you speak? | quais idiomas você fala?
        ",
    );
}

#[test]
fn quota() {
    check(
        &Command::Quota,
        "
            /cota | /limite | /quota | /cuota | cota | minha cota | meu limite
            qual é o meu limite? | qual o limite diário? | quantos faltam | Quantos faltam hoje?
            quantos ainda tenho? | quantos vídeos eu ainda posso mandar hoje? | quantos restam
            quantos me restam? | quantos posso mandar? | my quota | quota | limit
            what's my quota? | what is my limit | how many left? | how many do I have left?
            how many reels do I have left today | how many more can I send? | show me my quota
            cuánto me queda | ¿cuántos me quedan? | cuántos videos me quedan hoy | mi cuota
            mi límite | ¿cuál es mi límite? | cuántos más puedo mandar?
        ",
    );
}

#[test]
fn history() {
    check(
        &Command::History,
        "
            /historico | /histórico | /history | /historial | histórico | historico
            meu histórico | ver meu histórico | me mostra o histórico | meus vídeos
            meus últimos vídeos | últimos reels | os últimos vídeos que mandei
            o que eu já mandei? | minhas últimas publicações | history | my history
            show me my history | last reels | my videos | my last reels | recent videos
            what have I sent you? | what did I send? | search history | historial | mi historial
            mis videos | mis últimos reels | los últimos videos | muestra mi historial
            ¿qué te mandé?
        ",
    );
}

#[test]
fn find_says_what_is_looked_for() {
    let table = [
        ("/find sourdough", "sourdough"),
        ("/find", ""),
        ("/FIND the one about sourdough", "sourdough"),
        ("/buscar massa mãe", "massa mãe"),
        ("/buscar el de la masa madre", "masa madre"),
        ("/find@gramophone_bot bread", "bread"),
        ("/procurar receita de bolo, por favor", "receita de bolo"),
        ("find the one about sourdough", "sourdough"),
        ("Find the one about sourdough, please.", "sourdough"),
        ("can you find the one about sourdough?", "sourdough"),
        ("find me the reel about sourdough bread", "sourdough bread"),
        ("find that video with the blue car", "blue car"),
        ("find the one where she talks about knees", "knees"),
        ("find the video that mentions taxes", "taxes"),
        ("find sourdough", "sourdough"),
        ("find Sourdough & Salt", "Sourdough & Salt"),
        ("search for bread", "bread"),
        ("search in my videos for bread", "bread"),
        ("look for the one on tax returns", "tax returns"),
        ("I'm looking for the reel about Rome", "Rome"),
        ("where is the one about sourdough?", "sourdough"),
        ("find “slow bread”", "slow bread"),
        ("find bread, butter & jam!", "bread, butter & jam"),
        ("find @padeiro", "@padeiro"),
        ("find #pao", "#pao"),
        ("find", ""),
        ("find the one", ""),
        ("search", ""),
        (
            "acha aquele do pão de fermentação natural",
            "pão de fermentação natural",
        ),
        ("acha aquele vídeo do pão", "pão"),
        ("acha o do pão pra mim", "pão"),
        ("acha aquela receita de bolo", "receita de bolo"),
        ("pode achar aquele sobre a Amazônia?", "Amazônia"),
        ("procura receita de bolo", "receita de bolo"),
        ("procure por favor a receita de bolo", "receita de bolo"),
        ("procura pra mim o vídeo que fala de joelho", "joelho"),
        ("procura aquele que ela explica como fazer pão", "fazer pão"),
        ("busca nos meus vídeos imposto de renda", "imposto de renda"),
        ("buscar bolo de cenoura", "bolo de cenoura"),
        ("encontra o vídeo sobre vulcões", "vulcões"),
        ("procuro o vídeo do vulcão", "vulcão"),
        ("estou procurando aquele do vulcão", "vulcão"),
        ("cadê aquele que fala de vulcão?", "vulcão"),
        ("acha aquele do pão?", "pão"),
        ("procura", ""),
        ("busca el de la masa madre", "masa madre"),
        ("búscame el video de la masa madre", "masa madre"),
        ("busca el reel sobre los volcanes, por favor", "volcanes"),
        ("encuentra el que habla de volcanes", "volcanes"),
        ("¿puedes buscar el de los volcanes?", "volcanes"),
        ("busca en mis videos masa madre", "masa madre"),
        ("buscar volcanes", "volcanes"),
        ("buscar", ""),
    ];
    rows(table.map(|(words, query)| (words, Some(find(query)))));
}

#[test]
fn more_of_the_last_one() {
    check(
        &Command::Transcript,
        "
            /transcript | /transcricao | /transcrição | /transcripción | transcrição
            transcrição completa | a transcrição desse vídeo | quero a transcrição
            me manda a transcrição | transcreve | transcreve isso | transcreve o áudio
            texto completo | o texto inteiro | legendas | transcript | full transcript please
            the transcript of this | send me the full transcript | transcribe it | subtitles
            word for word | srt | transcripción | la transcripción completa
            dame la transcripción | transcríbelo | todo el texto | subtítulos
        ",
    );
    check(
        &Command::Audio,
        "
            /audio | /áudio | áudio | só o áudio | so o audio | só áudio por favor
            somente o áudio | quero só o áudio | me manda o áudio | mp3 | audio only
            only the audio | just the audio please | send me the audio | I want the audio
            solo el audio | solo audio | mándame el audio | quiero solo el audio
        ",
    );
    let to = |language| Command::Other(Some(language));
    check(
        &to(En),
        "
            /translate en | resumo em inglês | o resumo em inglês, por favor
            pode fazer o resumo em inglês? | traduz para inglês | traduz isso pro inglês
            summary in english | the summary in English please | I want the summary in English
            translate to english | translate it into English | english summary
            resumen en inglés | traduce al inglés | lo mismo en inglés | o mesmo em inglês
        ",
    );
    check(
        &to(PtBr),
        "
            resumo em português | translate to portuguese | summary in Portuguese
            traduce al portugués
        ",
    );
    check(
        &to(Es),
        "
            resumo em espanhol | resumen en español | translate this into Spanish
            resúmelo en español
        ",
    );
    check(
        &Command::Other(None),
        "
            /translate | /traduzir | traduz | traduzir | translate | translate this
            traduce esto | em outro idioma | resumo em outra língua | in another language
            summary in the other language | en otro idioma
        ",
    );
    check(
        &Command::TryAgain,
        "
            /retry | /again | tenta de novo | tente novamente | Tentar de novo | tenta outra vez
            tenta mais uma vez | de novo | mais uma vez | manda de novo | repete
            pode tentar de novo? | try again | Try again! | please try again | try it again
            can you try again? | again | retry | one more time | otra vez | inténtalo de nuevo
            intenta otra vez | de nuevo | ¿puedes intentar de nuevo?
        ",
    );
}

/// Sentences about something else that hold such a word, and words that could mean something else.
const TALK: &[&str] = &[
    // Greetings and thanks.
    "
        ? | 👍 | ... | kkkkkk | oi | hi | hola | bom dia | por favor | please | bot | ok
        obrigado | thanks | valeu demais | sim | não | yes | no
    ",
    // Stop and its neighbours.
    "
        para | para! | Para!! | para mim | para você | para agora | para com isso | ah para
        para tudo! | stop motion | stop motion video | stop motion é demais | stop it
        stop it haha | can't stop watching this | don't stop me now | stop the war | non stop
        stop? | parar? | pare 😂 | stop 🤣 | pare o carro | pare e pense | parar de fumar
        como parar de fumar | quero parar | quero parar de fumar | I want to stop | stop smoking
        não para de chover | deja de fumar | deja de llorar | baja el volumen | baja el video
        ella es baja | para de chorar | não mande isso pra ele | cancel | cancelar | sair
        salir | basta | alto | /stop motion | /stopmotion | /parar de fumar | #stop
        stop, in the name of love
    ",
    // Forget and its neighbours.
    "
        forget | forget it | forget me not | forget me? | don't forget me | never forget me
        I forgot | don't forget to like | esquece | esquece isso | me esquece
        não esquece de mim | não esqueça de mim | esqueça de mim? | esqueci de mim
        apagar meus dados? | como apago meus dados? | apaga isso | apaga tudo | apaga a luz
        meus dados | delete | delete this | delete it | how do I delete my data?
        delete my history | he said forget me | delete my data 😂 | olvida | olvídalo
        no me olvides | olvídame? | borra eso | borra todo | /forget it | /esquecer o passado
    ",
    // Start.
    "
        start of a new era | começar do zero é difícil | voltar pra casa | volta pra mim, amor
        come back home | quero voltar no tempo
    ",
    // Language.
    "
        eu falo inglês | ela fala inglês muito bem | english breakfast | aula de inglês
        learn english fast | in english class | I am learning Spanish | curso de espanhol | es
        en | pt | brasileiro é assim | idioma difícil | body language | love language
        es verdad | do you speak english with him
    ",
    // Quota.
    "
        limite da paciência | no limit | quantos anos você tem | quantos anos ele tem?
        quanto falta? | falta muito? | quantos ovos vão na receita? | how many eggs
        how many people are there? | cuánto cuesta? | qual o limite do cartão
    ",
    // History.
    "
        história | history of Rome | natural history | meus filhos | my video is better
        últimos dias | historia del arte | que história linda | last video was great
        my stories
    ",
    // Find.
    "
        você acha? | acha que ele tem razão? | acha isso certo? | acha bom? | você acha que sim
        acha o cara bonito? | acha o do meio melhor? | acha | eu acho | find out more
        find it hard to believe | I find this funny | find this useful? | find me on instagram
        find your purpose | find yourself | encontre sua paz | encuentra tu camino
        procura-se cachorro | quem procura acha | cadê? | cadê o vídeo? | cadê meu vídeo?
        cadê o resumo? | where is my video? | where is it | where is the video?
        onde está o vídeo? | busco trabajo en Madrid | procuro emprego | finding nemo
        looking for a job | ¿dónde está el video? | encontra isso
        find a way to tell him that I really do not want to go there tomorrow or ever again
    ",
    // More of the last one.
    "
        esse áudio está ruim | que áudio horrível | audio ruim | the audio is bad | good audio
        resumo | resumen | summary | faz um resumo | faz o resumo desse | resumo da novela
        o resumo ficou ótimo | summary of the book | tradução ruim | texto lindo | legenda
        transcrição errada | again and again | never again | outra vez isso? | de novo isso?
        otra vez lo mismo | tenta entender | try this | try it at home | repete comigo
        de novo não
    ",
    // Help.
    "
        ajuda muito | ajuda a compartilhar | help me choose a dress | help the whales
        como funciona o motor a diesel? | how does a diesel engine work? | socorro | socorro kkk
        o que é isso? | what is this? | que es esto? | who is she? | o que ele faz?
        o que ela disse? | como ele funciona? | menu do dia | self help | como | como?
        como você | what does it do? | how does that work? | para que serve isso?
        do message me | message me | para mandar mensagens | para enviar vídeos | não mande
        delete data | que pedido! | brasileiro | let's go | inglês é difícil | I found an error
        cómo funciona un volcán
    ",
    // Not ours.
    "
        / | // | /xyz | /settings | / help | ajuda/help | gramophone records are great
    ",
];

#[test]
fn talk_is_not_a_command() {
    let talk = TALK.iter().flat_map(|group| sentences(group));
    rows(talk.chain(["", " ", "\n"]).map(|words| (words, None)));
}

#[test]
fn long_messages_are_talk() {
    assert_eq!(read(&"help ".repeat(50)), None);
    assert_eq!(read(&format!("find {}", "á".repeat(250))), None);
    assert_eq!(read(&format!("/find {}", "a ".repeat(2_000))), None);
    assert_eq!(read("find bread\nand then I went home"), None);
}

/// Telephones write accents in two ways, and with signs nobody sees around them.
#[test]
fn accents_are_optional_in_every_spelling() {
    let spellings = [
        "histórico",
        "histo\u{301}rico",
        "HISTÓRICO",
        "historico",
        "  histórico \n",
        "histórico!!!",
    ];
    rows(spellings.map(|words| (words, Some(Command::History))));
    check(
        &Command::Forget,
        "
            esquec\u{327}a de mim | ESQUEÇA DE MIM
        ",
    );
}

#[test]
fn the_menus_are_commands() {
    for language in Language::ALL {
        let menu = menu(language);
        for (name, text) in menu {
            let expected = match text {
                Text::CommandHelp => Command::Help,
                Text::CommandFind => find(""),
                Text::CommandHistory => Command::History,
                Text::CommandQuota => Command::Quota,
                Text::CommandLanguage => Command::Language(None),
                Text::CommandStart => Command::Start,
                Text::CommandStop => Command::Stop,
                Text::CommandForget => Command::Forget,
                other => panic!("{other:?} is not in the list of commands"),
            };
            assert_eq!(
                read(&format!("/{name}")),
                Some(expected),
                "{language}: {name}"
            );
            assert!(
                name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
                "{name}"
            );
        }
        let names: std::collections::BTreeSet<_> = menu.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), menu.len());
    }
}

/// Somebody may type what a button says, or a messenger may send its title alone.
#[test]
fn the_titles_of_choices_are_commands() {
    for language in Language::ALL {
        for (text, expected) in [
            (Text::ChoiceTranscript, Command::Transcript),
            (Text::ChoiceAudio, Command::Audio),
            (Text::ChoiceTryAgain, Command::TryAgain),
            (Text::ChoiceHelp, Command::Help),
            (Text::ChoiceQuota, Command::Quota),
            (Text::ChoiceHistory, Command::History),
            (Text::ChoiceLanguage, Command::Language(None)),
            (Text::ChoiceStart, Command::Start),
            (Text::ChoiceStop, Command::Stop),
            (Text::ChoiceForget, Command::Forget),
            (Text::LanguagePortuguese, Command::Language(Some(PtBr))),
            (Text::LanguageEnglish, Command::Language(Some(En))),
            (Text::LanguageSpanish, Command::Language(Some(Es))),
            (Text::ChoiceFind, find("")),
            (Text::FirstFind, find("")),
            (Text::FirstHow, Command::Help),
            (Text::FirstHistory, Command::History),
            (Text::FirstQuota, Command::Quota),
        ] {
            let title = plain(language, text);
            assert_eq!(read(&title), Some(expected), "{title}");
        }
    }
}

fn taps() -> Vec<Tap> {
    let id = Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    let mut taps = vec![
        Tap::Transcript(id),
        Tap::Audio(Uuid::nil()),
        Tap::TryAgain(Uuid::max()),
    ];
    let commands = [
        Command::Help,
        Command::Start,
        Command::Stop,
        Command::Quota,
        Command::History,
        find(""),
        Command::Forget,
        Command::Transcript,
        Command::Audio,
        Command::TryAgain,
        Command::Language(None),
        Command::Other(None),
    ];
    taps.extend(commands.map(Tap::Command));
    for language in Language::ALL {
        taps.push(Tap::InLanguage(id, language));
        taps.push(Tap::Command(Command::Language(Some(language))));
        taps.push(Tap::Command(Command::Other(Some(language))));
    }
    taps
}

#[test]
fn taps_survive_the_way_to_the_button_and_back() {
    let mut all = std::collections::BTreeSet::new();
    for tap in taps() {
        let data = tap.data();
        assert!(data.len() <= 64 && data.is_ascii(), "{data}");
        assert_eq!(Tap::parse(&data), Some(tap), "{data}");
        assert!(all.insert(data.clone()), "{data} stands for two things");
        assert_eq!(read(&data), None, "{data} is no sentence");
    }
    assert_eq!(
        Tap::InLanguage(Uuid::nil(), En).data(),
        "l:00000000000000000000000000000000:en"
    );
    assert_eq!(Tap::Command(find("bread")).data(), "c:find");
}

#[test]
fn foreign_data_is_nothing() {
    let id = "0123456789abcdef0123456789abcdef";
    for data in [
        "",
        ":",
        "t",
        "t:",
        "c:",
        "c:unknown",
        "c:help:en",
        "c:find:en",
        "c:find:bread",
        "c:language:fr",
        "c:language:",
        "C:help",
        "help",
        "t:123",
        "t:0123456789ABCDEF0123456789ABCDEF",
        "t:01234567-89ab-cdef-0123-456789abcdef",
        "GET_STARTED",
        "t:0123456789abcdef0123456789abcdeg",
        "é:ü",
    ] {
        assert_eq!(Tap::parse(data), None, "{data:?}");
    }
    for data in [
        format!("x:{id}"),
        format!("l:{id}"),
        format!("l:{id}:fr"),
        format!("t:{id}:en"),
        format!("l:{id}:en:"),
        format!(" t:{id}"),
        format!("t:{{{id}}}"),
    ] {
        assert_eq!(Tap::parse(&data), None, "{data:?}");
    }
}

proptest! {
    #[test]
    fn nothing_that_is_written_or_tapped_breaks_the_reading(words in "\\PC{0,80}", command in "/?[a-zà-ú@_ :?]{0,40}") {
        for text in [&words, &command] {
            if let Some(Command::Find(query)) = read(text) {
                prop_assert!(text.contains(&query) || text.split_whitespace().count() > 1);
            }
            if let Some(tap) = Tap::parse(text) {
                prop_assert_eq!(&tap.data(), text);
            }
        }
    }
}
